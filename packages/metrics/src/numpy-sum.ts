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
  const blocked = count - (count % 8)
  const lanes = values.slice(start, start + 8)
  for (let i = 8; i < blocked; i++) lanes[i % 8] = at(lanes, i % 8) + at(values, start + i)
  let sum = pair(lanes, 0) + pair(lanes, 4)
  for (let i = blocked; i < count; i++) sum += at(values, start + i)
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

function pair(lanes: Float64Array, first: number): number {
  return at(lanes, first) + at(lanes, first + 1) + (at(lanes, first + 2) + at(lanes, first + 3))
}

// Indices are in range by construction; the cast spares the hot loops a check per element.
function at(values: Float64Array, index: number): number {
  return values[index] as number
}
