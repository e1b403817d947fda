import { pearson, spearman } from './correlation.ts'
import { kendall } from './kendall.ts'

/** How far calibrated scores lie from their targets. Correlations are NaN where they are undefined. */
export interface CalibrationErrors {
  readonly pairCount: number
  readonly queryCount: number
  /** Mean of |value - target|. */
  readonly mae: number
  /** Root of the mean of (value - target)². */
  readonly rmse: number
  readonly pearson: number
  readonly spearman: number
  /** Rank agreement: mean of Kendall's tau-b within each query, over the queries where it is defined. */
  readonly kendall: number
}

/** Values and targets of one query's pairs, in one order. */
export interface CalibratedQuery {
  readonly values: Float64Array
  readonly targets: Float64Array
}

export function calibrationErrors(queries: readonly CalibratedQuery[]): CalibrationErrors {
  const values = queries.flatMap((query) => Array.from(query.values))
  const targets = queries.flatMap((query) => Array.from(query.targets))
  const errors = values.map((value, i) => value - (targets[i] as number))
  const taus = queries.map((query) => kendall(query.values, query.targets)).filter((tau) => !Number.isNaN(tau))
  return {
    pairCount: values.length,
    queryCount: queries.length,
    mae: mean(errors.map(Math.abs)),
    rmse: Math.sqrt(mean(errors.map((error) => error * error))),
    pearson: pearson(values, targets),
    spearman: spearman(values, targets),
    kendall: mean(taus),
  }
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length
}
