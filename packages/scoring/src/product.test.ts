import { describe, expect, it } from 'vitest'
import type { Operand } from './kernel-rows.ts'
import { Product } from './product.ts'
import { RowKernels, strideOf } from './row-kernels.ts'

/** Rows of codes over the whole range, the largest products among them. */
function codes(rowCount: number, dim: number): number[] {
  const ends = [-128, 127, 1, -1]
  return Array.from({ length: rowCount * dim }, (_, i) => {
    const code = ends[Math.floor(i / dim) % 4] as number
    return i % 7 === 3 ? -code - 1 : code
  })
}

describe('Product', () => {
  it('multiplies views that start inside a larger buffer, of any size', async () => {
    const product = await Product.open()
    const room = new RowKernels()
    room.reserve({ rowCount: 3, dim: 2, queries: 1 })
    const values = Float32Array.of(9, 9, 1, 2, 3, 4, 5, 6)
    const queries: Operand = { values: values.subarray(2), rowCount: 1, dim: 2, factors: null }
    const documents: Operand = { values: values.subarray(2), rowCount: 3, dim: 2, factors: null }
    await product.multiply(queries, documents, room)
    expect([...room.floats('products', 3)]).toEqual([5, 11, 17])
    await product.multiply(queries, { ...documents, rowCount: 2 }, room)
    expect([...room.floats('products', 2)]).toEqual([5, 11])
    await product.close()
  })

  for (const signed of [undefined, false]) {
    it(`multiplies codes exactly over their whole range, ${signed === false ? 'both sides uint8' : 'as this processor does'}`, async () => {
      const product = await Product.open(signed === undefined ? {} : { signed })
      const [dim, queryCount, documentCount] = [1024, 18, 7]
      const room = new RowKernels()
      room.reserve({ rowCount: documentCount, dim, queries: queryCount })
      const [own, others] = [codes(queryCount + 1, dim), codes(documentCount, dim)]
      const side = (of: number[], rowCount: number) => ({
        values: Uint8Array.from(of, (code) => code + 128),
        rowCount,
        dim,
        factors: null,
      })
      const turned = product.turned(side(own, queryCount + 1), 1, queryCount)
      await product.multiplyCodes(turned, side(others, documentCount), room)
      const products = room.floats('products', queryCount * strideOf(documentCount))
      for (let q = 0; q < queryCount; q++) {
        const row = own.slice((q + 1) * dim, (q + 2) * dim)
        const wanted = Array.from({ length: documentCount }, (_, d) =>
          row.reduce((sum, value, i) => sum + value * (others[d * dim + i] as number), 0),
        )
        expect([...products.subarray(q * strideOf(documentCount)).subarray(0, documentCount)]).toEqual(wanted)
      }
      await product.close()
    })
  }
})
