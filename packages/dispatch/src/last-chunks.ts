import { CHUNK_MAX_BYTES } from '@sweepboard/contracts'
import type { Lane } from './fit.ts'
import type { FleetTable } from './fleet-table.ts'
import type { Work } from './forest.ts'
import type { Shares } from './spread.ts'

/** Of the largest chunk, at four bytes a token. */
const CHUNK_TOKENS = CHUNK_MAX_BYTES / 4
/** Seconds in which a slot learns of its next lane, and in which those of a shared lane learn that they are to go on. */
const CHANGE_SECONDS = 1
export const SHARED_SECONDS = 3
/** What half a chunk is taken to be at most, in seconds: on a slot that is slower still, few chunks are that large. */
const MOST_HALF_SECONDS = 20

/**
 * Slots that would end one more chunk of their lane later than its other slots end all that is left of it but for the chunks that these have in hand, and have nothing else to
 * do: they leave the last chunks to those. The slowest first; of each lane some slot stays, and in lanes that are `growing` all do.
 */
export function tooSlow(table: FleetTable, shares: Shares, growing: ReadonlySet<string>): Set<number> {
  const { lanes, holders, speed } = table
  const left = new Set<number>()
  for (const [l, lane] of lanes.entries()) {
    const { chunkTokens, remainingTokens } = lane
    if (chunkTokens === undefined || growing.has(lane.key)) continue
    const speedOf = (s: number) => speed[table.at(l, s)] as number
    const serving = (holders[l] ?? []).filter((s) => (shares[table.at(l, s)] as number) > 0)
    let others = serving.reduce((sum, s) => sum + speedOf(s), 0)
    // each that leaves does the chunk that it has in hand
    let rest = remainingTokens - chunkTokens
    if (rest > (chunkTokens * others) / Math.min(...serving.map(speedOf))) continue
    for (const s of serving.toSorted((a, b) => speedOf(a) - speedOf(b) || a - b).slice(0, -1)) {
      const without = others - speedOf(s)
      if (rest / without >= chunkTokens / speedOf(s)) break
      if (hasMore(lanes, l, (to) => shares[table.at(to, s)] as number)) continue
      left.add(s)
      others = without
      rest -= chunkTokens
    }
  }
  return left
}

function hasMore(lanes: readonly Lane[], lane: number, shareOf: (lane: number) => number): boolean {
  return lanes.some((_, to) => to !== lane && shareOf(to) > 0)
}

/**
 * Whether all ends by `end` where the slots of a lane do not end together, as `ends` of the lanes have it, but each on average half a chunk later or sooner, and learn late that they
 * are to go on. Lanes that a slot does alone end when it says, but for the time in which it learns of the next.
 */
export function endsInTime(
  { slotCount, laneCount, speed }: Work,
  edges: ArrayLike<number>,
  ends: Float64Array,
  end: number,
): boolean {
  const lanesOf = new Int32Array(slotCount)
  const count = new Int32Array(laneCount)
  const together = new Float64Array(laneCount)
  const changes = new Int32Array(laneCount)
  for (const at of Array.from(edges)) lanesOf[at % slotCount] = (lanesOf[at % slotCount] as number) + 1
  for (const at of Array.from(edges)) {
    const lane = Math.floor(at / slotCount)
    count[lane] = (count[lane] as number) + 1
    together[lane] = (together[lane] as number) + (speed[at] as number)
    changes[lane] = (lanesOf[at % slotCount] as number) - 1
  }
  return ends.every((one, lane) => {
    const slots = count[lane] as number
    const more =
      slots < 2
        ? CHANGE_SECONDS * (changes[lane] as number)
        : SHARED_SECONDS + (slots * CHUNK_TOKENS) / 2 / (together[lane] as number)
    return one + more <= end
  })
}

/** Seconds of the longest chunk that one of these slots may have in hand: what is left of a lane counts it whole until it is done. */
export function longestInHand(table: FleetTable, slots: readonly number[]): number {
  const { lanes, held, speed } = table
  return slots.reduce((longest, s) => {
    const lane = held[s] as number
    const tokens = lanes[lane]?.chunkTokens ?? 0
    return tokens === 0 ? longest : Math.max(longest, tokens / (speed[table.at(lane, s)] as number))
  }, 0)
}

/** Half a chunk on the slowest slot that may serve a lane, in seconds, at most what is usual. */
export function halfLongestChunk({ may, speed }: Work): number {
  const slowest = may.reduce(
    (least, one, at) => (one === 1 ? Math.min(least, speed[at] as number) : least),
    Number.POSITIVE_INFINITY,
  )
  return Math.min(MOST_HALF_SECONDS, CHUNK_TOKENS / 2 / slowest)
}
