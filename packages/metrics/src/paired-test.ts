import { numpyMean } from './numpy-sum.ts'
import { seededRandom } from './seeded-random.ts'

/** Seed of every test that is given none; shown beside its results. */
export const DEFAULT_SEED = 20_260_101
export const DEFAULT_ROUNDS = 10_000

export interface PairedOptions {
  readonly seed?: number
  /** Resamples of the bootstrap, sign assignments of the randomisation. */
  readonly rounds?: number
  /** Share of resampled means inside the interval; default 0.95. */
  readonly level?: number
}

/** What the differences of two systems over the same queries say. */
export interface PairedComparison {
  /** Queries. */
  readonly count: number
  /** Mean of the differences a - b. */
  readonly mean: number
  /** Percentile bootstrap interval of the mean. */
  readonly low: number
  readonly high: number
  /** Two-sided p of the paired randomisation test (sign flips), the observed assignment counted: never 0. */
  readonly p: number
  readonly seed: number
  readonly rounds: number
}

/** Queries of one data set, and its part of a mean over several. */
export interface PairedStratum {
  /** [queries] score of a minus score of b; at least one. */
  readonly differences: ArrayLike<number>
  /** Above 0; those of all strata add up to 1. */
  readonly share: number
}

/**
 * Compares two systems query by query: percentile bootstrap over queries for the interval (Sakai 2006), and Fisher's randomisation
 * test by flipping the sign of each difference (Smucker, Allan and Carterette 2007). Pure: equal input and seed give equal output.
 *
 * @param differences [queries] score of a minus score of b
 * @returns mean, interval and p; for no query mean 0, an interval without bounds and p 1
 */
export function comparePaired(differences: ArrayLike<number>, options: PairedOptions = {}): PairedComparison {
  return comparePairedStrata([{ differences, share: 1 }], options)
}

/**
 * The same for a mean of means: of a task over its subsets, of a benchmark over its tasks. The mean is the sum of each stratum's mean
 * times its share; queries are drawn anew within their stratum, as many as it has. One stratum gives what `comparePaired` gives.
 *
 * @returns `count` is the queries of all strata
 */
export function comparePairedStrata(strata: readonly PairedStratum[], options: PairedOptions = {}): PairedComparison {
  const { seed = DEFAULT_SEED, rounds = DEFAULT_ROUNDS, level = 0.95 } = options
  const parts = strata.map(({ differences, share }) => ({ values: Float64Array.from(differences), share }))
  const count = parts.reduce((sum, { values }) => sum + values.length, 0)
  if (count === 0) return { count, mean: 0, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, p: 1, seed, rounds }
  const mean = parts.reduce((sum, { values, share }) => sum + share * numpyMean(values), 0)
  const random = seededRandom(seed)
  const means = new Float64Array(rounds)
  for (let round = 0; round < rounds; round++) means[round] = resampledMean(parts, random)
  means.sort()
  const weighted = parts.flatMap(({ values, share }) => Array.from(values, (value) => value * ((share * count) / values.length)))
  return {
    count,
    mean,
    low: quantile(means, (1 - level) / 2),
    high: quantile(means, (1 + level) / 2),
    p: randomisationP(Float64Array.from(weighted), { random, rounds }),
    seed,
    rounds,
  }
}

function resampledMean(parts: readonly { values: Float64Array; share: number }[], random: () => number): number {
  let mean = 0
  for (const { values, share } of parts) {
    let sum = 0
    for (let i = 0; i < values.length; i++) sum += values[random() % values.length] as number // bias below 2^-20 at any real count
    mean += share * (sum / values.length)
  }
  return mean
}

function randomisationP(values: Float64Array, { random, rounds }: { random: () => number; rounds: number }): number {
  const observed = Math.abs(values.reduce((sum, value) => sum + value, 0))
  const slack = 1e-12 * Math.max(1, observed) // sums of the same numbers in other signs differ by rounding
  let extreme = 1
  for (let round = 0; round < rounds; round++) {
    let sum = 0
    let bits = 0
    for (let i = 0; i < values.length; i++) {
      if (i % 32 === 0) bits = random()
      const value = values[i] as number
      sum += bits & 1 ? value : -value
      bits >>>= 1
    }
    if (Math.abs(sum) >= observed - slack) extreme += 1
  }
  return extreme / (rounds + 1)
}

/** Linear between the two nearest of sorted values, as numpy's default. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  const low = sorted[below] as number
  return low + (at - below) * ((sorted[Math.min(below + 1, sorted.length - 1)] as number) - low)
}

/**
 * Holm's step-down correction: p values adjusted so that rejecting all at or below a level keeps the chance of any false rejection
 * at that level.
 *
 * @param ps [tests] in any order
 * @returns [tests] adjusted, in the same order, never above 1
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((i, j) => (ps[i] as number) - (ps[j] as number))
  const adjusted = new Array<number>(ps.length)
  let least = 0
  for (const [rank, i] of order.entries()) {
    least = Math.max(least, Math.min(1, (ps[i] as number) * (ps.length - rank)))
    adjusted[i] = least
  }
  return adjusted
}
