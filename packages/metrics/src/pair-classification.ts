import { averagePrecision, descendingOrder } from './average-precision.ts'
import { MetricInputError, type MetricInputMistake } from './metric-input-error.ts'
import { type RoundedScores, roundedScores } from './rounded-scores.ts'

/** Score kinds of a pair in MTEB's order. Manhattan and euclidean are distances: smaller is closer. */
const KINDS = ['similarity', 'cosine', 'manhattan', 'euclidean', 'dot'] as const
export type PairScoreKind = (typeof KINDS)[number]
const DISTANCES: ReadonlySet<PairScoreKind> = new Set(['manhattan', 'euclidean'])
const METRICS = ['accuracy', 'f1', 'precision', 'recall', 'ap'] as const

export interface PairClassificationInput {
  /** [pairs] 1 = the pair belongs together, 0 = not. */
  readonly labels: readonly number[]
  /** Each [pairs]; similarities as they are, distances positive. */
  readonly scores: Readonly<Record<PairScoreKind, ArrayLike<number>>>
}

export interface PairClassificationScores extends RoundedScores {
  /**
   * Score at which the best accuracy and f1 were reached, the mean of its two neighbours: the keys `<kind>_accuracy_threshold`
   * and `<kind>_f1_threshold` that mteb 1 wrote. -1 and 0 where nothing was better than the start, as there.
   */
  readonly thresholds: Record<string, number>
}

/**
 * The keys `<kind>_{accuracy,f1,precision,recall,ap}` of the five kinds, and `max_*` over them. Rows are taken from the
 * closest on, in row order where they tie; the last one is never taken, so "all positive" cannot be the best cut.
 *
 * @throws MetricInputError when lengths differ, a label is not 0 or 1, a score is NaN
 * @see MTEB `mteb/abstasks/pair_classification.py`; protocol 4.2
 */
export function scorePairClassification({ labels, scores }: PairClassificationInput): PairClassificationScores {
  refuse(labels, scores)
  const relevant = labels.map((label) => label === 1)
  const values: Record<string, number> = {}
  const thresholds: Record<string, number> = {}
  for (const kind of KINDS) {
    const sign = DISTANCES.has(kind) ? -1 : 1
    const closeness = Float64Array.from(scores[kind], (score) => sign * score)
    const best = bestCut(relevant, closeness)
    for (const metric of METRICS) {
      values[`${kind}_${metric}`] = metric === 'ap' ? averagePrecision(relevant, closeness) : best[metric]
    }
    const { accuracyThreshold, f1Threshold } = best
    thresholds[`${kind}_accuracy_threshold`] = accuracyThreshold === null ? -1 : sign * accuracyThreshold
    thresholds[`${kind}_f1_threshold`] = f1Threshold === null ? 0 : sign * f1Threshold
  }
  for (const metric of METRICS) {
    values[`max_${metric}`] = Math.max(...KINDS.map((kind) => values[`${kind}_${metric}`] as number))
  }
  return { ...roundedScores(values), thresholds }
}

interface BestCut {
  accuracy: number
  f1: number
  precision: number
  recall: number
  accuracyThreshold: number | null
  f1Threshold: number | null
}

function bestCut(relevant: readonly boolean[], closeness: Float64Array): BestCut {
  const order = descendingOrder(closeness)
  const total = relevant.filter(Boolean).length
  const best: BestCut = { accuracy: 0, f1: 0, precision: 0, recall: 0, accuracyThreshold: null, f1Threshold: null }
  let found = 0
  let negativesLeft = relevant.length - total
  for (let i = 0; i + 1 < order.length; i++) {
    if (relevant[order[i] as number]) found++
    else negativesLeft--
    const between = ((closeness[order[i] as number] as number) + (closeness[order[i + 1] as number] as number)) / 2
    const accuracy = (found + negativesLeft) / relevant.length
    if (accuracy > best.accuracy) Object.assign(best, { accuracy, accuracyThreshold: between })
    if (found === 0) continue
    const precision = found / (i + 1)
    const recall = found / total
    const f1 = (2 * precision * recall) / (precision + recall)
    if (f1 > best.f1) Object.assign(best, { f1, precision, recall, f1Threshold: between })
  }
  return best
}

function refuse(labels: readonly number[], scores: PairClassificationInput['scores']): void {
  const mistakes: MetricInputMistake[] = []
  const add = (message: string) => mistakes.push({ queryId: null, message })
  labels.forEach((label, i) => {
    if (label !== 0 && label !== 1) add(`the label of pair ${i} is ${label}, not 0 or 1`)
  })
  for (const kind of KINDS) {
    if (scores[kind].length !== labels.length) add(`${labels.length} labels but ${scores[kind].length} ${kind} scores`)
    const unknown = Array.from(scores[kind]).findIndex(Number.isNaN)
    if (unknown >= 0) add(`the ${kind} score of pair ${unknown} is NaN`)
  }
  if (mistakes.length > 0) throw new MetricInputError(mistakes)
}
