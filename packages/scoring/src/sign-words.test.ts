import { describe, expect, it } from 'vitest'
import { SIGN_ROW_STRIDE, SIGN_STRIDE } from './bit-code.ts'
import { KernelRows } from './kernel-rows.ts'
import { RowKernels } from './row-kernels.ts'
import { SignLayout } from './sign-words.ts'

const [ROWS, DIM] = [13, 1100]
const matrix = { values: Float32Array.from({ length: ROWS * DIM }, (_, i) => Math.sin(i * i)), rowCount: ROWS, dim: DIM }
matrix.values.fill(0, 5, 300) // zero counts as -1

describe('SignLayout', () => {
  for (const sizes of [[1], [64], [1100, 1, 3, 64, 65, 65, 130, 700], [512, 1024, 16, 32, 64, 128, 256]]) {
    it(`gives the products of signs of every size: ${sizes.join(', ')}`, () => {
      const layout = new SignLayout(sizes)
      const kernels = new RowKernels({ lists: { configs: 0, queries: 0, rows: 0 }, signs: layout })
      const rows = new KernelRows(kernels, matrix, ROWS)
      const own = rows.signs(layout.packed()).slice()
      kernels.bytes('queryBits', own.length).set(own)
      kernels.signSums({ first: 0, count: ROWS }, { first: 0, count: ROWS })
      const products = kernels.integers('products', layout.sizes.length * SIGN_STRIDE)
      const sign = (row: number, i: number) => ((matrix.values[row * DIM + i] as number) > 0 ? 1 : -1)
      for (let q = 0; q < ROWS; q++) {
        layout.sizes.forEach((size, at) => {
          const wanted = Array.from({ length: ROWS }, (_, row) => {
            let sum = 0
            for (let i = 0; i < size; i++) sum += sign(q, i) * sign(row, i)
            return sum
          })
          const start = at * SIGN_STRIDE + q * SIGN_ROW_STRIDE
          expect([...products.subarray(start, start + ROWS)]).toEqual(wanted)
        })
      }
    })
  }
})
