import { describe, expect, it } from 'vitest'
import { isFiniteRow, normalizeRows, poolTokens } from './pooling.ts'

const TOKENS = Float32Array.of(1, 2, 3, 6, 90, 90) // two real tokens and one of padding, dim 2

describe('poolTokens', () => {
  it.each([
    ['mean', [2, 4]],
    ['cls', [1, 2]],
    ['lasttoken', [3, 6]],
  ] as const)('%s reads real tokens only', (pooling, expected) => {
    const out = new Float32Array(2)
    poolTokens(TOKENS, 2, pooling, out)
    expect([...out]).toEqual(expected)
  })
})

it('mean of any length is that of the plain sum, bit for bit', () => {
  const dim = 5
  const tokens = Float32Array.from({ length: 11 * dim }, (_, i) => Math.sin(i * 12.9898) * 10 ** ((i % 7) - 3))
  for (let length = 1; length <= 11; length += 1) {
    const plain = Float32Array.from({ length: dim }, (_, j) => {
      let sum = 0
      for (let t = 0; t < length; t += 1) sum += tokens[t * dim + j] as number
      return sum / length
    })
    const out = new Float32Array(dim)
    poolTokens(tokens, length, 'mean', out)
    expect(out).toEqual(plain)
  }
})

it('normalizeRows divides by the norm and leaves a row of zeros', () => {
  const rows = Float32Array.of(3, 4, 0, 0)
  normalizeRows(rows, 2)
  expect([...rows]).toEqual([Math.fround(0.6), Math.fround(0.8), 0, 0])
})

it('isFiniteRow', () => {
  expect(
    [Float32Array.of(1, 2), Float32Array.of(1, Number.NaN), Float32Array.of(Number.POSITIVE_INFINITY)].map(isFiniteRow),
  ).toEqual([true, false, false])
})
