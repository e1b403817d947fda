import { pearson, spearman } from './correlation.ts'
import { type Distribution, distributionOf } from './distribution.ts'
import { kendall } from './kendall.ts'

/** Scores of two scorers for the same documents of one query, in one order. */
export interface ScoredQuery {
  readonly queryId: string
  readonly a: ArrayLike<number>
  readonly b: ArrayLike<number>
}

/** Whether two scorers judge the same pairs alike. Correlations are NaN where they are undefined. */
export interface ScoreAgreement {
  /** Over all pairs. */
  readonly pearson: number
  /** Over all pairs. */
  readonly spearman: number
  /** Mean of Kendall's tau-b within each query, over the queries where it is defined. */
  readonly kendall: number
  /** Share of queries whose best document is the same; the first of equals counts as best. */
  readonly top1: number
  /** Plain mean of the four above; NaN where one of them is. */
  readonly composite: number
  /** |a - b| over all pairs. */
  readonly difference: Distribution
  readonly queryCount: number
  readonly pairCount: number
}

/** @param queries each with at least one pair; both lists of a query are of equal length */
export function scoreAgreement(queries: readonly ScoredQuery[]): ScoreAgreement {
  const all = { a: queries.flatMap(({ a }) => Array.from(a)), b: queries.flatMap(({ b }) => Array.from(b)) }
  const taus = queries.map(({ a, b }) => kendall(a, b)).filter((tau) => !Number.isNaN(tau))
  const four = {
    pearson: pearson(all.a, all.b),
    spearman: spearman(all.a, all.b),
    kendall: mean(taus),
    top1: mean(queries.map(({ a, b }) => (best(a) === best(b) ? 1 : 0))),
  }
  return {
    ...four,
    composite: mean(Object.values(four)),
    difference: distributionOf(all.a.map((value, i) => Math.abs(value - (all.b[i] as number)))),
    queryCount: queries.length,
    pairCount: all.a.length,
  }
}

function best(scores: ArrayLike<number>): number {
  let found = 0
  for (let i = 1; i < scores.length; i++) if ((scores[i] as number) > (scores[found] as number)) found = i
  return found
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length
}
