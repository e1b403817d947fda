import { describe, expect, it } from 'vitest'
import { ascendingOrder, nauc } from './nauc.ts'
import { numpySum } from './numpy-sum.ts'

describe('nauc', () => {
  it('gives the value of the protocol, section 8', () => {
    expect(nauc(Float64Array.of(0.9, 0.1, 0.5, 0.7, 0.3), Float64Array.of(1, 0, 0.5, 0, 1))).toBe(0.4782608695652176)
  })

  it('is 1 for the oracle itself and undefined for a constant or no metric', () => {
    const metric = Float64Array.of(0, 1, 0.25, 0.5, 0.75)
    expect(nauc(metric, metric)).toBe(1)
    expect(nauc(metric, new Float64Array(5).fill(0.5))).toBeNaN()
    expect(nauc(new Float64Array(0), new Float64Array(0))).toBeNaN()
  })
})

it('ascendingOrder is stable and puts NaN last', () => {
  expect([...ascendingOrder(Float64Array.of(2, Number.NaN, 1, 2, Number.NaN, -0, 0))]).toEqual([5, 6, 2, 0, 3, 1, 4])
})

describe('numpySum', () => {
  // Expected values from numpy 2.4.6: numpy.sum(1.0 / numpy.arange(1, n + 1)). A plain loop differs in the last bit from 128 terms on.
  it.each([
    [7, 2.5928571428571425],
    [9, 2.8289682539682537],
    [128, 5.433147092589173],
    [129, 5.440899030573669],
    [300, 6.282663880299504],
    [1200, 7.667709109473925],
  ])('adds %d terms in the order of numpy', (count, expected) => {
    const terms = Float64Array.from({ length: count }, (_, i) => 1 / (i + 1))
    expect(numpySum(terms)).toBe(expected)
  })

  it('sums a part', () => {
    expect(numpySum(Float64Array.of(1, 2, 4, 8), 1, 2)).toBe(6)
    expect(numpySum(new Float64Array(0))).toBe(0)
  })
})
