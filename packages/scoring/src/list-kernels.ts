import { filledUp, listBytes } from './kernel-memory.ts'
import type { Part, RowKernels } from './row-kernels.ts'
import { SCANNED_AT_ONCE } from './scan-code.ts'
import { BUCKET_SLACK, BUCKETS, SCORE_SLACK, SHARES, TALLY, TALLY_BYTES } from './selection-code.ts'

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

/**
 * The loops over the lists of one config, a list for each query: rows that products find come to their ends, and of what is there the
 * best are taken. Products reach a list's floor after they were multiplied by the row's factor and then by the query's scale.
 */
export class ListKernels {
  private readonly kernels: RowKernels
  private readonly config: number
  private readonly depth: number
  private readonly queryCount: number
  private readonly listBytes: number

  /** `config`: its place among the lists; `depth`: how many of the best rows are wanted of each list. */
  constructor(kernels: RowKernels, config: number, depth: number) {
    const { queries, rows } = kernels.search.lists
    this.kernels = kernels
    this.config = config
    this.depth = depth
    this.queryCount = queries
    this.listBytes = listBytes(rows)
    this.counts.fill(0)
    this.floors.fill(Number.NEGATIVE_INFINITY)
    for (const region of ['ownReached', 'otherReached'] as const) {
      for (let share = 0; share < SHARES; share++) this.reachedFloors(region, share).fill(Number.NEGATIVE_INFINITY)
    }
    for (let query = 0; query < queries; query++) this.tallyOf(query).integers[TALLY.counted] = 0
    // of no query, up to a whole vector
    const [none, whole] = [filledUp(queries) - queries, this.reachedOffset(SHARES - 1)]
    this.kernels.floats('listFloors', none, this.offset + 4 * queries).fill(Number.POSITIVE_INFINITY)
    this.kernels.floats('ownReached', none, whole + 4 * queries).fill(Number.POSITIVE_INFINITY)
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
    return new Uint32Array(this.kernels.buffer, this.rowsAt(query), count)
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

  /**
   * `[query]` scores that at least `share` + 1 of `SHARES` parts of the depth reach: of rows that were counted here, or elsewhere by who has
   * told of them. -Infinity where fewer rows are known. A view, valid until memory grows.
   */
  reachedFloors(region: 'ownReached' | 'otherReached', share: number): Float32Array<ArrayBuffer> {
    return this.kernels.floats(region, this.queryCount, this.reachedOffset(share))
  }

  /** Counts what came to the lists of some queries since they were counted last, where it is `least` rows or more, and raises what is reached. */
  tally({ first, count }: Part, least: number): void {
    const { kernels, depth } = this
    const lists = [
      this.tallyAt(first),
      this.rowsAt(first),
      this.listBytes,
      this.listBytes / 2,
      this.lengthAt(first),
      count,
    ] as const
    const reached = [kernels.start('ownReached') + this.reachedOffset(0) + 4 * first, this.reachedStride] as const
    kernels.run.tally(...lists, depth, least, ...reached, kernels.start('buckets'))
  }

  /** Makes floors of what is reached, of whole vectors of queries. */
  rise({ first, count }: Part): void {
    const { kernels } = this
    const start = first - (first % 4)
    const at = this.reachedOffset(0) + 4 * start
    const [own, other] = [kernels.start('ownReached') + at, kernels.start('otherReached') + at]
    kernels.run.rise(own, other, this.reachedStride, this.floorAt(start), first - start + count)
  }

  /** Counts a list anew, which is longer than half the depth, in buckets that are fit for what is there now. */
  recount(query: number): void {
    this.tallyOf(query).integers[TALLY.counted] = 0
    this.tally({ first: query, count: 1 }, 1)
  }

  /** Rows in the buckets up to that which the depth reaches. */
  reached(query: number): number {
    return this.tallyOf(query).integers[TALLY.reached] as number
  }

  /** Of a list whose rows were all counted, or none, those that reach its floor stay and come first: how many. */
  keep(query: number): number {
    const list = [this.tallyAt(query), this.rowsAt(query), this.listBytes / 2, this.lengthAt(query)] as const
    return this.kernels.run.keep(...list, this.floorAt(query), this.kernels.start('orders'))
  }

  /**
   * Of a list that was counted anew, the rows that are surely better than the worst of the depth stay and come first, all but for a few that are
   * aside with it and with its equals. To be followed by `selected`.
   */
  part(query: number): { readonly kept: number; readonly aside: number } {
    const { kernels } = this
    const { integers, floats } = this.tallyOf(query)
    const [bucket, most] = [integers[TALLY.bucket] as number, floats[TALLY.most] as number]
    const [width, slack] = [1 / (floats[TALLY.perScore] as number), Math.abs(most) * SCORE_SLACK]
    const isEdged = bucket < BUCKETS - 1 && Number.isFinite(most)
    const low = isEdged ? most - (bucket + 1 + BUCKET_SLACK) * width - slack : Number.NEGATIVE_INFINITY
    const high = Number.isFinite(most) ? most - (bucket - BUCKET_SLACK) * width + slack : Number.POSITIVE_INFINITY
    const [count, orders] = [integers[TALLY.counted] as number, kernels.start('orders')]
    const sides = [kernels.start('sideScores'), kernels.start('sideRows'), kernels.start('sideCount')] as const
    const kept = kernels.run.part(this.rowsAt(query), this.listBytes / 2, count, low, high, orders, ...sides)
    return { kept, aside: kernels.integers('sideCount', 1)[0] as number }
  }

  /** Tells what was selected of a list: its best `depth` rows, the worst of which has the score `floor`. */
  selected(query: number, floor: number): void {
    this.counts[query] = this.depth
    this.tallyOf(query).integers[TALLY.counted] = this.depth
    for (const floors of [this.reachedFloors('ownReached', SHARES - 1), this.floors]) {
      floors[query] = Math.max(floor, floors[query] as number)
    }
  }

  private tallyOf(query: number): { readonly integers: Int32Array; readonly floats: Float32Array } {
    const { buffer } = this.kernels
    const [at, places] = [this.tallyAt(query), TALLY.counts]
    return { integers: new Int32Array(buffer, at, places), floats: new Float32Array(buffer, at, places) }
  }

  /** What every scan takes at its end. */
  private lists({ first }: Part): readonly [number, number, number, number, number, number, number] {
    const { kernels } = this
    const scales = kernels.start('listScales') + this.offset + 4 * first
    const lists = [this.rowsAt(first), this.listBytes, this.listBytes / 2] as const
    return [scales, this.floorAt(first), ...lists, this.lengthAt(first), kernels.start('buckets')]
  }

  /** Of this config, bytes from the beginning of a region that has a number for each query of each. */
  private get offset(): number {
    return 4 * this.config * filledUp(this.queryCount)
  }

  /** Bytes from the numbers of one share to those of the next. */
  private get reachedStride(): number {
    return 4 * filledUp(this.queryCount)
  }

  private reachedOffset(share: number): number {
    return (this.config * SHARES + share) * this.reachedStride
  }

  private lengthAt(query: number): number {
    return this.kernels.start('listCounts') + this.offset + 4 * query
  }

  private floorAt(query: number): number {
    return this.kernels.start('listFloors') + this.offset + 4 * query
  }

  private tallyAt(query: number): number {
    return this.kernels.start('tallies') + (this.config * this.queryCount + query) * TALLY_BYTES
  }

  private rowsAt(query: number): number {
    return this.kernels.start('lists') + (this.config * this.queryCount + query) * this.listBytes
  }

  private scoresAt(query: number): number {
    return this.rowsAt(query) + this.listBytes / 2
  }
}
