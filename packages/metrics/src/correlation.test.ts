import { describe, expect, it } from 'vitest'
import { averageRanks, pearson, spearman } from './correlation.ts'

describe('pearson and spearman', () => {
  it('give the values of the protocol, section 8', () => {
    const [x, y] = [
      [1, 2, 2, 4, 5],
      [0.1, 0.4, 0.4, 0.2, 0.9],
    ]
    expect(spearman(x ?? [], y ?? [])).toBeCloseTo(0.6842105263157895, 14)
    expect(pearson(x ?? [], y ?? [])).toBeCloseTo(0.6910736907189411, 14)
  })

  it('are undefined for a constant, a single pair and values that are not finite', () => {
    for (const correlate of [pearson, spearman]) {
      expect(correlate([2, 2, 2], [1, 2, 3])).toBeNaN()
      expect(correlate([1], [1])).toBeNaN()
      expect(correlate([1, 2, Number.NaN], [1, 2, 3])).toBeNaN()
      expect(correlate([1, 2, Number.POSITIVE_INFINITY], [1, 2, 3])).toBeNaN()
    }
  })

  it('refuse lists of different length', () => {
    expect(() => pearson([1, 2], [1, 2, 3])).toThrow(RangeError)
  })

  it('survive values whose squares vanish or overflow', () => {
    expect(pearson([1e-300, 2e-300, 3e-300], [1e300, 2e300, 3e300])).toBeCloseTo(1, 14)
  })
})

it('averageRanks: equal values share the mean of their ranks, zeros of both signs are equal', () => {
  expect([...averageRanks([0.5, -0, 0, 9, 0.5, 0.5])]).toEqual([4, 1.5, 1.5, 6, 4, 4])
})
