import { SCANNED_ROWS } from './kernel-memory.ts'
import { ListKernels } from './list-kernels.ts'
import type { Part, RowKernels } from './row-kernels.ts'
import { nthSmallest } from './score-selection.ts'
import type { FoundRows } from './top-rows.ts'

/** Rows kept of a query, in parts of the depth, before the best are taken again: often enough that the floor rises. */
const CUT_ABOVE = 1.5
/** Rows that a cut may leave, in parts of the depth, where only the floor is wanted: what is a little below it costs less than the exact cut. */
const LEFT_AT_MOST = 1.125

/** The rows kept for all queries, one query after the other, in memory that threads share. */
export interface PackedRows {
  readonly counts: Int32Array
  readonly rows: Uint32Array
  readonly scores: Float32Array
}

/** What threads that search different documents for one config tell each other, `[query]`: scores below which no row is of use to any. */
export interface SharedFloors {
  /** What the depth of one thread's rows reaches. */
  readonly whole: Float32Array
  /** What half the depth of this thread's rows reaches, and of the other's: what both halves reach, the depth reaches. */
  readonly ownHalf: Float32Array
  readonly otherHalf: Float32Array
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
 * full sort: a list of one and a half times the depth is cut before the next scan, and the worst row kept becomes the floor that
 * later scores must reach.
 */
export class TopLists {
  readonly lists: ListKernels
  private readonly depth: number
  private readonly priority: Uint32Array
  /** Of a query, after the latest cut. */
  private readonly left: Uint32Array
  /** The score of the worst row kept; -Infinity while nothing is refused. */
  private readonly floors: Float32Array
  private readonly mostRows: number
  private shared: SharedFloors | null
  private scratch = new Float64Array(0)

  /** `config`: its place among the lists of the kernels. */
  constructor(kernels: RowKernels, config: number, { depth, priority, floors = null }: TopSought) {
    const { queries, rows } = kernels.search.lists
    this.lists = new ListKernels(kernels, config)
    this.depth = depth
    this.priority = priority
    this.left = new Uint32Array(queries)
    this.floors = new Float32Array(queries).fill(Number.NEGATIVE_INFINITY)
    this.mostRows = rows
    this.shared = floors
  }

  /** Makes room for what the next `SCANNED_ROWS` rows or fewer may bring to the lists of some queries, and tells the lists their floors. */
  makeRoom({ first, count }: Part): void {
    const { depth, lists } = this
    const { counts, floors } = lists
    for (let query = first; query < first + count; query++) {
      const own = counts[query] as number
      if (own > depth && own > this.mostOf(query)) counts[query] = this.raise(query, own)
      floors[query] = this.floorOf(query)
    }
  }

  /** The best rows of a query, no more than the depth. */
  found(query: number): FoundRows {
    const { counts } = this.lists
    const own = counts[query] as number
    if (own > this.depth) {
      this.lists.weigh(query, own, this.depth - 1)
      counts[query] = this.cut(query, own)
    }
    return this.candidates(query)
  }

  /** What is kept of a query: the best `depth` rows and some more. Views, valid until the next block. */
  candidates(query: number): FoundRows {
    const count = this.lists.counts[query] as number
    return { rows: this.lists.rows(query, count), scores: this.lists.scores(query, count) }
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

  /** Adds what another thread kept of other rows. */
  adopt({ counts: theirs, rows, scores }: PackedRows): void {
    this.shared = null // from now on the rows here are of both threads: half of them tell nothing of the other's
    const { counts } = this.lists
    let at = 0
    theirs.forEach((their, query) => {
      for (const end = at + their; at < end; ) {
        let own = counts[query] as number
        if (own > this.depth && own === this.mostRows) own = this.raise(query, own)
        const piece = Math.min(this.mostRows - own, end - at)
        this.lists.rows(query, own + piece).set(rows.subarray(at, at + piece), own)
        this.lists.scores(query, own + piece).set(scores.subarray(at, at + piece), own)
        counts[query] = own + piece
        at += piece
      }
      const own = counts[query] as number
      if (own > CUT_ABOVE * this.depth) counts[query] = this.raise(query, own)
    })
  }

  /** What a score must reach to be kept; -Infinity as long as everything is. */
  private floorOf(query: number): number {
    const own = this.floors[query] as number
    if (this.shared === null) return own
    const { whole, ownHalf, otherHalf } = this.shared
    return Math.max(own, whole[query] as number, Math.min(ownHalf[query] as number, otherHalf[query] as number))
  }

  /** Rows that may be kept of a query before the best are taken. Where another thread has a part of the depth, fewer than the depth are left of it here. */
  private mostOf(query: number): number {
    const { depth } = this
    if (this.floorOf(query) === Number.NEGATIVE_INFINITY) return depth
    return this.shared
      ? Math.min(CUT_ABOVE * depth, Math.max(depth, CUT_ABOVE * (this.left[query] as number)))
      : CUT_ABOVE * depth
  }

  /** Leaves the depth and a few more of a list of more than the depth: how many. */
  private raise(query: number, count: number): number {
    const all = this.lists.weigh(query, count, this.depth - 1)
    const left = this.shared ? this.narrow(query, this.shared) : all
    // many equals: only their priorities tell which of them stay
    if (left > LEFT_AT_MOST * this.depth) return this.cut(query, count)
    const least = this.lists.gather(query, count)
    this.left[query] = left
    if (left === all) this.raiseFloor(query, least)
    return left
  }

  /** Tells the other thread what half the depth reaches of the rows that were weighed. How many of them `gather` will leave. */
  private narrow(query: number, { ownHalf }: SharedFloors): number {
    const half = this.lists.reachedBy(Math.ceil(this.depth / 2))
    if (half > (ownHalf[query] as number)) ownHalf[query] = half
    return this.lists.narrow(this.floorOf(query))
  }

  /**
   * Leaves the depth of a list that was weighed, and tells it: first the score that the worst of them has, then the priority that decides among
   * its equals.
   */
  private cut(query: number, count: number): number {
    const { depth, lists, priority } = this
    const { kept, aside } = lists.part(query, count)
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
    this.left[query] = depth
    this.raiseFloor(query, floor)
    return depth
  }

  private raiseFloor(query: number, floor: number): void {
    this.floors[query] = floor
    const whole = this.shared?.whole
    // one that another thread wrote meanwhile may get lost: a lower floor only keeps more
    if (whole && floor > (whole[query] as number)) whole[query] = floor
  }
}
