import type { Lane } from './fit.ts'
import type { FleetTable } from './fleet-table.ts'

/** How much later than the shortest a plan may end, for fewer loads and fewer changes of mind. */
const SLACK = 1.01
/** The same where little is left: chunks do not end when a plan says. */
const SLACK_SECONDS = 15
/** Slots x lanes up to which plans with few loads are looked for; on larger fleets one more load a lane is little beside one a slot. */
export const MOST_SEARCHED = 2500
/** `SLACK` there. */
const SLACK_LARGE = 1.005
/** How exactly the shortest end is looked for. */
const TOLERANCE = 0.01
/** Parts of a fleet that are planned one after the other, each with an end of its own. */
const MOST_STAGES = 6

/** A lane spreads to one more slot for work of so many loads. */
const WORTH_LOADS = 2
/** Of the first guess at an end, which is what all slots of a lane together need. */
const MOST_DOUBLINGS = 40

/** Seconds of each lane on each slot, by `table.at(lane, slot)`. */
export type Shares = Float64Array

/**
 * A plan that ends all work soonest with few loads: lanes that the least part of the fleet can serve go first, each onto the slots
 * that have it, then onto idle ones, then onto others, filling a slot to the end before the next (so at most slots + lanes - 1 loads,
 * McNaughton's wrap-around rule). Where a few lanes that fit few slots decide the end, they are planned first, and the rest of the
 * fleet gets a sooner end of its own.
 */
export function spread(table: FleetTable): Shares {
  const shares = new Float64Array(table.may.length)
  const used = new Float64Array(table.slots.length)
  const waiting = table.lanes.map((_, lane) => lane).filter((lane) => (table.eligible[lane]?.length ?? 0) > 0)
  const isLarge = table.may.length > MOST_SEARCHED
  for (let stage = 0; waiting.length > 0; stage += 1) {
    const end = shortestEnd(table, waiting, used)
    const count = stage === MOST_STAGES - 1 ? waiting.length : decidingCount(table, waiting, used, end)
    fill(table, { lanes: waiting.splice(0, count), used, end: isLarge ? end * SLACK_LARGE : end * SLACK + SLACK_SECONDS, shares })
  }
  return shares
}

/** The fewest first lanes that already need this long. */
function decidingCount(table: FleetTable, lanes: readonly number[], used: Float64Array, end: number): number {
  let [low, high] = [1, lanes.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (canEnd(table, lanes.slice(0, middle), used, end * (1 - 2 * TOLERANCE))) low = middle + 1
    else high = middle
  }
  return low
}

/** The soonest end, in seconds from now, at which `fill` finds room for everything. */
function shortestEnd(table: FleetTable, lanes: readonly number[], used: Float64Array): number {
  let low = 0
  let high = Math.max(1, ...lanes.map((lane) => secondsOnAll(table, lane)))
  for (let doubled = 0; doubled < MOST_DOUBLINGS && !canEnd(table, lanes, used, high); doubled += 1) {
    low = high
    high *= 2
  }
  while (high - low > TOLERANCE * high) {
    const middle = (low + high) / 2
    if (canEnd(table, lanes, used, middle)) high = middle
    else low = middle
  }
  return high
}

function secondsOnAll(table: FleetTable, lane: number): number {
  let speed = 0
  for (const slot of table.eligible[lane] ?? []) speed += table.speed[table.at(lane, slot)] ?? 0
  return (table.lanes[lane] as Lane).remainingTokens / speed
}

function canEnd(table: FleetTable, lanes: readonly number[], used: Float64Array, end: number): boolean {
  return fill(table, { lanes, used: used.slice(), end, shares: null })
}

/**
 * Puts lanes onto slots up to `end`; false as soon as one does not fit. Lanes that fit equally many slots first fill those that have them, so
 * that none takes another's. Adds to `used`, and to `shares` where there are any.
 */
function fill(
  table: FleetTable,
  plan: { readonly lanes: readonly number[]; readonly used: Float64Array; readonly end: number; readonly shares: Shares | null },
): boolean {
  const left = plan.lanes.map((lane) => new LaneFill(table, lane, plan))
  while (left.length > 0) {
    const like = left.filter(({ ability }) => ability === left[0]?.ability)
    left.splice(0, like.length)
    for (const lane of like) lane.fillHolders()
    if (!like.every((lane) => lane.fillOthers())) return false
  }
  return true
}

class LaneFill {
  readonly #table: FleetTable
  readonly #lane: number
  readonly #used: Float64Array
  readonly #end: number
  readonly #shares: Shares | null
  #tokens: number
  #slotsLeft: number

  constructor(table: FleetTable, lane: number, plan: { used: Float64Array; end: number; shares: Shares | null }) {
    this.#table = table
    this.#lane = lane
    this.#used = plan.used
    this.#end = plan.end
    this.#shares = plan.shares
    const { remainingTokens, maxSlots } = table.lanes[lane] as Lane
    this.#tokens = remainingTokens
    this.#slotsLeft = maxSlots ?? Number.POSITIVE_INFINITY
  }

  /** How much of the fleet can serve it. */
  get ability(): number {
    return this.#table.eligible[this.#lane]?.length ?? 0
  }

  fillHolders(): void {
    for (const slot of this.#table.holders[this.#lane] ?? []) if (!this.#isDone()) this.#put(slot, 0)
  }

  /** Idle slots before others; false where work is left over. */
  fillOthers(): boolean {
    const { eligible, held } = this.#table
    for (const wantIdle of [true, false]) {
      for (const slot of eligible[this.#lane] ?? []) {
        if (this.#isDone()) break
        if (held[slot] !== this.#lane && (held[slot] === -1) === wantIdle) this.#put(slot, this.#loadOn(slot))
      }
    }
    return this.#tokens <= 0
  }

  #isDone(): boolean {
    return this.#tokens <= 0 || this.#slotsLeft === 0
  }

  #loadOn(slot: number): number {
    return this.#table.load[this.#table.at(this.#lane, slot)] ?? 0
  }

  /** Work not worth its load goes to a slot only where it is all that is left: else a later end could have less room than an earlier one. */
  #put(slot: number, load: number): void {
    const at = this.#table.at(this.#lane, slot)
    const speed = this.#table.speed[at] as number
    const room = this.#end - (this.#used[slot] as number) - load
    const isAll = room >= this.#tokens / speed
    const seconds = isAll ? this.#tokens / speed : room
    if (seconds <= 0 || (seconds < WORTH_LOADS * load && !isAll)) return
    this.#tokens = isAll ? 0 : this.#tokens - seconds * speed
    this.#slotsLeft -= 1
    this.#used[slot] = (this.#used[slot] as number) + load + seconds
    if (this.#shares !== null) this.#shares[at] = seconds
  }
}
