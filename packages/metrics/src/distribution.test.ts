import { expect, it } from 'vitest'
import { distributionOf } from './distribution.ts'

it("equals numpy's mean, std and percentiles, whatever the order", () => {
  const found = distributionOf([5, -2.4, -1.9, -1.2, -0.7, 0.1, -0.7, 0.4, 3.7, 2.2, 1.3, -3.1])
  expect(found.count).toBe(12)
  expect(found.mean).toBeCloseTo(0.225, 14)
  expect(found.std).toBeCloseTo(2.3484480691157157, 13)
  expect([found.min, found.max]).toEqual([-3.1, 5])
  const wanted = [-3.023, -2.715, -1.375, -0.3, 1.525, 4.285, 4.857]
  Object.values(found.percentiles).forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i] as number, 12)
  })
})

it('has no numbers for an empty list', () => {
  const { mean, min, percentiles } = distributionOf([])
  expect([mean, min, percentiles.p50]).toEqual([Number.NaN, Number.NaN, Number.NaN])
})
