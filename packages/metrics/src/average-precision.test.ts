import { describe, expect, it } from 'vitest'
import { averagePrecision, descendingOrder } from './average-precision.ts'

describe('averagePrecision', () => {
  it('gives the value of the protocol, section 8', () => {
    const relevant = [true, false, true, false, true]
    expect(averagePrecision(relevant, [0.9, 0.8, 0.8, 0.3, 0.3])).toBe(0.7555555555555555)
  })

  it('does not depend on the order of equal scores', () => {
    expect(averagePrecision([true, false], [1, 1])).toBe(averagePrecision([false, true], [1, 1]))
  })

  it('is 0, not -0, when nothing is positive', () => {
    expect(averagePrecision([false, false], [2, 1])).toBe(0)
    expect(averagePrecision([], [])).toBe(0)
  })
})

it('descendingOrder keeps the order of equal scores', () => {
  expect([...descendingOrder([1, 3, 1, 3])]).toEqual([1, 3, 0, 2])
})
