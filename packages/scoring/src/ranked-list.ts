import type { Judgments } from '@sweepboard/contracts'
import { compareIds } from '@sweepboard/metrics'
import { type FoundRows, NEVER } from './top-rows.ts'

/** Documents a run keeps per query. */
export const RUN_DEPTH = 1000

/** The documents retrieved for one query, by (score descending, id descending in code-point order). */
export interface RankedList {
  readonly documentIds: readonly string[]
  readonly scores: Float32Array
}

/**
 * From rows of the document text set to document ids. A text set holds each distinct text once, so a row may stand for
 * several documents, which then tie. The priority of a row is the place of its best id in descending order: with it the
 * best 1,000 rows hold the best 1,000 documents, whatever ties at the cut.
 */
export class DocumentRows {
  /** For the search: place of each row's best id; `NEVER` for a row that no document has. */
  readonly priority: Uint32Array
  private readonly documentIds: readonly string[]
  /** Place of each document among all ids in descending order. */
  private readonly place: Uint32Array
  /** Documents of row r: `documents[first[r]]` to `documents[first[r + 1] - 1]`. */
  private readonly first: Uint32Array
  private readonly documents: Uint32Array

  constructor(documentIds: readonly string[], documentRows: readonly number[], rowCount: number) {
    this.documentIds = documentIds
    this.priority = new Uint32Array(rowCount).fill(NEVER)
    this.place = new Uint32Array(documentIds.length)
    this.first = new Uint32Array(rowCount + 1)
    this.documents = new Uint32Array(documentIds.length)
    const descending = Array.from(documentIds.keys()).sort((a, b) =>
      compareIds(documentIds[b] as string, documentIds[a] as string),
    )
    descending.forEach((document, place) => {
      const row = documentRows[document] as number
      this.place[document] = place
      this.priority[row] = Math.min(this.priority[row] as number, place)
    })
    for (const row of documentRows) this.first[row + 1] = (this.first[row + 1] as number) + 1
    for (let row = 0; row < rowCount; row++) this.first[row + 1] = (this.first[row + 1] as number) + (this.first[row] as number)
    const next = this.first.slice()
    documentRows.forEach((row, document) => {
      this.documents[next[row] as number] = document
      next[row] = (next[row] as number) + 1
    })
  }

  /** The ranked list of found rows; `exceptId` (the query's own id) is dropped after the cut, and nothing fills its place. */
  rank(found: FoundRows, exceptId: string | null = null): RankedList {
    const documents: number[] = []
    const scores: number[] = []
    found.rows.forEach((row, i) => {
      for (let at = this.first[row] as number; at < (this.first[row + 1] as number); at++) {
        documents.push(this.documents[at] as number)
        scores.push(found.scores[i] as number)
      }
    })
    const place = (i: number) => this.place[documents[i] as number] as number
    const order = Array.from(documents.keys())
      .sort((a, b) => (scores[b] as number) - (scores[a] as number) || place(a) - place(b))
      .slice(0, RUN_DEPTH)
      .filter((i) => this.documentIds[documents[i] as number] !== exceptId)
    return {
      documentIds: order.map((i) => this.documentIds[documents[i] as number] as string),
      scores: Float32Array.from(order, (i) => scores[i] as number),
    }
  }
}

/** The best 1,000 of scored documents, by (score descending, id descending). Ids are distinct. */
export function rankScored(scored: readonly { readonly id: string; readonly score: number }[]): RankedList {
  const order = scored.toSorted((a, b) => b.score - a.score || compareIds(b.id, a.id)).slice(0, RUN_DEPTH)
  return { documentIds: order.map(({ id }) => id), scores: Float32Array.from(order, ({ score }) => score) }
}

/** One list per query id. Query ids that share a text share the search, not the list. */
export function rankQueries(judgments: Judgments, rows: DocumentRows, found: (queryRow: number) => FoundRows): RankedList[] {
  return judgments.queryIds.map((id, i) => {
    const row = judgments.queryRows[i] as number
    return rows.rank(found(row), judgments.ignoreIdenticalIds ? id : null)
  })
}
