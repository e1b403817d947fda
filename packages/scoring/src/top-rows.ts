import type { RowKernels } from './row-kernels.ts'
import { nthSmallest, ScoreSelection } from './score-selection.ts'

/** Priority of a document row that must never be retrieved. */
export const NEVER = 0xffffffff

/** Rows kept of a query, in parts of the depth, before the best are taken again: often enough that the floor rises. */
const CUT_ABOVE = 1.5
/** Rows that a cut may leave, in parts of the depth, where only the floor is wanted: what is a little below it costs less than the exact cut. */
const LEFT_AT_MOST = 1.125

/** Memory that no search needs: fresh memory costs a page fault for every 4 kB and, as V8 counts it, a full garbage collection for every 64 MB. */
const spare: ArrayBuffer[] = []
const MOST_SPARE_BYTES = 96 * 2 ** 20

function memoryOfSize(bytes: number): ArrayBuffer {
  const at = spare.findIndex(({ byteLength }) => byteLength === bytes)
  const [found] = at < 0 ? [] : spare.splice(at, 1)
  if (found === undefined) spare.length = 0 // of another job's sizes
  return found ?? new ArrayBuffer(bytes)
}

/** The rows kept for one query, in no particular order. */
export interface FoundRows {
  readonly rows: Uint32Array
  readonly scores: Float32Array
}

/** The rows kept for all queries, one query after the other. */
export interface PackedRows {
  readonly counts: Uint32Array<ArrayBuffer>
  readonly rows: Uint32Array<ArrayBuffer>
  readonly scores: Float32Array<ArrayBuffer>
}

/** What threads that search different documents for one config tell each other, `[query]`: scores below which no row is of use to any. */
export interface SharedFloors {
  /** What the depth of one thread's rows reaches. */
  readonly whole: Float32Array
  /** What half the depth of this thread's rows reaches, and of the other's: what both halves reach, the depth reaches. */
  readonly ownHalf: Float32Array
  readonly otherHalf: Float32Array
}

/** The memory of packed rows, to be sent with them. */
export function memoryOf(packed: readonly PackedRows[]): ArrayBuffer[] {
  return packed.flatMap(({ counts, rows, scores }) => [counts.buffer, rows.buffer, scores.buffer])
}

/** Rows that are kept of one query at most. */
export function roomOf(depth: number, documents: number): number {
  return Math.max(1, Math.min(Math.ceil(CUT_ABOVE * depth), documents))
}

/**
 * The best `depth` document rows of each query, by (score descending, priority ascending), over blocks of scores that
 * come in any number. Equal to a full sort: a buffer of one and a half times the depth per query is cut when it is full, and the worst row
 * kept becomes the threshold that later scores must reach.
 */
export class TopRows {
  private readonly depth: number
  private readonly room: number
  private readonly priority: Uint32Array
  private readonly memory: ArrayBuffer
  private readonly scores: Float32Array
  private readonly rows: Uint32Array
  private readonly counts: Uint32Array
  /** Of a query, after the latest cut. */
  private readonly left: Uint32Array
  /** Score and priority of the worst row kept; nothing is refused while the score is -Infinity. */
  private readonly floorScore: Float32Array
  private readonly floorPriority: Uint32Array
  private shared: SharedFloors | null
  private scratch: Float64Array
  private equals: Uint32Array
  private readonly selection: ScoreSelection

  /**
   * `priority[row]`: smaller is better among equal scores, no two alike; `NEVER` hides a row.
   */
  constructor(queryCount: number, depth: number, priority: Uint32Array, shared: SharedFloors | null = null) {
    this.shared = shared
    this.depth = depth
    this.room = roomOf(depth, priority.length)
    this.priority = priority
    const size = queryCount * this.room
    this.memory = memoryOfSize(8 * size)
    this.scores = new Float32Array(this.memory, 0, size)
    this.rows = new Uint32Array(this.memory, 4 * size, size)
    this.counts = new Uint32Array(queryCount)
    this.left = new Uint32Array(queryCount)
    this.floorScore = new Float32Array(queryCount).fill(Number.NEGATIVE_INFINITY)
    this.floorPriority = new Uint32Array(queryCount).fill(NEVER)
    this.scratch = new Float64Array(this.room)
    this.equals = new Uint32Array(this.room)
    this.selection = new ScoreSelection(this.room)
  }

  /** To be called once nothing is asked of these rows any more, nor of what was found. */
  close(): void {
    const bytes = spare.reduce((sum, { byteLength }) => sum + byteLength, this.memory.byteLength)
    if (bytes <= MOST_SPARE_BYTES) spare.push(this.memory)
  }

  /** What a score must reach to be kept; -Infinity as long as everything is. */
  floorOf(query: number): number {
    const own = this.floorScore[query] as number
    if (this.shared === null) return own
    const { whole, ownHalf, otherHalf } = this.shared
    return Math.max(own, whole[query] as number, Math.min(ownHalf[query] as number, otherHalf[query] as number))
  }

  found(query: number): FoundRows {
    if ((this.counts[query] as number) > this.depth) this.cut(query)
    return this.candidates(query)
  }

  /**
   * Adds the first `total` that `kernels` found for one query: no score is NaN, no row is hidden, each row comes once over all
   * calls. Scores below `floorOf` may be left out. What `kernels` found is lost.
   */
  take(query: number, kernels: RowKernels, total: number): void {
    const count = this.counts[query] as number
    if (count + total > this.mostOf(query)) {
      this.raise(query, kernels, total)
      return
    }
    // a loop: views of these arrays, made by the ten thousand, cost more than what they copy
    let to = query * this.room + count
    for (let i = 0; i < total; i++, to++) {
      this.rows[to] = kernels.foundRows[i] as number
      this.scores[to] = kernels.foundScores[i] as number
    }
    this.counts[query] = count + total
  }

  /** All that is kept, which may be more than the depth, in arrays of their own. */
  packed(): PackedRows {
    const { counts } = this
    const total = counts.reduce((sum, count) => sum + count, 0)
    const packed = { counts: counts.slice(), rows: new Uint32Array(total), scores: new Float32Array(total) }
    let at = 0
    counts.forEach((count, query) => {
      const start = query * this.room
      packed.rows.set(this.rows.subarray(start, start + count), at)
      packed.scores.set(this.scores.subarray(start, start + count), at)
      at += count
    })
    return packed
  }

  /** What is kept of a query: the best `depth` rows and some more. */
  candidates(query: number): FoundRows {
    const start = query * this.room
    const end = start + (this.counts[query] as number)
    return { rows: this.rows.subarray(start, end), scores: this.scores.subarray(start, end) }
  }

  /** Adds what another thread kept of other rows, in no more than `kernels` have room for at once, and gives its memory back. */
  adopt({ counts, rows, scores }: PackedRows, kernels: RowKernels): void {
    this.shared = null // from now on the rows here are of both threads: half of them tell nothing of the other's
    const most = kernels.foundRows.length - this.room
    let at = 0
    counts.forEach((count, query) => {
      for (const end = at + count; at < end; ) {
        const piece = Math.min(most, end - at)
        kernels.foundRows.set(rows.subarray(at, at + piece))
        kernels.foundScores.set(scores.subarray(at, at + piece))
        at += piece
        this.take(query, kernels, piece)
      }
    })
    // left to the garbage collector, it would be there while everything is measured
    rows.buffer.transfer(0)
    scores.buffer.transfer(0)
  }

  /** Cuts every query to the depth. */
  finish(kernels: RowKernels): void {
    for (let query = 0; query < this.counts.length; query++) {
      if ((this.counts[query] as number) > this.depth) this.cutExactly(query, kernels)
    }
  }

  /** Adds the scores of document rows 0, 1, ... for one query, hidden ones among them; none is NaN. */
  addAll(query: number, values: Float32Array): void {
    const { scores, rows, priority, room } = this
    let floor = this.floorScore[query] as number
    let floorPriority = this.floorPriority[query] as number
    let count = this.counts[query] as number
    for (let row = 0; row < values.length; row++) {
      const score = values[row] as number
      if (!(score >= floor)) continue
      const own = priority[row] as number
      if (own === NEVER || (score === floor && own > floorPriority)) continue
      if (count === room) {
        this.counts[query] = count
        this.cut(query)
        count = this.depth
        floor = this.floorScore[query] as number
        floorPriority = this.floorPriority[query] as number
      }
      scores[query * room + count] = score
      rows[query * room + count++] = row
    }
    this.counts[query] = count
  }

  /** Leaves the depth and a few more of what is kept and the first `total` that `kernels` found, more than the depth together. */
  private raise(query: number, kernels: RowKernels, total: number): void {
    const start = query * this.room
    const count = this.putAfter(query, kernels, total)
    const all = kernels.weigh(count, this.depth - 1)
    const left = this.shared ? this.narrow(query, kernels, this.shared) : all
    // many equals: only their priorities tell which of them stay
    if (left > LEFT_AT_MOST * this.depth) {
      this.cutWeighed(query, kernels, count)
      return
    }
    const least = kernels.gather(count)
    this.scores.set(kernels.foundScores.subarray(0, left), start)
    this.rows.set(kernels.foundRows.subarray(0, left), start)
    this.counts[query] = left
    this.left[query] = left
    if (left === all) this.raiseFloor(query, least, NEVER)
  }

  /** Rows that may be kept of a query before the best are taken. Where another thread has a part of the depth, fewer than the depth are left of it here. */
  private mostOf(query: number): number {
    const { depth } = this
    if (this.floorOf(query) === Number.NEGATIVE_INFINITY) return depth
    return this.shared
      ? Math.min(CUT_ABOVE * depth, Math.max(depth, CUT_ABOVE * (this.left[query] as number)))
      : CUT_ABOVE * depth
  }

  /** Tells the other thread what half the depth reaches of the rows that were weighed. How many of them `gather` will leave. */
  private narrow(query: number, kernels: RowKernels, { ownHalf }: SharedFloors): number {
    const half = kernels.reachedBy(Math.ceil(this.depth / 2))
    if (half > (ownHalf[query] as number)) ownHalf[query] = half
    return kernels.narrow(this.floorOf(query))
  }

  /** What is kept of a query comes after the first `total` that `kernels` found. How many there are then. */
  private putAfter(query: number, kernels: RowKernels, total: number): number {
    const start = query * this.room
    const end = start + (this.counts[query] as number)
    kernels.foundScores.set(this.scores.subarray(start, end), total)
    kernels.foundRows.set(this.rows.subarray(start, end), total)
    return total + end - start
  }

  /** The same as `cut`, by kernels. */
  private cutExactly(query: number, kernels: RowKernels): void {
    const count = this.putAfter(query, kernels, 0)
    kernels.weigh(count, this.depth - 1)
    this.cutWeighed(query, kernels, count)
  }

  /** The same as `cut`, of the `count` that `kernels` found and weighed. */
  private cutWeighed(query: number, kernels: RowKernels, count: number): void {
    const start = query * this.room
    const { kept, aside } = kernels.part(count)
    this.scores.set(kernels.foundScores.subarray(0, kept), start)
    this.rows.set(kernels.foundRows.subarray(0, kept), start)
    if (this.scratch.length < aside) this.reserve(aside)
    const { sideScores, sideRows } = kernels
    let alike = true // as scores of few dimensions often are
    for (let i = 0; i < aside; i++) {
      this.scratch[i] = -(sideScores[i] as number)
      alike = alike && sideScores[i] === sideScores[0]
    }
    const floor = alike ? (sideScores[0] as number) : -nthSmallest(this.scratch, aside, this.depth - kept - 1)
    let to = start + kept
    let equals = 0
    for (let i = 0; i < aside; i++) {
      const score = sideScores[i] as number
      if (score === floor) this.equals[equals++] = sideRows[i] as number
      else if (score > floor) {
        this.scores[to] = score
        this.rows[to++] = sideRows[i] as number
      }
    }
    this.keepEquals(query, { floor, equals, to })
  }

  /** Keeps the best `depth`: first the score that the worst of them has, then the priority that decides among its equals. */
  private cut(query: number): void {
    const { scores, rows, depth } = this
    const start = query * this.room
    const end = start + (this.counts[query] as number)
    const floor = this.selection.nthLargest(scores, { start, end }, depth - 1)
    let to = start
    let equals = 0
    for (let at = start; at < end; at++) {
      const score = scores[at] as number
      if (score < floor) continue
      const row = rows[at] as number
      if (score === floor) this.equals[equals++] = row
      else {
        scores[to] = score
        rows[to++] = row
      }
    }
    this.keepEquals(query, { floor, equals, to })
  }

  /** Fills the places from `to` on with those of the first `equals` that have the best priorities. */
  private keepEquals(query: number, { floor, equals, to }: { floor: number; equals: number; to: number }): void {
    const { scores, rows, priority, scratch, depth } = this
    const wanted = depth - (to - query * this.room)
    for (let i = 0; i < equals; i++) scratch[i] = priority[this.equals[i] as number] as number
    const worst = nthSmallest(scratch, equals, wanted - 1)
    let at = to
    for (let i = 0; i < equals; i++) {
      const row = this.equals[i] as number
      if ((priority[row] as number) > worst) continue
      scores[at] = floor
      rows[at++] = row
    }
    this.counts[query] = depth
    this.raiseFloor(query, floor, worst)
  }

  private raiseFloor(query: number, floor: number, priority: number): void {
    this.floorScore[query] = floor
    const whole = this.shared?.whole
    // one that another thread wrote meanwhile may get lost: a lower floor only keeps more
    if (whole && floor > (whole[query] as number)) whole[query] = floor
    this.floorPriority[query] = priority
  }

  private reserve(size: number): void {
    this.scratch = new Float64Array(size)
    this.equals = new Uint32Array(size)
  }
}
