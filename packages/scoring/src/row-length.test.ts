import { describe, expect, it } from 'vitest'
import { torchLengths } from './row-length.ts'

describe('torchLengths', () => {
  it('takes the lengths of prefixes, also those that are no multiple of eight', () => {
    const values = Float32Array.of(3, 4, 0, 0, 0, 0, 0, 0, 12, 0, 1, 2, 2, 0, 0, 0, 0, 0, 0, 0)
    const rows = { values, rowCount: 2, dim: 10 }
    expect([...torchLengths(rows)]).toEqual([13, 3])
    expect([...torchLengths(rows, 2)]).toEqual([5, Math.fround(Math.sqrt(5))])
    expect([...torchLengths(rows, 9)]).toEqual([13, 3])
  })

  it('rounds after every step: eight lanes, then the lanes in order', () => {
    // lane 0 holds 2^24; the seven ones are added to it one by one and are all lost, where a wider sum would keep them
    const values = Float32Array.of(4096, 1, 1, 1, 1, 1, 1, 1)
    expect(torchLengths({ values, rowCount: 1, dim: 8 })[0]).toBe(4096)
    // the other way round the ones come first: 7 + 2^24 is kept
    const reversed = Float32Array.of(1, 1, 1, 1, 1, 1, 1, 4096)
    expect(torchLengths({ values: reversed, rowCount: 1, dim: 8 })[0]).toBe(Math.fround(Math.sqrt(Math.fround(2 ** 24 + 7))))
  })

  it('is not finite where a value is not, or where squares overflow', () => {
    const lengths = torchLengths({
      values: Float32Array.of(Number.NaN, 0, 0, Number.POSITIVE_INFINITY, 1e20, 0),
      rowCount: 3,
      dim: 2,
    })
    expect([...lengths].map(Number.isFinite)).toEqual([false, false, false])
  })
})
