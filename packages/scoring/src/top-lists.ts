import { SCANNED_ROWS } from './kernel-memory.ts'
import { ListKernels, type Scanned, type ScannedProducts } from './list-kernels.ts'
import type { Part, RowKernels } from './row-kernels.ts'
import { nthSmallest } from './score-selection.ts'
import { SHARES } from './selection-code.ts'
import type { FoundRows } from './top-rows.ts'

/** Rows of a list, in parts of the depth, above which it loses what is below its floor. */
const CUT_ABOVE = 1.5
/** Rows that this may leave, in parts of the depth: what is a little below the floor costs less than the exact cut. */
const LEFT_AT_MOST = 1.125
/** New rows of a list, as a part of the depth, from which on they are counted. */
const TALLIED_PARTS = 8

/** The rows kept for all queries, one query after the other, in memory that threads share. */
export interface PackedRows {
  readonly counts: Int32Array
  readonly rows: Uint32Array
  readonly scores: Float32Array
}

/** What threads that search different documents for one config tell each other, `[share, query]`: scores that parts of the depth reach of the documents of each. */
export interface SharedFloors {
  readonly own: Float32Array
  readonly other: Float32Array
}

/** What is wanted of the documents. */
export interface TopSought {
  readonly depth: number
  /** Per document row: smaller is better among equal scores, no two alike. */
  readonly priority: Uint32Array
  /** Where another thread searches other documents for the same config. */
  readonly floors?: SharedFloors | null
}

/** Packed rows of the latest search: shared memory that nobody uses is not known to be so before the next garbage collection. */
let spare = new SharedArrayBuffer(0)
const MOST_SPARE_BYTES = 96 * 2 ** 20
/** The next search may keep a little more. */
const SPARE_MORE = 1.25

/**
 * All that lists keep, for another thread, which has done with it before more is packed in this one. In shared memory: other memory of this size
 * would be due for a garbage collection at once.
 */
export function packed(all: readonly TopLists[]): PackedRows[] {
  for (const lists of all) lists.settle()
  const sizes = all.map((lists) => lists.packedBytes)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const memory = spare.byteLength >= total ? spare : new SharedArrayBuffer(Math.ceil(SPARE_MORE * total))
  if (memory.byteLength <= MOST_SPARE_BYTES) spare = memory
  let at = 0
  return all.map((lists, i) => {
    const own = lists.packInto(memory, at)
    at += sizes[i] as number
    return own
  })
}

/** Rows of a list at most: those that are kept, and those that are found before the next cut. */
export function roomOf(depth: number, documents: number): number {
  return Math.max(1, Math.min(Math.ceil(CUT_ABOVE * depth) + SCANNED_ROWS, documents))
}

/**
 * The best `depth` document rows of each query of one config, by (score descending, priority ascending), over any number of scans. Equal to a
 * full sort: what scans brought is counted once it is an eighth of the depth, and a score that the depth of all counted rows reaches is the floor that
 * later ones must reach. A list of one and a half times the depth loses what is below its floor.
 */
export class TopLists {
  readonly lists: ListKernels
  private readonly depth: number
  private readonly priority: Uint32Array
  private readonly mostRows: number
  private readonly worthCounting: number
  private shared: SharedFloors | null
  private scratch = new Float64Array(0)

  /** `config`: its place among the lists of the kernels. */
  constructor(kernels: RowKernels, config: number, { depth, priority, floors = null }: TopSought) {
    this.lists = new ListKernels(kernels, config, depth)
    this.depth = depth
    this.priority = priority
    this.mostRows = kernels.search.lists.rows
    this.worthCounting = Math.ceil(depth / TALLIED_PARTS)
    this.shared = floors
  }

  /** Makes room for what the next `SCANNED_ROWS` rows or fewer may bring to the lists of some queries, and tells the lists their floors. */
  makeRoom(queries: Part): void {
    this.raise(queries)
    const { counts } = this.lists
    const most = CUT_ABOVE * this.depth
    for (let query = queries.first; query < queries.first + queries.count; query++) {
      if ((counts[query] as number) > most) this.cut(query)
    }
  }

  /** Takes the products of some queries with some rows, and counts what they brought while it is at hand. */
  take(products: ScannedProducts): void {
    this.lists.scan(products)
    this.lists.tally(products.queries, this.worthCounting)
  }

  /** The same of products of codes, as they are made. */
  takeTurned(products: Scanned): void {
    this.lists.scanTurned(products)
    this.lists.tally(products.queries, this.worthCounting)
  }

  /** The best rows of a query, no more than the depth. */
  found(query: number): FoundRows {
    if ((this.lists.counts[query] as number) > this.depth) {
      this.lists.recount(query)
      this.select(query)
    }
    return this.candidates(query)
  }

  /** What is kept of a query: the best `depth` rows and some more. Views, valid until the next block. */
  candidates(query: number): FoundRows {
    const count = this.lists.counts[query] as number
    return { rows: this.lists.rows(query, count), scores: this.lists.scores(query, count) }
  }

  /** Leaves of each list what may be among the best of it as far as is known. To be called once all blocks were taken. */
  settle(): void {
    const { counts } = this.lists
    const all = { first: 0, count: counts.length }
    this.lists.tally(all, 1)
    this.raise(all)
    for (let query = 0; query < counts.length; query++) this.lists.keep(query)
  }

  get packedBytes(): number {
    const { counts } = this.lists
    return 4 * counts.length + 8 * counts.reduce((sum, count) => sum + count, 0)
  }

  /** Copies all that is kept, which may be more than the depth, to shared memory. */
  packInto(memory: SharedArrayBuffer, from: number): PackedRows {
    const { counts } = this.lists
    const total = counts.reduce((sum, count) => sum + count, 0)
    const rowsAt = from + 4 * counts.length
    const packed = {
      counts: new Int32Array(memory, from, counts.length),
      rows: new Uint32Array(memory, rowsAt, total),
      scores: new Float32Array(memory, rowsAt + 4 * total, total),
    }
    packed.counts.set(counts)
    let at = 0
    counts.forEach((count, query) => {
      packed.rows.set(this.lists.rows(query, count), at)
      packed.scores.set(this.lists.scores(query, count), at)
      at += count
    })
    return packed
  }

  /** Adds what another thread kept of other rows, and settles what both have. */
  adopt({ counts: theirs, rows, scores }: PackedRows): void {
    this.settle()
    const { lists } = this
    // from now on the rows here are of both threads: some of them tell nothing of the other's
    this.shared = null
    for (let share = 0; share < SHARES - 1; share++) lists.reachedFloors('otherReached', share).fill(Number.NEGATIVE_INFINITY)
    const { counts } = lists
    let at = 0
    theirs.forEach((their, query) => {
      for (const end = at + their; at < end; ) {
        if (counts[query] === this.mostRows) this.cut(query)
        const own = counts[query] as number
        const piece = Math.min(this.mostRows - own, end - at)
        lists.rows(query, own + piece).set(rows.subarray(at, at + piece), own)
        lists.scores(query, own + piece).set(scores.subarray(at, at + piece), own)
        counts[query] = own + piece
        at += piece
      }
    })
    this.settle()
  }

  /** Raises the floors of some queries by what was counted here, and by what the other thread tells of its rows. */
  private raise(queries: Part): void {
    const { lists, shared } = this
    const { first, count } = queries
    for (let share = 0; shared !== null && share < SHARES; share++) {
      const at = share * lists.counts.length + first
      const [own, other] = [lists.reachedFloors('ownReached', share), lists.reachedFloors('otherReached', share)]
      shared.own.set(own.subarray(first, first + count), at)
      other.set(shared.other.subarray(at, at + count), first)
    }
    lists.rise(queries)
  }

  /** Leaves the depth and a few more of a list of more than the depth, or less where the other thread has the rest. */
  private cut(query: number): void {
    const { lists } = this
    const [most, one] = [LEFT_AT_MOST * this.depth, { first: query, count: 1 }]
    const lower = () => {
      lists.tally(one, 1)
      lists.rise(one)
      return lists.keep(query)
    }
    if (lower() <= most) return
    // buckets of other scores than now come, or many equals
    lists.recount(query)
    if (lists.reached(query) <= most) {
      if (lower() <= most) return
      lists.recount(query)
    }
    this.select(query)
  }

  /**
   * Leaves the depth of a list that was counted anew, and tells it: first the score that the worst of them has, then the priority that decides
   * among its equals.
   */
  private select(query: number): void {
    const { depth, lists, priority } = this
    const { kept, aside } = lists.part(query)
    const sides = lists.aside(aside)
    if (this.scratch.length < aside) this.scratch = new Float64Array(aside)
    const { scratch } = this
    let alike = true // as scores of few dimensions often are
    for (let i = 0; i < aside; i++) {
      scratch[i] = -(sides.scores[i] as number)
      alike = alike && sides.scores[i] === sides.scores[0]
    }
    const floor = alike ? (sides.scores[0] as number) : -nthSmallest(scratch, aside, depth - kept - 1)
    const [rows, scores] = [lists.rows(query, depth), lists.scores(query, depth)]
    let [to, equals] = [kept, 0]
    for (let i = 0; i < aside; i++) {
      const score = sides.scores[i] as number
      if (score === floor) scratch[equals++] = priority[sides.rows[i] as number] as number
      else if (score > floor) {
        scores[to] = score
        rows[to++] = sides.rows[i] as number
      }
    }
    const worst = nthSmallest(scratch, equals, depth - to - 1)
    for (let i = 0; i < aside; i++) {
      const row = sides.rows[i] as number
      if (sides.scores[i] !== floor || (priority[row] as number) > worst) continue
      scores[to] = floor
      rows[to++] = row
    }
    lists.selected(query, floor)
  }
}
