import { filledUp } from './kernel-memory.ts'
import type { Operand } from './kernel-rows.ts'
import type { Scanned, ScannedProducts } from './list-kernels.ts'
import type { Representation } from './representation.ts'
import type { Part, RowKernels } from './row-kernels.ts'
import type { ConfigFound } from './search.ts'
import { TopLists, type TopSought } from './top-lists.ts'
import { type FoundRows, NEVER } from './top-rows.ts'

/** One config of a pass: the best rows so far. */
export class Lane {
  readonly representation: Representation
  readonly top: TopLists
  seconds = 0
  private readonly kernels: RowKernels
  private readonly priority: Uint32Array

  /** `config`: its place among the lists of the kernels. */
  constructor(representation: Representation, config: number, { kernels, ...sought }: TopSought & { kernels: RowKernels }) {
    this.representation = representation
    this.kernels = kernels
    this.top = new TopLists(kernels, config, sought)
    this.priority = sought.priority
  }

  result(): ConfigFound {
    const { representation, top, seconds } = this
    return { found: (query) => this.scored(top.found(query)), seconds, calibration: representation.calibration }
  }

  /** The best rows of one query and some more, with their scores: for who puts them in order and takes the best. */
  candidates(query: number): FoundRows {
    return this.scored(this.top.candidates(query))
  }

  /** What products of each query are multiplied by, `[query]`; 1 if it is not told. */
  scaleBy(scales: Float32Array): void {
    this.top.lists.scales.set(scales)
  }

  /** Writes what products are multiplied by, by row. What is no number is never found. Whether all of them are 1. */
  writeFactors({ factors, rowCount }: Pick<Operand, 'factors' | 'rowCount'>, firstRow: number): boolean {
    const out = this.kernels.floats('factors', filledUp(rowCount))
    out.fill(Number.NaN, rowCount)
    let isPlain = factors === null
    for (let row = 0; row < rowCount; row++) {
      const isHidden = this.priority[firstRow + row] === NEVER
      out[row] = isHidden ? Number.NaN : factors ? (factors[row] as number) : 1
      isPlain = isPlain && !isHidden
    }
    return isPlain
  }

  /** To be called before up to `SCANNED_ROWS` rows are taken. */
  makeRoom(queries: Part): void {
    this.top.makeRoom(queries)
  }

  /** Takes the products of some queries with some rows. */
  take(products: ScannedProducts): void {
    this.top.take(products)
  }

  /** The same of products of codes, as they are made. */
  takeTurned(products: Scanned): void {
    this.top.takeTurned(products)
  }

  private scored({ rows, scores }: FoundRows): FoundRows {
    const { representation } = this
    return representation.scoresAreProducts
      ? { rows, scores }
      : { rows, scores: scores.map((product) => representation.scoreOf(product)) }
  }
}
