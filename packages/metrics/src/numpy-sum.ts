/**
 * Sum of `values[start, start + count)` in the order of additions of `numpy.add.reduce` on a contiguous float64 array: a plain loop
 * below 8 terms; eight interleaved accumulators up to 128; above that two halves, the first a multiple of 8. Which nAUC is
 * undefined hangs on the last bit of these sums, so the order is part of the result.
 *
 * @param values [n] float64
 * @returns the sum; 0 for no terms
 */
export function numpySum(values: Float64Array, start = 0, count = values.length - start): number {
  if (count < 8) return plainSum(values, start, count)
  if (count > 128) {
    const half = Math.floor(count / 2)
    const first = half - (half % 8)
    return numpySum(values, start, first) + numpySum(values, start + first, count - first)
  }
  const end = start + count - (count % 8)
  let [a, b, c, d] = [at(values, start), at(values, start + 1), at(values, start + 2), at(values, start + 3)]
  let [e, f, g, h] = [at(values, start + 4), at(values, start + 5), at(values, start + 6), at(values, start + 7)]
  for (let i = start + 8; i < end; i += 8) {
    a += at(values, i)
    b += at(values, i + 1)
    c += at(values, i + 2)
    d += at(values, i + 3)
    e += at(values, i + 4)
    f += at(values, i + 5)
    g += at(values, i + 6)
    h += at(values, i + 7)
  }
  let sum = a + b + (c + d) + (e + f + (g + h))
  for (let i = end; i < start + count; i++) sum += at(values, i)
  return sum
}

/** Mean by {@link numpySum}; NaN for no terms, as numpy gives. */
export function numpyMean(values: Float64Array, start = 0, count = values.length - start): number {
  return numpySum(values, start, count) / count
}

/** Left-to-right sum, as Python's `sum` up to 3.11. */
export function plainSum(values: Float64Array, start = 0, count = values.length - start): number {
  let sum = 0
  for (let i = start; i < start + count; i++) sum += at(values, i)
  return sum
}

// Indices are in range by construction; the cast spares the hot loops a check per element.
function at(values: Float64Array, index: number): number {
  return values[index] as number
}
