import { describe, expect, it } from 'vitest'
import { Int8Range } from './int8-range.ts'

const codes = (range: Int8Range, values: number[], dim: number) => {
  const rows = { values: Float32Array.from(values), rowCount: values.length / dim, dim }
  range.encode(rows)
  return [...rows.values]
}

describe('Int8Range', () => {
  it('cuts the range of each dimension into 256 codes, truncating towards zero as numpy astype(int8) does', () => {
    const range = new Int8Range(2)
    range.widen({ values: Float32Array.of(0, -255, 255, 255), rowCount: 2, dim: 2 })
    expect(codes(range, [0, -255, 255, 255, 1.9, 128, 129.9, -3], 2)).toEqual([-128, -128, 127, 127, -126, 63, 1, -2])
  })

  it('keeps values outside the range at the nearest code', () => {
    const range = new Int8Range(1)
    range.widen({ values: Float32Array.of(0, 1), rowCount: 2, dim: 1 })
    expect(codes(range, [-5, 7], 1)).toEqual([-128, 127])
  })

  it('gives a dimension without spread code 0', () => {
    const range = new Int8Range(1)
    range.widen({ values: Float32Array.of(0.5, 0.5), rowCount: 2, dim: 1 })
    expect(codes(range, [0.5, 3, -3], 1)).toEqual([0, 0, 0])
  })

  it('looks at the first 10,000 documents only, and says how many it saw', () => {
    const range = new Int8Range(1)
    range.widen({ values: Float32Array.of(0, 255), rowCount: 2, dim: 1 })
    expect(range.source).toBe('per-dimension min/max of the first 2 documents')
    const many = new Float32Array(20_000).fill(1)
    many[9_998] = -1000
    range.widen({ values: many, rowCount: 20_000, dim: 1 })
    expect(range.source).toBe('per-dimension min/max of the first 10000 documents')
    expect(codes(range, [0, 255], 1)).toEqual([-128, 127])
  })
})
