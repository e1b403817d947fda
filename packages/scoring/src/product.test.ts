import { describe, expect, it } from 'vitest'
import type { Operand } from './kernel-rows.ts'
import { Product } from './product.ts'
import { RowKernels } from './row-kernels.ts'

describe('Product', () => {
  it('multiplies views that start inside a larger buffer, of any size', async () => {
    const product = await Product.open()
    const room = new RowKernels()
    room.reserve({ rowCount: 3, dim: 2, queries: 1 })
    const values = Float32Array.of(9, 9, 1, 2, 3, 4, 5, 6)
    const queries: Operand = { values: values.subarray(2), rowCount: 1, dim: 2, factors: null }
    const documents: Operand = { values: values.subarray(2), rowCount: 3, dim: 2, factors: null }
    expect(await product.multiply(queries, documents, room)).toBe('floats')
    expect([...room.floats('products', 3)]).toEqual([5, 11, 17])
    await product.multiply(queries, { ...documents, rowCount: 2 }, room)
    expect([...room.floats('products', 2)]).toEqual([5, 11])
    await product.close()
  })

  it('multiplies codes exactly over their whole range', async () => {
    const product = await Product.open()
    const room = new RowKernels()
    const dim = 1024
    room.reserve({ rowCount: 4, dim, queries: 4 })
    const codes = [-128, 127, 1, -1].flatMap((code) => Array.from({ length: dim }, (_, i) => (i % 7 === 3 ? -code - 1 : code)))
    const side: Operand = { values: Uint8Array.from(codes, (code) => code + 128), rowCount: 4, dim, factors: null }
    expect(await product.multiply(side, side, room)).toBe('integers')
    const row = (i: number) => codes.slice(i * dim, (i + 1) * dim)
    const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0)
    const wanted = [0, 1, 2, 3].flatMap((q) => [0, 1, 2, 3].map((d) => dot(row(q), row(d))))
    expect([...room.integers('products', 16)]).toEqual(wanted)
    await product.close()
  })
})
