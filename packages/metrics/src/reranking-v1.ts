import { averagePrecision, descendingOrder } from './average-precision.ts'
import { CONFIDENCE_NAMES, confidenceOf } from './confidence.ts'
import { MetricInputError } from './metric-input-error.ts'
import { nauc } from './nauc.ts'
import { numpyMean } from './numpy-sum.ts'
import { numpyRound } from './round.ts'
import { type RoundedScores, roundedScores } from './rounded-scores.ts'

/** mteb 1's cut-off of the reciprocal rank. */
const MRR_DEPTH = 10

/** The candidates of one query, positives and negatives in the order of the dataset. */
export interface RerankingSample {
  /** [candidates] whether candidate i is a positive. */
  readonly relevant: readonly boolean[]
  /** [candidates] score of candidate i; for a query of several texts the largest over them. */
  readonly scores: Float32Array | Float64Array
}

export interface RerankingV1Scores extends RoundedScores {
  /** [samples kept] unrounded, by metric. */
  readonly perSample: { readonly map: Float64Array; readonly mrr: Float64Array }
  /** Places of the samples that were kept. */
  readonly kept: readonly number[]
}

/**
 * The reranking protocol of mteb 1: `map`, `mrr` (within 10) and `nAUC_<metric>_<confidence>`. A sample without a positive
 * or without a negative is dropped. Candidates of equal score keep their order for mrr, where mteb 1 leaves it open.
 * `null` everywhere when no sample is left.
 *
 * @throws MetricInputError when lengths differ or a score is NaN
 * @see v1 `mteb/evaluation/evaluators/RerankingEvaluator.py`; protocol 3
 */
export function scoreRerankingV1(samples: readonly RerankingSample[]): RerankingV1Scores {
  refuse(samples)
  const kept = [...samples.keys()].filter((i) => new Set(samples[i]?.relevant).size === 2)
  const of = (value: (sample: RerankingSample) => number) => Float64Array.from(kept, (i) => value(samples[i] as RerankingSample))
  const perSample = { map: of(({ relevant, scores }) => averagePrecision(relevant, scores)), mrr: of(reciprocalRank) }
  const values: Record<string, number> = { map: numpyMean(perSample.map), mrr: numpyMean(perSample.mrr) }
  for (const metric of ['map', 'mrr'] as const) {
    for (const name of CONFIDENCE_NAMES) {
      const confidence = of(({ scores }) => confidenceOf(scores)[name])
      values[`nAUC_${metric}_${name}`] = nauc(confidence, perSample[metric])
    }
  }
  return { ...roundedScores(values, numpyRound), perSample, kept }
}

function reciprocalRank({ relevant, scores }: RerankingSample): number {
  const rank = 1 + descendingOrder(scores).findIndex((index) => relevant[index] === true)
  return rank <= MRR_DEPTH ? 1 / rank : 0
}

function refuse(samples: readonly RerankingSample[]): void {
  const mistakes = samples.flatMap(({ relevant, scores }, i) => {
    if (relevant.length !== scores.length) return [`sample ${i} has ${relevant.length} candidates but ${scores.length} scores`]
    return scores.some(Number.isNaN) ? [`a score of sample ${i} is NaN`] : []
  })
  if (mistakes.length > 0) throw new MetricInputError(mistakes.map((message) => ({ queryId: null, message })))
}
