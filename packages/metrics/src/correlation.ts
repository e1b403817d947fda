import { numpyMean, numpySum } from './numpy-sum.ts'

/**
 * Pearson's r of two lists of equal length, in [-1, 1]; NaN for fewer than two values, for a list of one single value and
 * where a value is not finite. The steps are those of `scipy.stats.pearsonr` (1.17), equal to it within 1e-12.
 *
 * @param x [n] @param y [n]
 */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  sameLength(x, y)
  const [unitX, unitY] = [unitDeviations(x), unitDeviations(y)]
  if (unitX === null || unitY === null) return Number.NaN
  const r = numpySum(unitX.map((value, i) => value * (unitY[i] as number)))
  return Math.max(-1, Math.min(1, r))
}

/** Spearman's rho: Pearson's r of the average ranks; NaN where {@link pearson} is. Source: `scipy.stats.spearmanr`. */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  sameLength(x, y)
  if (!allFinite(x) || !allFinite(y)) return Number.NaN
  return pearson(averageRanks(x), averageRanks(y))
}

/**
 * Ranks from 1, ascending; equal values share the mean of their ranks (`scipy.stats.rankdata`).
 *
 * @param values [n] without NaN
 */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i).sort((a, b) => at(values, a) - at(values, b) || a - b)
  const ranks = new Float64Array(values.length)
  for (let start = 0; start < order.length; ) {
    let end = start + 1
    while (end < order.length && at(values, order[end] as number) === at(values, order[start] as number)) end++
    for (let i = start; i < end; i++) ranks[order[i] as number] = (start + 1 + end) / 2
    start = end
  }
  return ranks
}

/** Deviations from the mean, scaled to length 1; null where that is undefined. */
function unitDeviations(values: ArrayLike<number>): Float64Array | null {
  const own = Float64Array.from(values)
  if (own.length < 2 || !allFinite(own) || own.every((value) => value === own[0])) return null
  const mean = numpyMean(own)
  const deviations = own.map((value) => value - mean)
  const largest = deviations.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  if (largest === 0) return null
  // scaled by the largest first, so that squares neither overflow nor vanish
  const length = largest * Math.sqrt(numpySum(deviations.map((value) => (value / largest) ** 2)))
  return deviations.map((value) => value / length)
}

function allFinite(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false
  return true
}

function sameLength(x: ArrayLike<number>, y: ArrayLike<number>): void {
  if (x.length !== y.length) throw new RangeError(`lists of ${x.length} and ${y.length} values cannot be correlated`)
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number
}
