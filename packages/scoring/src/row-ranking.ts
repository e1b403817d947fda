import { type Catalogue, CatalogueList } from './catalogue-list.ts'
import { ScoreOrder } from './score-order.ts'
import { type FoundRows, NEVER } from './top-rows.ts'

/** Documents a run keeps per query. */
export const RUN_DEPTH = 1000
/** Numbers of a ranked list: places and scores. */
export const LIST_WORDS = 2 * RUN_DEPTH

/** Which documents a row stands for, in memory that threads share. */
export interface RowPlaces {
  /** Place of each row's best id; `NEVER` for a row that no document has. */
  readonly priority: Uint32Array
  /** Places, among all ids in descending order, of the documents of row r: from `first[r]` to before `first[r + 1]`. */
  readonly places: Uint32Array
  readonly first: Uint32Array
  /** No row has two documents: the place of its best id is that of its only one. */
  readonly oneEach: boolean
}

/** Makes ranked lists of found rows. */
export class RowRanking {
  readonly rows: RowPlaces
  readonly catalogue: Catalogue
  private readonly order: ScoreOrder

  constructor(rows: RowPlaces, catalogue: Catalogue) {
    this.rows = rows
    this.catalogue = catalogue
    this.order = new ScoreOrder(rows.oneEach ? rows.priority : undefined)
  }

  /**
   * The ranked list of found rows; the document at place `except` is dropped after the cut, and nothing fills its place. The list lies in
   * `room`, of `LIST_WORDS`, or in memory of its own.
   */
  rank(found: FoundRows, except: number | undefined, room?: Uint32Array): CatalogueList {
    const { order } = this
    const size = Math.min(RUN_DEPTH, this.sort(found))
    const words = room ?? new Uint32Array(2 * size) // one piece of memory for both: there are very many
    const { places, bits } = order.list(size, except ?? NEVER)
    words.set(places)
    words.set(bits, size)
    const scores = new Float32Array(words.buffer, words.byteOffset + 4 * size, places.length)
    return new CatalogueList(this.catalogue, words.subarray(0, places.length), scores)
  }

  /** Puts the documents of the rows in order, best first: by the score's place among all float32, then that of the id. How many. */
  private sort(found: FoundRows): number {
    const { order } = this
    const { places: placesOfRows, first, oneEach } = this.rows
    if (oneEach) {
      order.take(found)
      order.sort(found.rows.length)
      return found.rows.length
    }
    const bits = new Uint32Array(found.scores.buffer, found.scores.byteOffset, found.scores.length)
    let count = 0
    for (const row of found.rows) count += (first[row + 1] as number) - (first[row] as number)
    order.reserve(count)
    const { keys, places } = order
    let at = 0
    for (let i = 0; i < found.rows.length; i++) {
      const row = found.rows[i] as number
      const key = keyOfBits(bits[i] as number)
      for (let d = first[row] as number; d < (first[row + 1] as number); d++) {
        places[at] = placesOfRows[d] as number
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
