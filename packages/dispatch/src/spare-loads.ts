import type { Forest, Work } from './forest.ts'

/** Loads that are looked at in one choice; there are rarely more. */
const MOST_SPARED = 4

/** In seconds. */
export interface PlanEnds {
  readonly end: number
  readonly latestEnd: number
  /** Work that takes few loads' time: it may end later than `latestEnd` by less than a load takes. */
  readonly isLittle: boolean
}

/**
 * Takes loads for less work than they take out of a balanced plan, the least worth first, and balances it anew. A load stays where without it all
 * would end too late: the plan counts on it.
 */
export function spareLoads({ slotCount, load }: Work, held: Uint8Array, forest: Forest, ends: PlanEnds): void {
  let { end } = ends
  for (let spared = 0; spared < MOST_SPARED; spared += 1) {
    const edges = [...forest.edges.subarray(0, forest.count)]
    const lanes = edges.map((at) => Math.floor(at / slotCount))
    let least: number | null = null
    let worth = 0
    for (const [e, at] of edges.entries()) {
      const more = (forest.seconds[e] as number) - (load[at] as number)
      if (held[at] === 1 || more >= worth || lanes.indexOf(lanes[e] as number) === lanes.lastIndexOf(lanes[e] as number)) continue
      ;[least, worth] = [at, more]
    }
    if (least === null) return
    forest.set(edges.filter((at) => at !== least))
    const without = lastEnd(forest)
    const latestEnd = ends.isLittle ? Math.max(ends.latestEnd, end + (load[least] as number)) : ends.latestEnd
    if (without > latestEnd) {
      forest.set(edges)
      forest.balance()
      return
    }
    end = without
  }
}

/** Of a forest as it is; leaves it balanced. Infinite where a lane has no slot. */
function lastEnd(forest: Forest): number {
  return forest.balance()?.reduce((last, end) => Math.max(last, end), 0) ?? Number.POSITIVE_INFINITY
}
