import type { InstructionRerankingJudgments, Judgments, MetricValues, RerankingJudgments } from '@sweepboard/contracts'
import {
  maxOverSubqueries,
  pairedAccuracy,
  type RetrievalInput,
  robustnessAt10,
  roundHalfEven,
  scoreInstructionReranking,
  scoreRetrieval,
} from '@sweepboard/metrics'
import type { RankedList } from './ranked-list.ts'
import type { PerQueryFile, RunFile } from './run-file.ts'
import { measured } from './task-scores.ts'

/** What ranked lists score. */
export interface RankedScores {
  readonly metrics: MetricValues
  readonly perQuery: PerQueryFile
  readonly run: RunFile
}

/**
 * The entry of ranked lists, one per query id: MTEB's retrieval keys, then what the task adds: p-MRR and both halves where
 * the judgments name changed documents; `max_over_subqueries_*`, `paired_accuracy` or `robustness_at_10` where that is the
 * task's main score. Errors: `SB-SCORE-002`.
 */
export function rankedScores(
  judgments: Pick<Judgments, 'queryIds' | 'qrels'> | RerankingJudgments | InstructionRerankingJudgments,
  lists: readonly RankedList[],
  mainScore: string,
): RankedScores {
  const { queryIds } = judgments
  const input = { queryIds, qrels: gradesOf(judgments), runs: lists }
  return measured(() => {
    const { metrics, perQuery } = scoreRetrieval(input)
    const added = { ...changedMetrics(judgments, input), ...mainMetrics(mainScore, input, perQuery) }
    return { metrics: { ...metrics, ...added }, perQuery: { queryIds, values: perQuery }, run: { queryIds, lists } }
  })
}

type Grades = readonly ReadonlyMap<string, number>[]
/** Of judgments that are in use: made once for all configs. */
const known = new WeakMap<object, Grades>()

/** [queries] grades by document id. */
export function gradesOf(judgments: { readonly qrels: readonly (readonly (readonly [string, number])[])[] }): Grades {
  const grades = known.get(judgments) ?? judgments.qrels.map((own) => new Map(own))
  known.set(judgments, grades)
  return grades
}

function changedMetrics(judgments: object, input: RetrievalInput): MetricValues {
  const changed = 'changed' in judgments ? (judgments as InstructionRerankingJudgments).changed : []
  return changed.length === 0 ? {} : scoreInstructionReranking({ ...input, changed: new Map(changed) }).metrics
}

function mainMetrics(mainScore: string, input: RetrievalInput, perQuery: Record<string, Float64Array>): MetricValues {
  const { queryIds } = input
  const of = (key: string) => perQuery[key] as Float64Array
  if (mainScore.startsWith('max_over_subqueries_')) return maxOverSubqueries(input).metrics
  if (mainScore === 'paired_accuracy') return { [mainScore]: roundHalfEven(pairedAccuracy(queryIds, of('recall_at_1')), 6) }
  if (mainScore === 'robustness_at_10') return { [mainScore]: roundHalfEven(robustnessAt10(queryIds, of('ndcg_at_10')), 6) }
  return {}
}
