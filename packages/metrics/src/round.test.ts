import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { numpyRound, roundHalfEven, roundToEvenInteger } from './round.ts'

const golden = new URL('../../../../shared/golden/evaluators/retrieval-metrics/rounding.json', import.meta.url)

describe.skipIf(!existsSync(golden))('rounding meets Python and numpy (needs ../shared/golden)', () => {
  it('on 623 values at and near ties', () => {
    const { rows } = JSON.parse(readFileSync(golden, 'utf8')) as { rows: number[][] }
    const found = rows.map(([x = Number.NaN]) => [
      x,
      roundHalfEven(x, 5),
      roundHalfEven(x, 6),
      numpyRound(x, 5),
      numpyRound(x, 6),
    ])
    expect(found).toEqual(rows)
    expect(rows.length).toBe(623)
  })
})

describe('roundHalfEven', () => {
  it.each([
    [0.015625, 5, 0.01562],
    [0.046875, 5, 0.04688],
    [-0.015625, 5, -0.01562],
    [0.0078125, 6, 0.007812],
    [0.002675, 5, 0.00267],
    [2.5, 0, 2],
    [3.5, 0, 4],
    [1e21, 5, 1e21],
    [-5e-7, 6, -0],
    [-0, 6, -0],
    [Number.NaN, 6, Number.NaN],
    [Number.NEGATIVE_INFINITY, 6, Number.NEGATIVE_INFINITY],
  ])('rounds %d to %d decimals as %d', (x, digits, expected) => expect(roundHalfEven(x, digits)).toBe(expected))
})

describe('roundToEvenInteger', () => {
  it.each([
    [0.5, 0],
    [1.5, 2],
    [-0.5, -0],
    [-1.5, -2],
    [-0.4, -0],
    [2.4999999999999996, 2],
    [4503599627370497, 4503599627370497],
  ])('rounds %d to %d', (x, expected) => expect(roundToEvenInteger(x)).toBe(expected))
})
