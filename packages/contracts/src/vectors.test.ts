import { describe, expect, it } from 'vitest'
import { readVectors, writeVectors } from './vectors.ts'

describe('vector artifacts', () => {
  it('read back bit for bit, from any alignment', () => {
    const values = Float32Array.of(1, -0, 1e-40, 3.4e38, 0.1, 2)
    const bytes = writeVectors({ rowCount: 2, dim: 3, values })
    const shifted = new Uint8Array(bytes.length + 1)
    shifted.set(bytes, 1)
    for (const source of [bytes, shifted.subarray(1)]) {
      const read = readVectors(source)
      expect([read.rowCount, read.dim]).toEqual([2, 3])
      expect(new Uint32Array(read.values.slice().buffer)).toEqual(new Uint32Array(values.buffer))
    }
  })

  it('refuse a cut file and foreign bytes', () => {
    const bytes = writeVectors({ rowCount: 1, dim: 2, values: Float32Array.of(1, 2) })
    expect(() => readVectors(bytes.subarray(0, 20))).toThrow('SB-SCORE-002')
    expect(() => readVectors(new Uint8Array(64))).toThrow('SB-SCORE-002')
  })
})
