import type { RankedJudgments } from './ranked-judgments.ts'
import type { RunFile } from './run-file.ts'

/** One query with its relevant documents and the wrong ones that a run put above them. */
export interface HardNegatives {
  readonly queryId: string
  readonly queryRow: number
  /** Relevant documents of the corpus, in the order of the judgments. */
  readonly positives: readonly RowOfDocument[]
  /** In the order of the run. */
  readonly negatives: readonly RowOfDocument[]
}

export interface RowOfDocument {
  readonly id: string
  /** Row of the document text set. */
  readonly row: number
}

/**
 * For each query the documents that are not relevant among the best `depth` of its list, as long as a relevant document stands below them
 * or is missing from the list. A text counts once, and never where a relevant document has the same one. Queries without such a
 * document, or without a relevant document in the corpus, are left out.
 */
export function* hardNegatives(
  judgments: Pick<RankedJudgments, 'queryIds' | 'queryRows' | 'documentIds' | 'documentRows' | 'qrels'>,
  { queryIds, lists }: RunFile,
  depth: number,
): Generator<HardNegatives> {
  const rowOf = new Map(judgments.documentIds.map((id, i) => [id, judgments.documentRows[i] as number]))
  const listOf = new Map(queryIds.map((id, i) => [id, lists[i]]))
  for (const [i, queryId] of judgments.queryIds.entries()) {
    const relevant = (judgments.qrels[i] ?? []).flatMap(([id, grade]) => (grade > 0 ? [id] : []))
    const positives = withRows(relevant, rowOf, new Set())
    const documentIds = listOf.get(queryId)?.documentIds ?? []
    const above = documentIds.slice(0, Math.min(depth, endOf(documentIds, new Set(positives.map(({ id }) => id)))))
    const negatives = withRows(above, rowOf, new Set(positives.map(({ row }) => row)))
    if (positives.length > 0 && negatives.length > 0)
      yield { queryId, queryRow: judgments.queryRows[i] as number, positives, negatives }
  }
}

/** Place of the last relevant document; the list's end where one is missing. */
function endOf(documentIds: readonly string[], relevant: ReadonlySet<string>): number {
  const places = documentIds.flatMap((id, place) => (relevant.has(id) ? [place] : []))
  return places.length < relevant.size ? documentIds.length : (places.at(-1) ?? 0)
}

/** Ids of the corpus with their rows, each row once and none of `except`. */
function withRows(ids: readonly string[], rowOf: ReadonlyMap<string, number>, except: ReadonlySet<number>): RowOfDocument[] {
  const seen = new Set(except)
  return ids.flatMap((id) => {
    const row = rowOf.get(id)
    if (row === undefined || seen.has(row)) return []
    seen.add(row)
    return [{ id, row }]
  })
}
