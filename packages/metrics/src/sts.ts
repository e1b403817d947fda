import { pearson, spearman } from './correlation.ts'
import { MetricInputError } from './metric-input-error.ts'
import { type RoundedScores, roundedScores } from './rounded-scores.ts'

/** Scores of sentence pairs, larger is closer (distances negated); each [pairs]. */
export interface StsPairScores {
  /** By the model's own similarity: the keys `pearson` and `spearman`. */
  readonly similarity: ArrayLike<number>
  readonly cosine: ArrayLike<number>
  /** Negated distances. */
  readonly manhattan: ArrayLike<number>
  readonly euclidean: ArrayLike<number>
}

export interface StsInput {
  /** [pairs] gold similarity of each pair, as the task stores it. */
  readonly gold: readonly number[]
  /** The task's range of gold scores. */
  readonly minScore: number
  readonly maxScore: number
  readonly scores: StsPairScores
}

const KINDS = ['similarity', 'cosine', 'manhattan', 'euclidean'] as const

/**
 * The eight keys of an STS entry: Pearson and Spearman between gold and the scores of each kind. `null` where gold or
 * scores have one single value, or there are fewer than two pairs.
 *
 * @throws MetricInputError when lengths differ, a value is NaN or the range is empty
 * @see MTEB `mteb/abstasks/sts.py`; protocol 4.1
 */
export function scoreSts({ gold, minScore, maxScore, scores }: StsInput): RoundedScores {
  const mistakes = KINDS.filter((kind) => scores[kind].length !== gold.length).map(
    (kind) => `${gold.length} gold scores but ${scores[kind].length} ${kind} scores`,
  )
  if (!(maxScore > minScore)) mistakes.push(`the gold range ${minScore} to ${maxScore} is empty`)
  gold.forEach((value, i) => {
    if (!Number.isFinite(value)) mistakes.push(`the gold score of pair ${i} is ${value}`)
  })
  if (mistakes.length > 0) throw new MetricInputError(mistakes.map((message) => ({ queryId: null, message })))
  const wanted = gold.map((value) => (value - minScore) / (maxScore - minScore))
  const values: Record<string, number> = {}
  for (const kind of KINDS) {
    const prefix = kind === 'similarity' ? '' : `${kind}_`
    values[`${prefix}pearson`] = pearson(wanted, scores[kind])
    values[`${prefix}spearman`] = spearman(wanted, scores[kind])
  }
  return roundedScores(values)
}
