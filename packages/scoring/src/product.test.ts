import { describe, expect, it } from 'vitest'
import { Product } from './product.ts'

describe('Product', () => {
  it('multiplies views that start inside a larger buffer, of any size, into one kept buffer', async () => {
    const product = await Product.open()
    const values = Float32Array.of(9, 9, 1, 2, 3, 4, 5, 6)
    const queries = { values: values.subarray(2), rowCount: 1, dim: 2 }
    const documents = { values: values.subarray(2), rowCount: 3, dim: 2 }
    const first = await product.multiply(queries, documents)
    expect([...first]).toEqual([5, 11, 17])
    const second = await product.multiply({ ...queries, rowCount: 1 }, { ...documents, rowCount: 2 })
    expect([...second]).toEqual([5, 11])
    expect(second.buffer).toBe(first.buffer)
    await product.close()
  })
})
