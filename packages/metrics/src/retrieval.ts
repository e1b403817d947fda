import { CONFIDENCE_NAMES, type Confidence, confidenceOf } from './confidence.ts'
import {
  type CutoffScores,
  cutoffScores,
  firstRelevantRank,
  type JudgedRanking,
  type Judgments,
  judgeRanking,
} from './judged-ranking.ts'
import { abstentionArea, ascendingOrder, naucOf, oracleOf } from './nauc.ts'
import { plainSum } from './numpy-sum.ts'
import { fitsFloat32, type RankedList, rankDocuments } from './ranking.ts'
import { checkRetrievalInput, type RetrievalInput } from './retrieval-input.ts'
import { numpyRound, roundHalfEven } from './round.ts'

/** MTEB's cut-offs. */
export const DEFAULT_K_VALUES: readonly number[] = [1, 3, 5, 10, 20, 100, 1000]

/** Metric families in MTEB's order and spelling. */
const FAMILIES = ['ndcg', 'map', 'recall', 'precision', 'mrr', 'hit_rate'] as const
const NO_ORDER = new Uint32Array(0)
type Family = (typeof FAMILIES)[number]
const NAUC_FAMILIES = ['ndcg', 'map', 'recall', 'precision', 'mrr'] as const

/** Scores of one run. Keys stand in MTEB's order; `null` is an undefined value, NaN in a result file. */
export interface RetrievalScores {
  /** As written to a result file: rounded by the metric code and again, to 6 decimals, by the file writer. */
  readonly metrics: Record<string, number | null>
  /** As the metric code leaves them: ndcg, map, recall, accuracy, precision, hit_rate at 5 decimals; mrr and nauc unrounded. */
  readonly unrounded: Record<string, number | null>
  /** `<family>_at_<k>` -> [queries] unrounded, in the order of `queryIds`; every metric but accuracy (recall_at_1) and nauc. */
  readonly perQuery: Record<string, Float64Array>
  /** nAUC's confidences, each [queries]. */
  readonly confidence: Record<keyof Confidence, Float64Array>
}

/**
 * Scores one retrieval or reranking run as MTEB v2 does, key for key and digit for digit.
 * ndcg, map, recall, precision and hit_rate rank by the float32-narrowed score (trec_eval 9), mrr by the score as given;
 * both break ties by document id, descending. An empty list scores 0 with confidence 0, no relevant document scores 0,
 * no query at all gives null everywhere. Deleting identical ids, skipping first results and capping at 1,000 are the caller's.
 *
 * @throws MetricInputError on NaN scores, repeated ids, grades that are no integers, arrays that do not match
 * @see MTEB `mteb/_evaluators/retrieval_metrics.py` (calculate_retrieval_scores, make_score_dict); protocol 2.6
 */
export function scoreRetrieval(input: RetrievalInput): RetrievalScores {
  const kValues = input.kValues ?? DEFAULT_K_VALUES
  checkRetrievalInput(input, kValues)
  const { perQuery, confidence } = scoreQueries(input, kValues)
  const unrounded: Record<string, number | null> = {}
  const metrics: Record<string, number | null> = {}
  const write = (key: string, value: number, round: (x: number, digits: number) => number) => {
    unrounded[key] = orNull(value)
    metrics[key] = orNull(round(value, 6))
  }
  for (const family of ['ndcg', 'map', 'recall'] as const) writeMeans(family)
  if (kValues.includes(1)) write('accuracy', unrounded.recall_at_1 ?? Number.NaN, roundHalfEven)
  for (const family of ['precision', 'mrr'] as const) writeMeans(family)
  for (const [key, value] of naucs(perQuery, confidence, kValues)) write(key, value, numpyRound)
  writeMeans('hit_rate')
  return { metrics, unrounded, perQuery, confidence }

  function writeMeans(family: Family): void {
    for (const k of kValues) {
      const values = perQuery[`${family}_at_${k}`] as Float64Array
      const mean = plainSum(values) / values.length
      write(`${family}_at_${k}`, family === 'mrr' ? mean : roundHalfEven(mean, 5), roundHalfEven)
    }
  }
}

function scoreQueries(input: RetrievalInput, kValues: readonly number[]): Pick<RetrievalScores, 'perQuery' | 'confidence'> {
  const { runs, qrels } = input
  const empty = () => new Float64Array(runs.length)
  const columns = FAMILIES.map((family) => ({ family, byCutoff: kValues.map(empty) }))
  const confidence = { max: empty(), std: empty(), diff1: empty() }
  for (const [query, list] of runs.entries()) {
    const scores = scoreQuery(list, qrels[query] as Judgments, kValues)
    for (const { family, byCutoff } of columns) {
      const own = scores[family]
      for (let i = 0; i < own.length; i++) (byCutoff[i] as Float64Array)[query] = own[i] as number
    }
    const sure = confidenceOf(list.scores)
    for (const name of CONFIDENCE_NAMES) confidence[name][query] = sure[name]
  }
  const named = columns.flatMap(({ family, byCutoff }) => byCutoff.map((values, i) => [`${family}_at_${kValues[i]}`, values]))
  return { perQuery: Object.fromEntries(named), confidence }
}

function scoreQuery(list: RankedList, qrels: Judgments, kValues: readonly number[]): CutoffScores & { mrr: Float64Array } {
  const depth = kValues.at(-1) ?? 0
  // who knows the grades of its ranks needs no order
  const order = list.ranked && list.gradesOf ? NO_ORDER : rankDocuments(list, 'float32')
  const judged = judgeRanking(list, order, qrels, { depth })
  const exact = fitsFloat32(list.scores) ? judged : judgeRanking(list, rankDocuments(list, 'float64'), qrels, { depth })
  return { ...cutoffScores(judged, kValues), mrr: reciprocalRanks(exact, kValues) }
}

function reciprocalRanks(ranking: JudgedRanking, kValues: readonly number[]): Float64Array {
  const rank = firstRelevantRank(ranking)
  return Float64Array.from(kValues, (k) => (rank <= k ? 1 / rank : 0))
}

function* naucs(
  perQuery: RetrievalScores['perQuery'],
  confidence: RetrievalScores['confidence'],
  kValues: readonly number[],
): Generator<[string, number]> {
  const orders = CONFIDENCE_NAMES.map((name) => [name, ascendingOrder(confidence[name])] as const)
  for (const family of NAUC_FAMILIES) {
    for (const k of kValues) {
      const metric = perQuery[`${family}_at_${k}`] as Float64Array
      const oracle = oracleOf(metric)
      for (const [name, order] of orders) yield [`nauc_${family}_at_${k}_${name}`, naucOf(abstentionArea(order, metric), oracle)]
    }
  }
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}
