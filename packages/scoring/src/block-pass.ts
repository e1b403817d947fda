import type { Config } from '@sweepboard/contracts'
import { SweepError } from '@sweepboard/contracts/error'
import { BLOCK_ROWS } from './block-size.ts'
import { CALIBRATION_ROWS } from './int8-range.ts'
import { KernelRows, type Operand } from './kernel-rows.ts'
import type { Matrix } from './product.ts'
import { Representation, refuseNonFinite } from './representation.ts'
import { RowKernels } from './row-kernels.ts'
import { SignLayout } from './sign-words.ts'
import type { VectorBlock } from './vector-blocks.ts'

/**
 * What every pass over the documents of a group shares: the configs, the range of those that are int8, their queries, and
 * the check of each block. Errors: `SB-SCORE-001` a vector is not finite, `SB-SCORE-002` the sides do not fit.
 */
export class BlockPass {
  readonly representations: readonly Representation[]
  readonly kernels: RowKernels
  /** Of the binary configs. */
  readonly signs: SignLayout
  private readonly queries: Matrix
  private readonly queriesAtOnce: number
  /** Numbers of columns whose lengths are wanted: all, for the check, and those of normalised configs. */
  private readonly prefixes: readonly number[]

  /** `queriesAtOnce`: how many queries the products of a block are made of; `listRows`: rows of a list of found ones, 0 where none is kept. */
  constructor({ queries, configs }: { queries: Matrix; configs: readonly Config[] }, queriesAtOnce: number, listRows = 0) {
    this.queries = queries
    this.queriesAtOnce = queriesAtOnce
    this.representations = configs.map((config) => new Representation(config, queries.dim))
    const normalised = configs.filter(({ precision, similarity }) => precision !== 'binary' && similarity === 'cosine')
    const prefixes = normalised.map(({ dimensions }) => dimensions ?? queries.dim)
    this.prefixes = [...new Set([...prefixes, queries.dim])].filter((prefix) => prefix > 0).sort((a, b) => a - b)
    const binary = this.representations.filter(({ config }) => config.precision === 'binary' && queriesAtOnce > 0)
    this.signs = new SignLayout(binary.map(({ dim }) => dim))
    const lists = { configs: listRows > 0 ? configs.length : 0, queries: queries.rowCount, rows: listRows }
    this.kernels = RowKernels.open({ lists, signs: this.signs })
    for (const _ of this.queryPieces()); // refused before any document is read
  }

  /**
   * The blocks as they come, the first ones held back until the int8 ranges are known, where one is wanted; but not what `early` takes before
   * that.
   */
  async *calibrated(
    blocks: AsyncIterable<VectorBlock>,
    early: (block: VectorBlock) => boolean = () => false,
  ): AsyncGenerator<VectorBlock> {
    let held: VectorBlock[] = []
    const taken = new Set<VectorBlock>()
    let waiting = this.representations.some(({ range }) => range !== null)
    for await (const block of blocks) {
      if (!waiting) {
        yield block
        continue
      }
      held.push(block)
      if (early(block)) taken.add(block)
      if (block.firstRow + block.matrix.rowCount < CALIBRATION_ROWS) continue
      this.calibrate(held)
      yield* held.filter((own) => !taken.has(own))
      held = []
      waiting = false
    }
    if (waiting) this.calibrate(held)
    yield* held.filter((own) => !taken.has(own))
  }

  /** The queries as each of some configs multiplies them, in memory of their own. To be asked for once their ranges are known. */
  queryOperands(representations: readonly Representation[]): Operand[] {
    const { rowCount } = this.queries
    const all = representations.map(({ config, dim }) => ({
      values: config.precision === 'float32' ? new Float32Array(rowCount * dim) : new Uint8Array(rowCount * dim),
      factors: config.precision === 'int8' && config.similarity === 'cosine' ? new Float32Array(rowCount) : null,
      rowCount,
      dim,
    }))
    for (const { rows, first } of this.queryPieces()) {
      representations.forEach((representation, i) => {
        const { values, factors } = rows.operand(representation)
        all[i]?.values.set(values, first * representation.dim)
        if (factors) all[i]?.factors?.set(factors, first)
      })
    }
    return all
  }

  /** All queries, normalised as a whole or as they are, and for each of some numbers of columns what the products of so many are multiplied by. */
  queryRows(prefixes: readonly number[], normalised: boolean): { matrix: Matrix; factors: ReadonlyMap<number, Float32Array> } {
    const { rowCount, dim } = this.queries
    const values = new Float32Array(rowCount * dim)
    const factors = new Map(prefixes.map((prefix) => [prefix, new Float32Array(rowCount).fill(1)]))
    for (const { rows, first } of this.queryPieces()) {
      values.set(rows.columns(0, dim, normalised).values, first * dim)
      if (normalised) for (const [prefix, own] of factors) own.set(rows.factors(prefix), first)
    }
    return { matrix: { values, rowCount, dim }, factors }
  }

  /** The signs of all queries, row after row, in 64-bit words; in memory of their own. */
  querySigns(): Uint8Array {
    const { words } = this.signs
    const all = new Uint8Array(8 * words * this.queries.rowCount)
    for (const { rows, first } of this.queryPieces()) all.set(rows.signs(this.signs.packed()), 8 * words * first)
    return all
  }

  /** The rows of a block, checked. */
  rowsOf({ matrix, firstRow }: VectorBlock): KernelRows {
    const { dim, rowCount } = this.queries
    if (rowCount > 0 && matrix.dim !== dim) {
      throw new SweepError('SB-SCORE-002', { message: `documents have ${matrix.dim} dimensions, queries ${dim}` })
    }
    return this.checked(matrix, (row) => `row 0 and document row ${firstRow + row}`)
  }

  private *queryPieces(): Generator<{ rows: KernelRows; first: number }> {
    for (let first = 0; first < this.queries.rowCount; first += BLOCK_ROWS) {
      yield { rows: this.checked(rowsFrom(this.queries, first, BLOCK_ROWS), (row) => `row ${first + row}`), first }
    }
  }

  private checked(matrix: Matrix, name: (row: number) => string): KernelRows {
    const rows = new KernelRows(this.kernels, matrix, this.queriesAtOnce, this.prefixes)
    refuseNonFinite(rows, name)
    return rows
  }

  private calibrate(blocks: readonly VectorBlock[]): void {
    for (const { matrix, firstRow } of blocks) {
      // checked whole when it is searched
      const rows = this.rowsOf({ matrix: rowsFrom(matrix, 0, Math.max(1, CALIBRATION_ROWS - firstRow)), firstRow })
      for (const representation of this.representations) rows.widen(representation)
    }
  }
}

/** `count` rows from `first`, or as many as there are. */
export function rowsFrom({ values, rowCount, dim }: Matrix, first: number, count: number): Matrix {
  const rows = Math.min(count, rowCount - first)
  return { values: values.subarray(first * dim, (first + rows) * dim), rowCount: rows, dim }
}
