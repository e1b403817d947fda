import type { Judgments } from '@sweepboard/contracts'
import { compareIds, type ListGrades } from '@sweepboard/metrics'
import { Catalogue } from './catalogue-list.ts'
import { misfit } from './config-failure.ts'
import { type RowPlaces, RowRanking, RUN_DEPTH } from './row-ranking.ts'
import { type FoundRows, NEVER } from './top-rows.ts'

/** The documents retrieved for one query, by (score descending, id descending in code-point order). */
export interface RankedList {
  readonly documentIds: readonly string[]
  readonly scores: Float32Array
  /** As the metrics take them: see `RankedList` of `@sweepboard/metrics`. */
  readonly ranked?: boolean
  gradesOf?(judgments: ReadonlyMap<string, number>): ListGrades
}

/**
 * From rows of the document text set to document ids. A text set holds each distinct text once, so a row may stand for
 * several documents, which then tie. The priority of a row is the place of its best id in descending order: with it the
 * best 1,000 rows hold the best 1,000 documents, whatever ties at the cut.
 */
export class DocumentRows {
  readonly ranking: RowRanking

  /** Throws `SB-SCORE-002` where an id occurs twice. */
  constructor(documentIds: readonly string[], documentRows: readonly number[], rowCount: number) {
    const descending = Array.from(documentIds.keys()).sort((a, b) =>
      compareIds(documentIds[b] as string, documentIds[a] as string),
    )
    const ids = descending.map((document) => documentIds[document] as string)
    const twice = ids.findIndex((id, place) => id === ids[place + 1])
    if (twice >= 0) throw misfit(`the document id ${ids[twice]} occurs twice`)
    this.ranking = new RowRanking(placesOfRows(descending, documentRows, rowCount), new Catalogue(ids))
  }

  /** For the search: place of each row's best id; `NEVER` for a row that no document has. */
  get priority(): Uint32Array {
    return this.ranking.rows.priority
  }

  /** The ranked list of found rows; `exceptId` (the query's own id) is dropped after the cut, and nothing fills its place. */
  rank(found: FoundRows, exceptId: string | null = null): RankedList {
    return this.ranking.rank(found, exceptId === null ? undefined : this.ranking.catalogue.placeOf(exceptId))
  }
}

/** `descending`: indices of documents, by place. */
function placesOfRows(descending: readonly number[], documentRows: readonly number[], rowCount: number): RowPlaces {
  const priority = sharedWords(rowCount).fill(NEVER)
  const first = sharedWords(rowCount + 1)
  const places = sharedWords(descending.length)
  for (const row of documentRows) first[row + 1] = (first[row + 1] as number) + 1
  for (let row = 0; row < rowCount; row++) first[row + 1] = (first[row + 1] as number) + (first[row] as number)
  const oneEach = first.every((end, row) => row === 0 || end - (first[row - 1] as number) <= 1)
  const next = first.slice()
  descending.forEach((document, place) => {
    const row = documentRows[document] as number
    places[next[row] as number] = place
    next[row] = (next[row] as number) + 1
    priority[row] = Math.min(priority[row] as number, place)
  })
  return { priority, first, places, oneEach }
}

function sharedWords(count: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(4 * count))
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
