import type { Judgments } from './judged-ranking.ts'
import { numpyMean } from './numpy-sum.ts'
import { compareIds, type RankedList, rankDocuments } from './ranking.ts'
import { scoreRetrieval } from './retrieval.ts'
import type { RetrievalInput } from './retrieval-input.ts'
import { numpyRound } from './round.ts'
import type { RoundedScores } from './rounded-scores.ts'

/** Documents that the changed instruction makes irrelevant, by the query's id without `-og` or `-changed`. */
export type ChangedDocuments = ReadonlyMap<string, readonly string[]>

export interface InstructionRerankingInput extends RetrievalInput {
  readonly changed: ChangedDocuments
}

/** Keys of the halves in {@link RoundedScores}: `og.ndcg_at_10`, `changed.ndcg_at_10`. MTEB's own keys have no dot. */
const HALVES = ['og', 'changed'] as const

/**
 * What FollowIR tasks report beside the retrieval keys: `p-MRR`, then every retrieval key of the queries that end in `-og`,
 * then of the others, as `og.<key>` and `changed.<key>`; {@link nestEntry} makes the nested form of a result file.
 * A base id of which a half has no run is skipped; p-MRR is `null` when none is left.
 *
 * @throws MetricInputError as `scoreRetrieval`
 * @see MTEB `mteb/_evaluators/retrieval_metrics.py` (evaluate_p_mrr_change); protocol 3
 */
export function scoreInstructionReranking(input: InstructionRerankingInput): RoundedScores {
  const value = pMrr(input)
  const undefinedOr = (form: number) => (Number.isNaN(value) ? null : form)
  const metrics: RoundedScores['metrics'] = { 'p-MRR': undefinedOr(numpyRound(value, 6)) }
  const unrounded: RoundedScores['unrounded'] = { 'p-MRR': undefinedOr(value) }
  for (const half of HALVES) {
    const scores = scoreRetrieval(halfOf(input, half))
    for (const [key, score] of Object.entries(scores.metrics)) metrics[`${half}.${key}`] = score
    for (const [key, score] of Object.entries(scores.unrounded)) unrounded[`${half}.${key}`] = score
  }
  return { metrics, unrounded }
}

/** The entry of a result file: keys with a dot become objects, `{"og": {"ndcg_at_10": 1}}`, in the order given. */
export function nestEntry<Value>(flat: Readonly<Record<string, Value>>): Record<string, Value | Record<string, Value>> {
  const entry: Record<string, Value | Record<string, Value>> = {}
  for (const [key, value] of Object.entries(flat)) {
    const dot = key.indexOf('.')
    if (dot < 0) entry[key] = value
    else {
      const name = key.slice(0, dot)
      entry[name] = { ...(entry[name] as Record<string, Value>), [key.slice(dot + 1)]: value }
    }
  }
  return entry
}

function pMrr({ queryIds, runs, changed }: InstructionRerankingInput): number {
  const runOf = new Map(queryIds.map((id, i) => [id, runs[i] as RankedList]))
  const perQuery: number[] = []
  for (const base of [...changed.keys()].sort(compareIds)) {
    const [before, after] = [runOf.get(`${base}-og`), runOf.get(`${base}-changed`)]
    const documents = changed.get(base) ?? []
    if (!before || !after || documents.length === 0) continue
    const [ranksBefore, ranksAfter] = [ranksIn(before), ranksIn(after)]
    perQuery.push(numpyMean(Float64Array.from(documents, (id) => rankChange(ranksBefore(id), ranksAfter(id)))))
  }
  return numpyMean(Float64Array.from(perQuery))
}

/** 1-based rank by (score as given descending, id descending); one more than the length for a document that is absent. */
function ranksIn(list: RankedList): (id: string) => number {
  const ranks = new Map(Array.from(rankDocuments(list, 'float64'), (index, i) => [list.documentIds[index] as string, i + 1]))
  return (id) => ranks.get(id) ?? list.documentIds.length + 1
}

/** In (-1, 1): above 0 where the document fell, as it should. */
function rankChange(before: number, after: number): number {
  return before >= after ? 1 / before / (1 / after) - 1 : 1 - 1 / after / (1 / before)
}

function halfOf({ queryIds, qrels, runs, kValues }: RetrievalInput, half: (typeof HALVES)[number]): RetrievalInput {
  const own = [...queryIds.keys()].filter((i) => queryIds[i]?.endsWith('-og') === (half === 'og'))
  return {
    queryIds: own.map((i) => queryIds[i] as string),
    qrels: own.map((i) => qrels[i] as Judgments),
    runs: own.map((i) => runs[i] as RankedList),
    ...(kValues ? { kValues } : {}),
  }
}
