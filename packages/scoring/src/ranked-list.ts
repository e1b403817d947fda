import type { Judgments } from '@sweepboard/contracts'
import { compareIds } from '@sweepboard/metrics'
import { Catalogue, CatalogueList } from './catalogue-list.ts'
import { misfit } from './config-failure.ts'
import { ScoreOrder } from './score-order.ts'
import { type FoundRows, NEVER } from './top-rows.ts'

/** Documents a run keeps per query. */
export const RUN_DEPTH = 1000

/** The documents retrieved for one query, by (score descending, id descending in code-point order). */
export interface RankedList {
  readonly documentIds: readonly string[]
  readonly scores: Float32Array
  /** As the metrics take them: see `RankedList` of `@sweepboard/metrics`. */
  readonly ranked?: boolean
  gradesOf?(judgments: ReadonlyMap<string, number>): Int32Array
}

/**
 * From rows of the document text set to document ids. A text set holds each distinct text once, so a row may stand for
 * several documents, which then tie. The priority of a row is the place of its best id in descending order: with it the
 * best 1,000 rows hold the best 1,000 documents, whatever ties at the cut.
 */
export class DocumentRows {
  /** For the search: place of each row's best id; `NEVER` for a row that no document has. */
  readonly priority: Uint32Array
  /** Place of each document among all ids in descending order, which the catalogue is. */
  private readonly place: Uint32Array
  private readonly catalogue: Catalogue
  /** Documents of row r: `documents[first[r]]` to `documents[first[r + 1] - 1]`. */
  private readonly first: Uint32Array
  private readonly documents: Uint32Array
  /** No row has two documents: the place of its best id is that of its only one. */
  private readonly oneEach: boolean
  private readonly order = new ScoreOrder()

  /** Throws `SB-SCORE-002` where an id occurs twice. */
  constructor(documentIds: readonly string[], documentRows: readonly number[], rowCount: number) {
    this.priority = new Uint32Array(rowCount).fill(NEVER)
    this.place = new Uint32Array(documentIds.length)
    this.first = new Uint32Array(rowCount + 1)
    this.documents = new Uint32Array(documentIds.length)
    const descending = Array.from(documentIds.keys()).sort((a, b) =>
      compareIds(documentIds[b] as string, documentIds[a] as string),
    )
    const ids = descending.map((document) => documentIds[document] as string)
    const twice = ids.findIndex((id, place) => id === ids[place + 1])
    if (twice >= 0) throw misfit(`the document id ${ids[twice]} occurs twice`)
    this.catalogue = new Catalogue(ids)
    descending.forEach((document, place) => {
      const row = documentRows[document] as number
      this.place[document] = place
      this.priority[row] = Math.min(this.priority[row] as number, place)
    })
    for (const row of documentRows) this.first[row + 1] = (this.first[row + 1] as number) + 1
    for (let row = 0; row < rowCount; row++) this.first[row + 1] = (this.first[row + 1] as number) + (this.first[row] as number)
    this.oneEach = this.first.every((end, row) => row === 0 || end - (this.first[row - 1] as number) <= 1)
    const next = this.first.slice()
    documentRows.forEach((row, document) => {
      this.documents[next[row] as number] = document
      next[row] = (next[row] as number) + 1
    })
  }

  /** The ranked list of found rows; `exceptId` (the query's own id) is dropped after the cut, and nothing fills its place. */
  rank(found: FoundRows, exceptId: string | null = null): RankedList {
    const { order } = this
    const size = Math.min(RUN_DEPTH, this.sort(found))
    const except = exceptId === null ? undefined : this.catalogue.placeOf(exceptId)
    const words = new Uint32Array(2 * size) // one piece of memory for both: there are very many
    let count = 0
    for (let i = 0; i < size; i++) {
      const place = order.places[i] as number
      if (place === except) continue
      words[count] = place
      words[size + count++] = bitsOfKey(order.keys[i] as number)
    }
    const scores = new Float32Array(words.buffer, 4 * size, count)
    return new CatalogueList(this.catalogue, words.subarray(0, count), scores)
  }

  /** Puts the documents of the rows in order, best first: by the score's place among all float32, then that of the id. How many. */
  private sort(found: FoundRows): number {
    const { order } = this
    const bits = new Uint32Array(found.scores.buffer, found.scores.byteOffset, found.scores.length)
    let count = 0
    if (this.oneEach) count = found.rows.length
    else for (const row of found.rows) count += (this.first[row + 1] as number) - (this.first[row] as number)
    order.reserve(count)
    const { keys, places } = order
    for (let i = 0; i < count && this.oneEach; i++) {
      keys[i] = keyOfBits(bits[i] as number)
      places[i] = this.priority[found.rows[i] as number] as number
    }
    let at = 0
    for (let i = 0; i < found.rows.length && !this.oneEach; i++) {
      const row = found.rows[i] as number
      const key = keyOfBits(bits[i] as number)
      for (let d = this.first[row] as number; d < (this.first[row + 1] as number); d++) {
        places[at] = this.place[this.documents[d] as number] as number
        keys[at++] = key
      }
    }
    order.sort(count)
    return count
  }
}

/** 32 bits that grow as the score falls; both zeros alike. */
function keyOfBits(bits: number): number {
  return bits < 2 ** 31 ? 2 ** 31 - 1 - bits : bits === 2 ** 31 ? 2 ** 31 - 1 : bits
}

function bitsOfKey(key: number): number {
  return key >= 2 ** 31 ? key : 2 ** 31 - 1 - key
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
