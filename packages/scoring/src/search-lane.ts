import type { Operand } from './kernel-rows.ts'
import type { Representation } from './representation.ts'
import type { RowKernels } from './row-kernels.ts'
import type { ConfigFound, Search } from './search.ts'
import { SCANNED_AT_ONCE } from './selection-code.ts'
import { type FoundRows, NEVER, type PackedRows, type SharedFloors, TopRows } from './top-rows.ts'

/** Documents of a block that tell where the floor of the whole block is about; a multiple of what is scanned at once. */
const SAMPLE = 1024
/** How many more than the depth the guessed floor should leave. */
const MARGIN = 1.25

/** The products of one query, from `at` on, with the rows of a block. */
export interface QueryProducts {
  readonly query: number
  readonly scale: number
  readonly at: number
  readonly rowCount: number
  readonly firstRow: number
  /** No row of the block is hidden, and no score is anything but its product. */
  readonly isPlain: boolean
}

/** One config of a pass: the best rows so far. */
export class Lane {
  readonly representation: Representation
  seconds = 0
  private readonly top: TopRows
  private readonly priority: Uint32Array
  private readonly depth: number

  /** `floors`: shared with the same lane of another thread. */
  constructor(
    representation: Representation,
    { queries, depth, priority }: Omit<Search, 'documents'>,
    floors: SharedFloors | null = null,
  ) {
    this.representation = representation
    this.top = new TopRows(queries.rowCount, depth, priority, floors)
    this.priority = priority
    this.depth = depth
  }

  result(kernels: RowKernels): ConfigFound {
    const { representation, top, seconds } = this
    top.finish(kernels)
    return { found: (query) => this.scored(top.found(query)), seconds, calibration: representation.calibration }
  }

  /** The best rows of one query and some more, with their scores: for who puts them in order and takes the best. */
  candidates(query: number): FoundRows {
    return this.scored(this.top.candidates(query))
  }

  private scored({ rows, scores }: FoundRows): FoundRows {
    const { representation } = this
    return representation.scoresAreProducts
      ? { rows, scores }
      : { rows, scores: scores.map((product) => representation.scoreOf(product)) }
  }

  /** To be called once nothing is asked of this lane any more, nor of its result. */
  close(): void {
    this.top.close()
  }

  /** What was kept, for another thread: the depth and some more. */
  packed(): PackedRows {
    return this.top.packed()
  }

  /** Takes what another thread kept of other documents. */
  adopt(packed: PackedRows, kernels: RowKernels): void {
    this.top.adopt(packed, kernels)
  }

  /** Writes what `select` multiplies products by. What is no number is never found. Whether all of them are 1. */
  writeFactors(kernels: RowKernels, { factors, rowCount }: Pick<Operand, 'factors' | 'rowCount'>, firstRow: number): boolean {
    const out = kernels.floats('factors', Math.ceil(rowCount / SCANNED_AT_ONCE) * SCANNED_AT_ONCE)
    out.fill(Number.NaN)
    let shown = 0
    for (let row = 0; row < rowCount; row++) {
      if (this.priority[firstRow + row] === NEVER) continue
      out[row] = factors ? (factors[row] as number) : 1
      shown++
    }
    return factors === null && shown === rowCount
  }

  /** Takes one query's products with the rows of a block. */
  select(kernels: RowKernels, kind: 'floats' | 'integers', products: QueryProducts): void {
    const { query, scale, at, rowCount, firstRow, isPlain } = products
    const scan = (count: number, floor: number) =>
      kernels.scan(kind, { at, factorsAt: 0, count, scale, floor, firstRow, isPlain })
    const { top, depth } = this
    const floor = top.floorOf(query)
    if (floor !== Number.NEGATIVE_INFINITY || rowCount < 2 * SAMPLE || rowCount < 2 * depth) {
      top.take(query, kernels, scan(rowCount, floor))
      return
    }
    const wanted = Math.ceil((depth * MARGIN * SAMPLE) / rowCount)
    const sampled = scan(SAMPLE, floor)
    const guess = wanted < sampled ? this.aboutNthBest(kernels, sampled, wanted) : floor
    const found = scan(rowCount, guess)
    // a guess that leaves the depth lost nothing that belongs to it
    top.take(query, kernels, found >= depth || guess === floor ? found : scan(rowCount, floor))
  }
  /** A score that at least `nth` + 1 (and not many more) of the first `count` found reach. */
  private aboutNthBest(kernels: RowKernels, count: number, nth: number): number {
    kernels.weigh(count, nth)
    return kernels.gather(count)
  }
}
