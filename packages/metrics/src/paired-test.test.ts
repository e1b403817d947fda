import { describe, expect, it } from 'vitest'
import { comparePaired, comparePairedStrata, holm } from './paired-test.ts'
import { seededRandom } from './seeded-random.ts'

describe('paired comparison', () => {
  it('counts sign flips exactly where all of them can be listed', () => {
    // Of the 2^4 sign assignments of 1, 1, 1, 1 only two have a sum of at least 4 in size: p = 1/8.
    const { p, mean } = comparePaired([1, 1, 1, 1], { rounds: 100_000 })
    expect(mean).toBe(1)
    expect(p).toBeCloseTo(2 / 16, 2)
    // 3, 1, 1: sums of size >= 5 are the two extremes of 8.
    expect(comparePaired([3, 1, 1], { rounds: 100_000 }).p).toBeCloseTo(2 / 8, 2)
  })

  it('gives an interval as wide as the normal one for many queries', () => {
    const random = seededRandom(7)
    const values = Array.from({ length: 2000 }, () => 0.1 + (random() / 2 ** 32 - 0.5))
    const { low, high, mean, p } = comparePaired(values, { rounds: 2000 })
    const half = 1.96 * Math.sqrt(1 / 12 / 2000)
    expect(mean - low).toBeGreaterThan(half * 0.9)
    expect(mean - low).toBeLessThan(half * 1.1)
    expect(high - mean).toBeLessThan(half * 1.1)
    expect(p).toBeLessThan(0.001)
  })

  it('covers the true mean about as often as it says', () => {
    const random = seededRandom(11)
    let covered = 0
    for (let trial = 0; trial < 200; trial++) {
      const values = Array.from({ length: 60 }, () => random() / 2 ** 32 - 0.5)
      const { low, high } = comparePaired(values, { rounds: 500, seed: trial })
      if (low <= 0 && 0 <= high) covered += 1
    }
    expect(covered).toBeGreaterThan(178)
    expect(covered).toBeLessThan(200)
  })

  it('finds nothing between equals, nothing without queries, and repeats itself', () => {
    expect(comparePaired([0, 0, 0])).toMatchObject({ mean: 0, low: 0, high: 0, p: 1 })
    expect(comparePaired([])).toMatchObject({ count: 0, p: 1 })
    const values = [0.1, -0.2, 0.3, 0.05]
    expect(comparePaired(values, { seed: 3 })).toEqual(comparePaired(values, { seed: 3 }))
    expect(comparePaired(values, { seed: 4 })).not.toEqual(comparePaired(values, { seed: 3 }))
  })
})

describe('paired comparison over strata', () => {
  it('counts a large stratum no more than its share, and draws within each', () => {
    // Means 0.5 and -0.5, whatever their sizes: nothing is left, and equal values within a stratum leave no doubt about that.
    const even = [
      { differences: Array<number>(90).fill(0.5), share: 0.5 },
      { differences: Array<number>(10).fill(-0.5), share: 0.5 },
    ]
    expect(comparePairedStrata(even, { rounds: 200 })).toMatchObject({ count: 100, mean: 0, low: 0, high: 0 })
    // Two strata of one query each: sign flips as of two queries of one data set, p = 2/4.
    const two = [1, 1].map((value) => ({ differences: [value], share: 0.5 }))
    expect(comparePairedStrata(two, { rounds: 50_000 }).p).toBeCloseTo(2 / 4, 2)
    // All doubt comes from the stratum whose queries differ: 0.5 * (mean of two draws of 0 and 1).
    const { low, high } = comparePairedStrata([
      { differences: [1, 1, 1], share: 0.5 },
      { differences: [0, 1], share: 0.5 },
    ])
    expect([low, high]).toEqual([0.5, 1])
  })

  it('is the plain comparison for one stratum, to the last digit of the old one', () => {
    const differences = [0.1, -0.2, 0.3, 0.05, 1 / 3]
    const plain = comparePaired(differences)
    expect(comparePairedStrata([{ differences, share: 1 }])).toEqual(plain)
    expect([plain.low, plain.high, plain.p]).toEqual([-0.05000000000000001, 0.2733333333333333, 0.3076692330766923])
  })
})

describe('Holm', () => {
  it('multiplies the smallest by all, the next by one fewer, and never goes down', () => {
    // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") = 0.03 0.06 0.06 0.02
    const adjusted = holm([0.01, 0.04, 0.03, 0.005])
    for (const [i, wanted] of [0.03, 0.06, 0.06, 0.02].entries()) expect(adjusted[i]).toBeCloseTo(wanted, 12)
    expect(holm([0.9, 0.8])).toEqual([1, 1])
    expect(holm([])).toEqual([])
  })
})
