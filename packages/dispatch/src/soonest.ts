import type { Work } from './forest.ts'

/** How many slots may serve a lane. */
function ability({ slotCount, may }: Work, lane: number): number {
  let count = 0
  for (let at = lane * slotCount; at < (lane + 1) * slotCount; at += 1) count += may[at] as number
  return count
}

/**
 * No plan ends sooner, in seconds. Weigh each lane's tokens by anything: a second of a slot is worth no more than its best lane is there, and each slot
 * that serves loads first, unless it holds a lane; what more lanes there are than slots is loaded beside, each once. Lanes that the least part of the fleet can serve count alone, then with those that the next larger part can serve, and so on;
 * each weighs what the slots that can serve all of them need for its tokens.
 */
export function soonest(work: Work): number {
  const { slotCount, laneCount, may, speed, load, tokens } = work
  const common = new Uint8Array(slotCount).fill(1)
  const weights = new Float64Array(laneCount)
  let bound = 0
  for (let last = 0; last < laneCount; last += 1) {
    for (let slot = 0; slot < slotCount; slot += 1)
      common[slot] = (common[slot] as number) & (may[last * slotCount + slot] as number)
    if (last + 1 < laneCount && ability(work, last) === ability(work, last + 1)) continue
    const isNested = common.includes(1)
    let [worth, needed] = [0, 0]
    for (let lane = 0; lane <= last; lane += 1) {
      let sum = 0
      for (let slot = 0; slot < slotCount; slot += 1) {
        const at = lane * slotCount + slot
        if (may[at] === 1 && (!isNested || common[slot] === 1)) sum += speed[at] as number
      }
      weights[lane] = 1 / sum
      needed += (tokens[lane] as number) / sum
    }
    const least = new Float64Array(last + 1).fill(Number.POSITIVE_INFINITY)
    let [able, lost] = [0, 0]
    for (let slot = 0; slot < slotCount; slot += 1) {
      let [best, first] = [0, Number.POSITIVE_INFINITY]
      for (let lane = 0; lane <= last; lane += 1) {
        const at = lane * slotCount + slot
        if (may[at] === 0) continue
        best = Math.max(best, (speed[at] as number) * (weights[lane] as number))
        first = Math.min(first, load[at] as number)
      }
      if (best === 0) continue
      able += 1
      worth += best
      lost += best * first
      for (let lane = 0; lane <= last; lane += 1) {
        const at = lane * slotCount + slot
        if (may[at] === 1) least[lane] = Math.min(least[lane] as number, best * (load[at] as number))
      }
    }
    least.sort()
    for (let lane = 0; lane <= last - able; lane += 1) lost += least[lane] as number
    needed += Math.max(
      lost,
      least.reduce((sum, one) => sum + one, 0),
    )
    bound = Math.max(bound, needed / worth)
  }
  return bound
}

/** The same slots with these lanes only. */
export function ofLanes({ slotCount, may, speed, load, tokens }: Work, lanes: readonly number[]): Work {
  const pick = (from: Float64Array) =>
    Float64Array.from(lanes.flatMap((lane) => [...from.subarray(lane * slotCount, (lane + 1) * slotCount)]))
  return {
    slotCount,
    laneCount: lanes.length,
    may: Uint8Array.from(pick(Float64Array.from(may))),
    speed: pick(speed),
    load: pick(load),
    tokens: Float64Array.from(lanes, (lane) => tokens[lane] as number),
  }
}
