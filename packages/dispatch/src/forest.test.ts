import { describe, expect, it } from 'vitest'
import { FewestLoads } from './fewest-loads.ts'
import { Forest, type Work } from './forest.ts'
import { soonest } from './soonest.ts'

/** Small linear congruential generator: the cases are the same on every run. */
function chance(seed: number): (n: number) => number {
  let state = seed * 48271 + 11
  return (n) => {
    state = (state * 1103515245 + 12345) % 2147483648
    return Math.floor((state / 2147483648) * n)
  }
}

/** Up to three slots and three lanes, not all of which fit; a third of the pairs of a slot and its first lane are held. */
function drawn(seed: number): { work: Work; held: Uint8Array } {
  const pick = chance(seed)
  const [slotCount, laneCount] = [1 + pick(3), 1 + pick(3)]
  const size = slotCount * laneCount
  const speeds = Array.from({ length: slotCount }, () => 0.5 + pick(4) / 2)
  const may = Uint8Array.from({ length: size }, () => (pick(5) === 0 ? 0 : 1))
  for (let lane = 0; lane < laneCount; lane += 1) if (!may.includes(1, lane * slotCount)) may[lane * slotCount] = 1
  for (let lane = 0; lane < laneCount; lane += 1) may[lane * slotCount + pick(slotCount)] = 1
  const held = new Uint8Array(size)
  for (let slot = 0; slot < slotCount; slot += 1) {
    const at = pick(laneCount) * slotCount + slot
    if (may[at] === 1 && pick(3) === 0) held[at] = 1
  }
  const loads = Array.from({ length: laneCount }, () => 10 + pick(80))
  const work = {
    slotCount,
    laneCount,
    may,
    speed: Float64Array.from({ length: size }, (_, at) => (may[at] === 1 ? 100 * (speeds[at % slotCount] as number) : 0)),
    load: Float64Array.from({ length: size }, (_, at) => (held[at] === 1 ? 0 : (loads[Math.floor(at / slotCount)] as number))),
    tokens: Float64Array.from({ length: laneCount }, () => 50_000 + pick(400_000)),
  }
  return { work, held }
}

/** Every graph without cycles over what slots may serve, in which each lane has a slot. */
function forestsOf(work: Work): number[][] {
  const pairs = [...work.may.keys()].filter((at) => work.may[at] === 1)
  const sets = Array.from({ length: 2 ** pairs.length }, (_, set) => pairs.filter((_pair, i) => (set >> i) & 1))
  const forest = new Forest(work)
  return sets.filter((edges) => forest.set(edges) && forest.balance() !== null)
}

const endOf = (work: Work, edges: readonly number[]): number => {
  const forest = new Forest(work)
  forest.set(edges)
  return Math.max(...(forest.balance() ?? [Number.POSITIVE_INFINITY]))
}

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed)

describe('a forest', () => {
  it.each(SEEDS)('does all work by its end, and no sooner (case %i)', (seed) => {
    const { work } = drawn(seed)
    for (const edges of forestsOf(work)) {
      const forest = new Forest(work)
      forest.set(edges)
      const ends = forest.balance() as Float64Array
      const done = new Float64Array(work.laneCount)
      const spent = new Float64Array(work.slotCount)
      for (const [e, at] of edges.entries()) {
        const slot = at % work.slotCount
        const lane = (at - slot) / work.slotCount
        done[lane] = (done[lane] as number) + (forest.seconds[e] as number) * (work.speed[at] as number)
        spent[slot] = (spent[slot] as number) + (forest.seconds[e] as number) + (work.load[at] as number)
        expect(spent[slot]).toBeLessThanOrEqual((ends[lane] as number) * 1.000001)
      }
      for (const [lane, tokens] of work.tokens.entries()) expect((done[lane] as number) / tokens).toBeCloseTo(1, 5)
      const end = Math.max(...ends)
      expect(forest.unmet(end * 1.000001)).toBeCloseTo(0, 6)
      expect(forest.unmet(end * 0.999)).toBeGreaterThan(0)
    }
  })

  it('has no cycle, and a slot for each lane', () => {
    const work = { ...drawn(1).work, slotCount: 2, laneCount: 2, may: Uint8Array.of(1, 1, 1, 1) }
    const [speed, load, tokens] = [Float64Array.of(1, 1, 1, 1), new Float64Array(4), Float64Array.of(10, 10)]
    const forest = new Forest({ ...work, speed, load, tokens })
    expect(forest.set([0, 1, 2, 3])).toBe(true)
    expect(forest.balance()).toBeNull()
    expect(forest.unmet(100)).toBe(Number.POSITIVE_INFINITY)
    forest.set([0, 1])
    expect(forest.balance()).toBeNull()
    forest.set([0, 1, 2])
    expect([...(forest.balance() ?? [])].map(Math.round)).toEqual([10, 10])
  })
})

describe('all plans of tiny fleets', () => {
  it.each(SEEDS)('none ends sooner than the bound (case %i)', (seed) => {
    const { work } = drawn(seed)
    const best = Math.min(...forestsOf(work).map((edges) => endOf(work, edges)))
    expect(soonest(work)).toBeLessThanOrEqual(best * 1.000001)
  })

  it.each(SEEDS)('none in time has fewer loads than the one found (case %i)', (seed) => {
    const { work, held } = drawn(seed)
    const costOf = (edges: ArrayLike<number>): number => {
      const list = Array.from(edges)
      const idle = Array.from({ length: work.slotCount }, (_, slot) => slot).filter(
        (slot) =>
          [...work.may.keys()].some((at) => at % work.slotCount === slot && work.may[at] === 1) &&
          !list.some((at) => at % work.slotCount === slot),
      )
      return list.filter((at) => held[at] === 0).length + 1.5 * idle.length
    }
    const all = forestsOf(work).map((edges) => ({ cost: costOf(edges), end: endOf(work, edges) }))
    const soon = Math.min(...all.map(({ end }) => end))
    for (const end of [soon * 1.0001, soon * 1.04, soon * 1.3]) {
      const always = new Array<number>(work.slotCount).fill(Number.POSITIVE_INFINITY)
      const found = new FewestLoads(work, held, always).within(end, [], { isNear: false })?.edges ?? null
      expect(found).not.toBeNull()
      expect(endOf(work, [...(found ?? [])])).toBeLessThanOrEqual(end * 1.000001)
      expect(costOf(found ?? [])).toBe(Math.min(...all.filter((one) => one.end <= end).map(({ cost }) => cost)))
    }
  })
})
