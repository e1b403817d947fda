import { MetricInputError } from './metric-input-error.ts'
import { plainSum } from './numpy-sum.ts'
import type { RankedList } from './ranking.ts'
import { type RetrievalScores, scoreRetrieval } from './retrieval.ts'
import type { RetrievalInput } from './retrieval-input.ts'

/**
 * NevIR's main score: the share of pairs `<base>_q1`, `<base>_q2` of which both queries have recall 1 at place 1. A query's
 * base is its id before the first `_`.
 *
 * @param queryIds [queries]
 * @param recallAt1 [queries] `perQuery.recall_at_1` of the run
 * @returns NaN for no query
 * @throws MetricInputError naming every pair that lacks a query
 */
export function pairedAccuracy(queryIds: readonly string[], recallAt1: Float64Array): number {
  const recall = new Map(queryIds.map((id, i) => [id, recallAt1[i]]))
  const bases = [...new Set(queryIds.map(beforeFirstUnderscore))]
  const lacking = bases.flatMap((base) => [`${base}_q1`, `${base}_q2`]).filter((id) => !recall.has(id))
  if (lacking.length > 0) throw new MetricInputError(lacking.map((queryId) => ({ queryId, message: 'is missing from its pair' })))
  return bases.filter((base) => recall.get(`${base}_q1`) === 1 && recall.get(`${base}_q2`) === 1).length / bases.length
}

/**
 * InstructIR's main score: the lowest ndcg_at_10 among the queries sharing the id part before the first `_`, averaged.
 *
 * @param queryIds [queries]
 * @param ndcgAt10 [queries] `perQuery.ndcg_at_10` of the run
 * @returns NaN for no query
 */
export function robustnessAt10(queryIds: readonly string[], ndcgAt10: Float64Array): number {
  const lowest = new Map<string, number>()
  for (const [i, id] of queryIds.entries()) {
    const base = beforeFirstUnderscore(id)
    lowest.set(base, Math.min(ndcgAt10[i] as number, lowest.get(base) ?? Number.POSITIVE_INFINITY))
  }
  return plainSum(Float64Array.from(lowest.values())) / lowest.size
}

/** Scores of the merged queries, with the ids they were merged under. */
export interface SubqueryScores extends Pick<RetrievalScores, 'metrics' | 'unrounded' | 'perQuery'> {
  /** [merged queries] the ids without their last `_` part, in order of first appearance. */
  readonly queryIds: readonly string[]
}

/**
 * MindSmallReranking's metrics: queries sharing an id but for the last `_` part become one, each document with its best score,
 * judged by the last query of the group. Every key has the prefix `max_over_subqueries_`.
 *
 * @throws MetricInputError as {@link scoreRetrieval}
 */
export function maxOverSubqueries(input: RetrievalInput): SubqueryScores {
  const groups = Map.groupBy(input.queryIds.keys(), (i) => beforeLastUnderscore(input.queryIds[i] as string))
  const members = [...groups.values()]
  const scores = scoreRetrieval({
    ...input,
    queryIds: [...groups.keys()],
    qrels: members.flatMap((group) => input.qrels[group.at(-1) ?? -1] ?? []),
    runs: members.map((group) => bestOf(group.map((i) => input.runs[i] as RankedList))),
  })
  return {
    queryIds: [...groups.keys()],
    metrics: withPrefix(scores.metrics),
    unrounded: withPrefix(scores.unrounded),
    perQuery: withPrefix(scores.perQuery),
  }
}

function bestOf(lists: readonly RankedList[]): RankedList {
  const best = new Map<string, number>()
  for (const { documentIds, scores } of lists) {
    for (const [i, id] of documentIds.entries())
      best.set(id, Math.max(scores[i] as number, best.get(id) ?? Number.NEGATIVE_INFINITY))
  }
  return { documentIds: [...best.keys()], scores: Float64Array.from(best.values()) }
}

function withPrefix<Value>(record: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [`max_over_subqueries_${key}`, value]))
}

function beforeFirstUnderscore(id: string): string {
  return id.split('_')[0] as string
}

function beforeLastUnderscore(id: string): string {
  return id.slice(0, Math.max(0, id.lastIndexOf('_')))
}
