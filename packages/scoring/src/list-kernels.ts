import { filledUp, listBytes } from './kernel-memory.ts'
import type { Part, RowKernels } from './row-kernels.ts'
import { SCANNED_AT_ONCE } from './scan-code.ts'
import { BUCKETS } from './selection-code.ts'

/** Products of some queries with `rows.count` rows, up to `SCANNED_ROWS`, of which the first is document `firstRow`. */
export interface Scanned {
  readonly queries: Part
  /** `first`: of the rows that have factors, a multiple of 16. */
  readonly rows: Part
  readonly firstRow: number
}

/** Where in `products` products lie, `[query, document]`. */
export interface ScannedProducts extends Scanned {
  readonly kind: 'floats' | 'integers'
  readonly at: number
  /** Numbers from query to query. */
  readonly stride: number
  /** All factors and all scales are 1. */
  readonly isPlain: boolean
}

interface Weighing {
  readonly counts: Int32Array
  readonly scores: Float32Array
  readonly bucket: Int32Array
}

/**
 * The loops over the lists of one config, a list for each query: rows that products find come to their ends, and of what is there the
 * best are taken. Products reach a list's floor after they were multiplied by the row's factor and then by the query's scale.
 */
export class ListKernels {
  private readonly kernels: RowKernels
  private readonly config: number
  private readonly queryCount: number
  private readonly listBytes: number
  /** Made anew where memory has grown: views of what it was before are empty. */
  private weighed: Weighing | null = null

  constructor(kernels: RowKernels, config: number) {
    const { queries, rows } = kernels.search.lists
    this.kernels = kernels
    this.config = config
    this.queryCount = queries
    this.listBytes = listBytes(rows)
    this.counts.fill(0)
    this.floors.fill(Number.NEGATIVE_INFINITY)
    // of no query, up to a whole vector
    this.kernels.floats('listFloors', filledUp(queries) - queries, this.offset + 4 * queries).fill(Number.POSITIVE_INFINITY)
    this.kernels.floats('listScales', filledUp(queries), this.offset).fill(1)
  }

  /** `[query]` length of each list. */
  get counts(): Int32Array<ArrayBuffer> {
    return this.kernels.integers('listCounts', this.queryCount, this.offset)
  }

  /** `[query]` what a score must reach. */
  get floors(): Float32Array<ArrayBuffer> {
    return this.kernels.floats('listFloors', this.queryCount, this.offset)
  }

  /** `[query]` */
  get scales(): Float32Array<ArrayBuffer> {
    return this.kernels.floats('listScales', this.queryCount, this.offset)
  }

  /** The first `count` rows of a list. */
  rows(query: number, count: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.kernels.buffer, this.listAt(query), count)
  }

  /** Their scores. */
  scores(query: number, count: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.kernels.buffer, this.scoresAt(query), count)
  }

  /** What `part` put aside. */
  aside(count: number): { readonly rows: Uint32Array; readonly scores: Float32Array } {
    const rows = new Uint32Array(this.kernels.buffer, this.kernels.start('sideRows'), count)
    return { rows, scores: this.kernels.floats('sideScores', count) }
  }

  /** Puts rows whose products reach the floors of their queries at the ends of the lists. */
  scan({ kind, at, stride, queries, rows, firstRow, isPlain }: ScannedProducts): void {
    const { run } = this.kernels
    const [plain, factored] = kind === 'floats' ? [run.scanPlain, run.scanFloats] : [run.scanSums, run.scanIntegers]
    const scan = isPlain && rows.count % SCANNED_AT_ONCE === 0 ? plain : factored
    const factors = this.kernels.start('factors') + 4 * rows.first
    scan(
      this.kernels.start('products') + 4 * at,
      4 * stride,
      factors,
      rows.count,
      queries.count,
      firstRow,
      ...this.lists(queries),
    )
  }

  /** The same of `integers`, `[document, query]`, the queries filled up to a multiple of 16. */
  scanTurned({ queries, rows, firstRow }: Scanned): void {
    const factors = this.kernels.start('factors') + 4 * rows.first
    const { run } = this.kernels
    run.scanTurned(this.kernels.start('integers'), filledUp(queries.count), factors, rows.count, firstRow, ...this.lists(queries))
  }

  /** How many of the first `count` of a list (at least `nth` + 1) are about as good as the `nth` best (from 0) or better; for what comes next. */
  weigh(query: number, count: number, nth: number): number {
    const { kernels } = this
    const [buckets, counts, scratch] = [kernels.start('buckets'), kernels.start('counts'), kernels.start('scratch')]
    return kernels.run.weigh(this.scoresAt(query), count, nth, buckets, counts, scratch)
  }

  /** A score that at least `rows` of those reach that were weighed just now, and about a bucket below the best such. */
  reachedBy(rows: number): number {
    const { counts, scores } = this.weighing()
    let bucket = 0
    for (let left = rows - (counts[0] as number); left > 0; left -= counts[bucket] as number) bucket++
    const [most, perScore] = [scores[1] as number, scores[2] as number]
    // a bucket lower, and a little more where buckets are as narrow as what their places are rounded by
    return most - (bucket + 2) / perScore - Math.abs(most) * 1e-6
  }

  /** Lets `gather` leave those that were weighed just now and may reach a floor, if they are fewer than it would leave: how many it will. */
  narrow(floor: number): number {
    const { counts, scores, bucket } = this.weighing()
    const [most, perScore] = [scores[1] as number, scores[2] as number]
    const first = this.kernels.start('counts') // a bucket is the address of its number there
    const reached = Math.floor((most - floor + Math.abs(most) * 1e-6) * perScore + 1)
    const last = Math.min(reached, ((bucket[0] as number) - first) / 4)
    bucket[0] = first + 4 * last
    let left = 0
    for (let i = 0; i <= last; i++) left += counts[i] as number
    return left
  }

  /** Of the `count` of a list that were weighed, those that `weigh` counted stay and come first. The least of their scores. */
  gather(query: number, count: number): number {
    return this.kernels.run.gather(...this.cutOf(query, count))
  }

  /**
   * Of the `count` of a list that were weighed, those that are better than the `nth` best stay and come first, all but for a few that are
   * aside with it and with its equals.
   */
  part(query: number, count: number): { readonly kept: number; readonly aside: number } {
    const { kernels } = this
    const sides = [kernels.start('sideScores'), kernels.start('sideRows')] as const
    const kept = kernels.run.part(...this.cutOf(query, count), ...sides)
    return { kept, aside: kernels.integers('scratch', 1)[0] as number }
  }

  private cutOf(query: number, count: number): readonly [number, number, number, number, number, number] {
    const { kernels } = this
    const [buckets, scratch, orders] = [kernels.start('buckets'), kernels.start('scratch'), kernels.start('orders')]
    return [this.scoresAt(query), this.listAt(query), count, buckets, scratch, orders]
  }

  /** What `weigh` left: `counts` of the buckets, and in one place the last bucket that stays, the largest score and the buckets for a score of 1. */
  private weighing(): Weighing {
    const { kernels } = this
    if (this.weighed === null || this.weighed.counts.length === 0) {
      const scores = kernels.floats('scratch', 3)
      this.weighed = { counts: kernels.integers('counts', BUCKETS), scores, bucket: kernels.integers('scratch', 1) }
    }
    return this.weighed
  }

  /** What every scan takes at its end. */
  private lists({ first }: Part): readonly [number, number, number, number, number, number, number] {
    const { kernels } = this
    const [scales, floors, counts] = [kernels.start('listScales'), kernels.start('listFloors'), kernels.start('listCounts')]
    const own = this.offset + 4 * first
    const scoresFrom = this.listBytes / 2
    return [scales + own, floors + own, this.listAt(first), this.listBytes, scoresFrom, counts + own, kernels.start('buckets')]
  }

  /** Of this config, bytes from the beginning of a region that has a number for each query of each. */
  private get offset(): number {
    return 4 * this.config * filledUp(this.queryCount)
  }

  private listAt(query: number): number {
    return this.kernels.start('lists') + (this.config * this.queryCount + query) * this.listBytes
  }

  private scoresAt(query: number): number {
    return this.listAt(query) + this.listBytes / 2
  }
}
