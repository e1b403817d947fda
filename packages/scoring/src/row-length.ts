import type { Matrix } from './product.ts'

const { fround, sqrt } = Math
/** torch.nn.functional.normalize and mteb divide by at least this. */
export const SMALLEST_LENGTH = fround(1e-12)

/**
 * Euclidean length of the first `prefix` columns of each row, bit for bit as `torch.Tensor.norm(2, dim=1)` gives it in
 * float32 on x86-64: eight lanes of multiply, round, add, round; lanes added in order; what is left over a multiple of
 * eight added one by one; square root. Not finite where the row is not, or where its squares overflow float32.
 * Source: golden/evaluators/README.md, "Float32 recipe".
 */
export function torchLengths(rows: Matrix, prefix = rows.dim): Float32Array {
  const { values, rowCount, dim } = rows
  const lengths = new Float32Array(rowCount)
  for (let row = 0; row < rowCount; row++) lengths[row] = torchLength(values, row * dim, prefix)
  return lengths
}

function torchLength(values: Float32Array, start: number, size: number): number {
  let l0 = 0
  let l1 = 0
  let l2 = 0
  let l3 = 0
  let l4 = 0
  let l5 = 0
  let l6 = 0
  let l7 = 0
  const end = start + size
  const full = end - (size % 8)
  let at = start
  for (; at < full; at += 8) {
    l0 = fround(l0 + square(values, at))
    l1 = fround(l1 + square(values, at + 1))
    l2 = fround(l2 + square(values, at + 2))
    l3 = fround(l3 + square(values, at + 3))
    l4 = fround(l4 + square(values, at + 4))
    l5 = fround(l5 + square(values, at + 5))
    l6 = fround(l6 + square(values, at + 6))
    l7 = fround(l7 + square(values, at + 7))
  }
  let sum = fround(fround(fround(l0 + l1) + l2) + l3)
  sum = fround(fround(fround(fround(sum + l4) + l5) + l6) + l7)
  for (; at < end; at++) sum = fround(sum + square(values, at))
  return fround(sqrt(sum))
}

function square(values: Float32Array, at: number): number {
  const value = values[at] as number
  return fround(value * value)
}
