import { judgeRanking } from './judged-ranking.ts'
import { compareIds, rankDocuments, type ScorePrecision } from './ranking.ts'
import type { TrecQrels, TrecRun } from './trec-format.ts'
import { MIN_GEOMETRIC_SCORE, readTrecMeasures, type TrecMeasure } from './trec-measures.ts'

/** trec_eval's switches. */
export interface TrecOptions {
  /** Smallest grade that counts as relevant in all but the ndcg measures (`-l`); 1 by default. */
  readonly relevanceLevel?: number
  /** Documents considered for each query (`-M`); all by default. */
  readonly maxDocuments?: number
  /** Average over the queries of the qrels, those missing from the run with an empty list (`-c`); false by default. */
  readonly complete?: boolean
  /** `float32` ranks as trec_eval 9 and MTEB do (default), `float64` as trec_eval 10. */
  readonly scorePrecision?: ScorePrecision
}

/** What trec_eval prints, unrounded: output name -> value. */
export interface TrecEvaluation {
  /** Query id -> values (`-q`), ids in code-point order: queries of both files, or all of the qrels when `complete`. */
  readonly perQuery: ReadonlyMap<string, Readonly<Record<string, number>>>
  /** Means over the queries; sums for num_ret, num_rel and num_rel_ret, and `num_q`. */
  readonly all: Readonly<Record<string, number>>
}

/**
 * trec_eval's numbers for one run. Documents are ranked by score, then id, both descending; the run's rank field is not used.
 * Queries in only one of the files are left out (but see `complete`). A value over no query is 0.
 *
 * @param measures as `-m` takes them: `map`, `gm_map`, `ndcg`, `Rprec`, `bpref`, `recip_rank`, `num_ret`, `num_rel`, `num_rel_ret`;
 *   with optional cut-offs `P.5,10`, `recall`, `ndcg_cut`, `map_cut`, `success`, `iprec_at_recall.0.5`
 * @throws UnknownMeasureError naming every unknown measure
 * @see https://github.com/usnistgov/trec_eval
 */
export function evaluateTrec(
  run: TrecRun,
  qrels: TrecQrels,
  measures: readonly string[],
  options: TrecOptions = {},
): TrecEvaluation {
  const { relevanceLevel = 1, maxDocuments = Number.POSITIVE_INFINITY, complete = false, scorePrecision = 'float32' } = options
  const wanted = readTrecMeasures(measures)
  const judging = { relevanceLevel, depth: maxDocuments }
  const perQuery = new Map<string, Readonly<Record<string, number>>>()
  const nothing = { documentIds: [], scores: new Float64Array(0) }
  for (const query of [...qrels.keys()].sort(compareIds)) {
    const list = run.queries.get(query)
    if (list === undefined && !complete) continue
    const order = rankDocuments(list ?? nothing, scorePrecision)
    const ranking = judgeRanking(list ?? nothing, order, qrels.get(query) ?? new Map(), judging)
    perQuery.set(query, Object.fromEntries(wanted.map(({ key, score }) => [key, score(ranking)])))
  }
  const all = wanted.map((measure) => [measure.key, summarize(measure, [...perQuery.values()])])
  return { perQuery, all: { num_q: perQuery.size, ...Object.fromEntries(all) } }
}

function summarize({ key, summary }: TrecMeasure, queries: readonly Readonly<Record<string, number>>[]): number {
  const values = queries.map((scores) => scores[key] as number)
  if (summary === 'sum') return total(values)
  if (values.length === 0) return 0
  if (summary === 'mean') return total(values) / values.length
  return Math.exp(total(values.map((value) => Math.log(Math.max(value, MIN_GEOMETRIC_SCORE)))) / values.length)
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
