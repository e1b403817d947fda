import { describe, expect, it } from 'vitest'
import { FewestLoads } from './fewest-loads.ts'
import { Forest, type Work } from './forest.ts'
import { PlanSearch } from './plan-search.ts'
import { soonest } from './soonest.ts'

const SPEED = 10_000
const LOAD = 15

/** Alike slots that may all serve lanes of so many seconds each. */
function alike(slotCount: number, seconds: readonly number[]): Work {
  const size = slotCount * seconds.length
  return {
    slotCount,
    laneCount: seconds.length,
    may: new Uint8Array(size).fill(1),
    speed: new Float64Array(size).fill(SPEED),
    load: new Float64Array(size).fill(LOAD),
    tokens: Float64Array.from(seconds, (one) => one * SPEED),
  }
}

/** Lanes of each slot, of a first plan. */
function lanesOf(work: Work): string[] {
  const forest = new Forest(work)
  const fewest = new FewestLoads(
    work,
    new Uint8Array(work.may.length),
    Array.from({ length: work.slotCount }, () => 100),
  )
  const start = { bound: soonest(work), promised: 0, slack: 15, before: null, greedy: { edges: [], end: 1e9 } }
  const { edges } = new PlanSearch(work, forest, fewest).find(start)
  return Array.from({ length: work.slotCount }, (_, slot) =>
    Array.from(edges, (at) => (at % work.slotCount === slot ? Math.floor(at / work.slotCount) : []))
      .flat()
      .sort()
      .join(' '),
  ).sort()
}

describe('two slots, three lanes', () => {
  it('one load less than there are slots and lanes, where that ends in time', () => {
    expect(lanesOf(alike(2, [2000, 2240, 4400]))).toEqual(['0 1', '2'])
  })

  it('where it ends a little too late, the same and one load more, which a small sweep would spare', () => {
    const [one, two] = lanesOf(alike(2, [2000, 2240, 4750]))
    expect([one, two]).toEqual(['0 1 2', '2'])
  })

  it('where it ends much too late, all loads that it takes', () => {
    expect(
      lanesOf(alike(2, [2000, 2240, 5000]))
        .join(' ')
        .split(' '),
    ).toHaveLength(4)
  })
})

it('two slots that do one lane each need none of the seconds that are kept for slots that go on', () => {
  // In 2,225 s, of 1.05 x 2,120.
  expect(lanesOf(alike(2, [2000, 2210]))).toEqual(['0', '1'])
  expect(
    lanesOf(alike(2, [2000, 2213]))
      .join(' ')
      .split(' '),
  ).toHaveLength(3)
})
