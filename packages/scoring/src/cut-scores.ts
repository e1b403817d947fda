import type { MetricValues } from '@sweepboard/contracts'
import { roundHalfEven } from '@sweepboard/metrics'
import type { RankedJudgments } from './ranked-judgments.ts'
import type { RankedList } from './ranked-list.ts'

/** What lists that end early keep. */
export interface CutScores {
  readonly metrics: MetricValues
  /** `[metric][query]`, in the order of the judgments; not rounded. */
  readonly perQuery: Readonly<Record<string, Float64Array>>
}

/**
 * `precision_at_cut`: relevant documents kept / documents kept (0 where nothing is kept); `recall_at_cut`: relevant documents kept /
 * relevant documents judged (0 where none is); `kept_mean`: documents kept. Means over all judged queries, to 5 decimals. A document is
 * relevant from grade 1 on.
 */
export function cutScores({ qrels }: Pick<RankedJudgments, 'qrels'>, lists: readonly RankedList[]): CutScores {
  const perQuery = {
    precision_at_cut: new Float64Array(lists.length),
    recall_at_cut: new Float64Array(lists.length),
    kept_mean: new Float64Array(lists.length),
  }
  lists.forEach(({ documentIds }, i) => {
    const relevant = new Set((qrels[i] ?? []).flatMap(([id, grade]) => (grade > 0 ? [id] : [])))
    const hits = documentIds.filter((id) => relevant.has(id)).length
    perQuery.precision_at_cut[i] = documentIds.length === 0 ? 0 : hits / documentIds.length
    perQuery.recall_at_cut[i] = relevant.size === 0 ? 0 : hits / relevant.size
    perQuery.kept_mean[i] = documentIds.length
  })
  const metrics = Object.entries(perQuery).map(([key, values]) => [key, mean(values)] as const)
  return { metrics: Object.fromEntries(metrics), perQuery }
}

function mean(values: Float64Array): number {
  return values.length === 0 ? 0 : roundHalfEven(values.reduce((sum, value) => sum + value, 0) / values.length, 5)
}
