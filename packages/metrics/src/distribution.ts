import { numpyMean } from './numpy-sum.ts'

/** Percentiles that a distribution is shown by. */
export const PERCENTILES = [1, 5, 25, 50, 75, 95, 99] as const
export type Percentile = (typeof PERCENTILES)[number]

/** How a list of numbers is spread. `std` is the population's (divided by n). */
export interface Distribution {
  readonly count: number
  readonly mean: number
  readonly std: number
  readonly min: number
  readonly max: number
  readonly percentiles: Readonly<Record<`p${Percentile}`, number>>
}

/**
 * Mean, standard deviation, extremes and percentiles of finite numbers; percentiles between two values are interpolated linearly
 * (numpy's default). All NaN for an empty list.
 */
export function distributionOf(values: ArrayLike<number>): Distribution {
  const sorted = Float64Array.from(values).sort()
  const mean = numpyMean(sorted)
  const squares = sorted.map((value) => (value - mean) * (value - mean))
  return {
    count: sorted.length,
    mean,
    std: Math.sqrt(numpyMean(squares)),
    min: sorted[0] ?? Number.NaN,
    max: sorted[sorted.length - 1] ?? Number.NaN,
    percentiles: Object.fromEntries(PERCENTILES.map((p) => [`p${p}`, percentileOf(sorted, p)])) as Distribution['percentiles'],
  }
}

/** @param sorted ascending */
function percentileOf(sorted: Float64Array, percent: number): number {
  if (sorted.length === 0) return Number.NaN
  const place = ((sorted.length - 1) * percent) / 100
  const below = Math.floor(place)
  const low = sorted[below] as number
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number
  return low + (high - low) * (place - below)
}
