import { describe, expect, it } from 'vitest'
import { filledUp } from './kernel-memory.ts'
import { CHAIN_COLUMNS, type Matrix, MOST_THREADS, Product, ROWS_PER_THREAD } from './product.ts'
import { RowKernels } from './row-kernels.ts'

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
    const queries: Matrix = { values: values.subarray(2), rowCount: 1, dim: 2 }
    const documents: Matrix = { values: values.subarray(2), rowCount: 3, dim: 2 }
    await product.multiply(queries, documents, room)
    expect([...room.floats('products', 3)]).toEqual([5, 11, 17])
    await product.multiply(queries, { ...documents, rowCount: 2 }, room)
    expect([...room.floats('products', 2)]).toEqual([5, 11])
    await product.close()
  })

  it('adds products of columns up to those of all, to the last bit, where it says so', async ({ skip }) => {
    const product = await Product.open()
    if (!product.chains) skip('this processor adds in another order')
    const [queryCount, rowCount, dim] = [3, ROWS_PER_THREAD * MOST_THREADS + 9, 4 * CHAIN_COLUMNS]
    const room = new RowKernels()
    room.reserve({ rowCount, dim, queries: queryCount })
    const sides = [queryCount, rowCount].map((count) =>
      Float32Array.from({ length: count * dim }, (_, i) => Math.sin(i * i) / (1 + (i % 3))),
    )
    const part = (side: number, from: number, to: number): Matrix => {
      const count = [queryCount, rowCount][side] as number
      const values = Array.from({ length: count }, (_, row) => [
        ...(sides[side] as Float32Array).subarray(row * dim + from, row * dim + to),
      ])
      return { values: Float32Array.from(values.flat()), rowCount: count, dim: to - from }
    }
    const products = () => [...room.floats('products', queryCount * rowCount)]
    await product.multiply(part(0, 0, dim), part(1, 0, dim), room)
    const whole = products()
    const ends = [0, CHAIN_COLUMNS, 3 * CHAIN_COLUMNS, dim]
    for (const [i, from] of ends.slice(0, -1).entries()) {
      const to = ends[i + 1] as number
      await product.multiply(part(0, from, to), part(1, from, to), room, from > 0)
    }
    expect(products()).toEqual(whole)
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
      const integers = room.integers('integers', documentCount * filledUp(queryCount))
      for (const [first, count] of [
        [0, 4],
        [4, documentCount - 4],
      ] as const) {
        await product.multiplyCodes(turned, side(others, documentCount), { first, count }, room)
        for (let d = first; d < first + count; d++) {
          const wanted = Array.from({ length: queryCount }, (_, q) => {
            const row = own.slice((q + 1) * dim, (q + 2) * dim)
            return row.reduce((sum, value, i) => sum + value * (others[d * dim + i] as number), 0)
          })
          expect([...integers.subarray((d - first) * filledUp(queryCount)).subarray(0, queryCount)]).toEqual(wanted)
        }
      }
      await product.close()
    })
  }
})
