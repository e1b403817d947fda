import { describe, expect, it } from 'vitest'
import { Forest, type Work } from './forest.ts'
import { spareLoads } from './spare-loads.ts'

/** Slot 0 holds a lane with so many seconds of work; slots 1 and 2 would load it for 40 s and are as fast, or faster. */
function plan(seconds: number, speed: number): { work: Work; held: Uint8Array; forest: Forest; end: number } {
  const work = {
    slotCount: 3,
    laneCount: 1,
    may: new Uint8Array(3).fill(1),
    speed: Float64Array.of(1, speed, speed),
    load: Float64Array.of(0, 40, 40),
    tokens: Float64Array.of(seconds),
  }
  const forest = new Forest(work)
  forest.set([0, 1, 2])
  const end = forest.balance()?.[0] as number
  return { work, held: Uint8Array.of(1, 0, 0), forest, end }
}

const edgesOf = (forest: Forest) => [...forest.edges.subarray(0, forest.count)]

describe('loads for less work than they take', () => {
  it('are spared where all ends in time without', () => {
    const { work, held, forest, end } = plan(100, 1)
    spareLoads(work, held, forest, { end, latestEnd: 100, isLittle: false })
    expect(edgesOf(forest)).toEqual([0])
    expect(forest.seconds[0]).toBeCloseTo(100)
  })

  it('are spared where that costs less than the load, one after the other', () => {
    const { work, held, forest, end } = plan(100, 1)
    expect(end).toBeCloseTo(60)
    spareLoads(work, held, forest, { end, latestEnd: 0, isLittle: true })
    expect(edgesOf(forest)).toEqual([0])
  })

  it('stay where much work was to end sooner', () => {
    const { work, held, forest, end } = plan(100, 1)
    spareLoads(work, held, forest, { end, latestEnd: 99, isLittle: false })
    expect(edgesOf(forest)).toEqual([0, 1])
  })

  it('stay where the plan would end much later without: both are little, one is much', () => {
    const { work, held, forest, end } = plan(430, 6)
    expect(end).toBeCloseTo(70)
    spareLoads(work, held, forest, { end, latestEnd: 0, isLittle: true })
    expect(edgesOf(forest)).toHaveLength(2)
    expect(forest.balance()?.[0]).toBeCloseTo(95.7, 1)
  })
})
