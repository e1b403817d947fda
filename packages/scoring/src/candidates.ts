import { type Similarity, SweepError } from '@sweepboard/contracts'
import { compareIds } from '@sweepboard/metrics'
import type { Matrix } from './product.ts'
import { type RankedList, RUN_DEPTH } from './ranked-list.ts'
import { SMALLEST_LENGTH, torchLengths } from './row-length.ts'

export interface Candidates {
  /** Query vectors `[query, dim]`. */
  readonly queries: Matrix
  /** Document vectors `[document, dim]`. */
  readonly documents: Matrix
  readonly documentIds: readonly string[]
  /** `candidates[q]`: document ids to rank for query q; empty where the task lists none. */
  readonly candidates: readonly (readonly string[])[]
  readonly similarity: Similarity
}

/**
 * Ranks each query's own candidates (a task with `top_ranked`, MTEB protocol 3): at most 1,000, by (score descending, id
 * descending). A query without candidates gets an empty list. An id named twice counts once.
 * Throws `SB-SCORE-002` when dimensions differ or a candidate is no document, `SB-SCORE-001` on a score that is not finite.
 */
export function rankCandidates(input: Candidates): RankedList[] {
  const { queries, documents, documentIds, candidates, similarity } = input
  if (queries.dim !== documents.dim) {
    throw new SweepError('SB-SCORE-002', { message: `documents have ${documents.dim} dimensions, queries ${queries.dim}` })
  }
  const rowOf = new Map(documentIds.map((id, row) => [id, row]))
  const queryRows = similarity === 'cosine' ? normalized(queries) : queries
  const documentRows = similarity === 'cosine' ? normalized(documents) : documents
  return candidates.map((ids, query) => {
    const scored = [...new Set(ids)].map((id) => {
      const row = rowOf.get(id)
      if (row === undefined) throw new SweepError('SB-SCORE-002', { message: `candidate "${id}" is no document` })
      const score = Math.fround(dot(queryRows, query, { rows: documentRows, row }))
      if (!Number.isFinite(score)) throw new SweepError('SB-SCORE-001', { query: `row ${query} and document "${id}"` })
      return { id, score }
    })
    return rankScored(scored)
  })
}

/** The best 1,000 of scored documents, by (score descending, id descending). Ids are distinct. */
export function rankScored(scored: readonly { readonly id: string; readonly score: number }[]): RankedList {
  const order = scored.toSorted((a, b) => b.score - a.score || compareIds(b.id, a.id)).slice(0, RUN_DEPTH)
  return { documentIds: order.map(({ id }) => id), scores: Float32Array.from(order, ({ score }) => score) }
}

function normalized(rows: Matrix): Matrix {
  const lengths = torchLengths(rows)
  const divisor = (i: number) => Math.max(lengths[Math.floor(i / rows.dim)] as number, SMALLEST_LENGTH)
  return { ...rows, values: rows.values.map((value, i) => value / divisor(i)) }
}

function dot(queries: Matrix, query: number, { rows, row }: { rows: Matrix; row: number }): number {
  const { dim } = queries
  let sum = 0
  for (let i = 0; i < dim; i++) sum += (queries.values[query * dim + i] as number) * (rows.values[row * dim + i] as number)
  return sum
}
