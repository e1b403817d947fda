import type { Pooling } from '@sweepboard/contracts'

/** Divides each row of `values` `[rows, dim]` by its L2 norm, in place; norms below 1e-12 count as 1e-12 (torch's rule). */
export function normalizeRows(values: Float32Array, dim: number): void {
  for (let start = 0; start < values.length; start += dim) {
    let squares = 0
    for (let j = start; j < start + dim; j += 1) squares += (values[j] as number) ** 2
    const scale = 1 / Math.max(Math.sqrt(squares), 1e-12)
    for (let j = start; j < start + dim; j += 1) values[j] = (values[j] as number) * scale
  }
}

/**
 * One text's vector out of its token vectors `tokens` `[paddedLength, dim]`, right-padded: only the first `length` rows
 * are read. `mean` sums in float64. `out` has `dim` members. `none` is no pooling: the caller takes the model's own output.
 */
export function poolTokens(tokens: Float32Array, length: number, pooling: Exclude<Pooling, 'none'>, out: Float32Array): void {
  const dim = out.length
  if (pooling !== 'mean') {
    const row = pooling === 'cls' ? 0 : length - 1
    out.set(tokens.subarray(row * dim, (row + 1) * dim))
    return
  }
  const sums = new Float64Array(dim)
  let t = 0
  // Four rows a pass, added in their order: the sums are read and written a quarter as often, and no bit changes.
  for (; t + 4 <= length; t += 4) {
    const [a, b, c, d] = [t * dim, (t + 1) * dim, (t + 2) * dim, (t + 3) * dim]
    for (let j = 0; j < dim; j += 1)
      sums[j] =
        (sums[j] as number) +
        (tokens[a + j] as number) +
        (tokens[b + j] as number) +
        (tokens[c + j] as number) +
        (tokens[d + j] as number)
  }
  for (; t < length; t += 1) {
    const base = t * dim
    for (let j = 0; j < dim; j += 1) sums[j] = (sums[j] as number) + (tokens[base + j] as number)
  }
  for (let j = 0; j < dim; j += 1) out[j] = (sums[j] as number) / length
}

/** Whether all members of a row are finite numbers. */
export function isFiniteRow(row: Float32Array): boolean {
  for (let j = 0; j < row.length; j += 1) if (!Number.isFinite(row[j] as number)) return false
  return true
}
