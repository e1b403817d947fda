import { describe, expect, it } from 'vitest'
import { wilsonInterval } from './wilson.ts'

describe('wilsonInterval', () => {
  // Newcombe 1998, table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%i of %i is [%f, %f], as published', (successes, trials, low, high) => {
    const interval = wilsonInterval(successes, trials)
    expect([interval.low.toFixed(4), interval.high.toFixed(4)]).toEqual([low.toFixed(4), high.toFixed(4)])
  })

  it('ends where the score test is just not significant, for every count', () => {
    const z = 1.959963984540054
    for (const trials of [1, 8, 64]) {
      for (let successes = 0; successes <= trials; successes++) {
        const { low, high } = wilsonInterval(successes, trials)
        const share = successes / trials
        for (const p of [low, high]) {
          // At 0 and at n successes one end is the end of the range, where the test has no variance.
          if (p > 0 && p < 1) expect(Math.abs(share - p)).toBeCloseTo(z * Math.sqrt((p * (1 - p)) / trials), 12)
        }
        expect(low <= share && share <= high).toBe(true)
        const mirrored = wilsonInterval(trials - successes, trials)
        expect(mirrored.low).toBeCloseTo(1 - high, 14)
      }
      expect(wilsonInterval(0, trials).low).toBe(0)
      expect(wilsonInterval(trials, trials).high).toBe(1)
    }
  })

  it('is wider for more confidence', () => {
    expect(wilsonInterval(5, 8, 2.5758).high).toBeGreaterThan(wilsonInterval(5, 8).high)
  })

  it.each([
    [1, 0],
    [-1, 8],
    [9, 8],
    [0.5, 8],
    [1, Number.NaN],
  ])('refuses %f of %f', (successes, trials) => {
    expect(() => wilsonInterval(successes, trials)).toThrow(RangeError)
  })
})
