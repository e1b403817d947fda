import { COUNTED_AT_ONCE, SIGN_ROWS } from './bit-code.ts'
import { KernelMemory, type KernelRoom, PREFIXES_AT_ONCE, type SearchRoom, takeWorkplace } from './kernel-memory.ts'
import type { PackedColumns } from './sign-words.ts'

/** Some queries, or some rows of a block. */
export interface Part {
  readonly first: number
  readonly count: number
}

/** The loops over a block of rows that JavaScript does four to eight times slower, in WebAssembly with 128-bit vectors. */
export class RowKernels extends KernelMemory {
  /** Kernels in the memory of those that were closed last, if there is such. */
  static open(search: SearchRoom): RowKernels {
    return new RowKernels(search, takeWorkplace())
  }

  /** [prefix] lengths of the first so many columns of the rows, in one pass; prefixes are distinct and ascend. */
  lengths({ rowCount, dim }: KernelRoom, prefixes: readonly number[]): Float32Array<ArrayBuffer>[] {
    const most = PREFIXES_AT_ONCE
    return prefixes.flatMap((_, first) => {
      if (first % most > 0) return []
      const some = prefixes.slice(first, first + most)
      this.integers('ends', some.length + 1).set([...some.map((prefix) => 4 * prefix), 0])
      this.run.lengths(this.start('rows'), rowCount, 4 * dim, this.start('ends'), this.start('prefixLengths'), 4 * rowCount)
      return some.map((_, i) => this.floats('prefixLengths', (i + 1) * rowCount).slice(i * rowCount))
    })
  }

  /** The columns of the rows from `from` to before `to` divided by `lengths`, into `slice`, behind room for the columns before. */
  divide({ rowCount, dim }: KernelRoom, from: number, to: number): void {
    const [rows, slice] = [this.start('rows') + 4 * from, this.start('slice') + 4 * from * rowCount]
    this.run.divide(rows, this.start('lengths'), rowCount, 4 * dim, to - from, slice)
  }

  /** Widens `min` and `max` by the first rows of `slice`; `max` lies in `width`. */
  widen(rowCount: number, dim: number): void {
    this.run.widen(this.start('slice'), rowCount, dim, this.start('min'), this.start('width'))
  }

  /**
   * The int8 codes of the first `prefix` columns of the rows divided by `lengths`, by `min` and `width`, into `codes`, and the lengths of the
   * rows of codes into `lengths`.
   */
  encode({ rowCount, dim }: KernelRoom, prefix: number): void {
    const [rows, min, width] = [this.start('rows'), this.start('min'), this.start('width')]
    this.run.encode(rows, 4 * dim, min, width, rowCount, prefix, this.start('codes'), this.start('lengths'))
  }

  /** The signs of the first `prefix` columns of the rows, into `codes`. */
  signs({ rowCount, dim }: KernelRoom, prefix: number): void {
    this.run.signs(this.start('rows'), rowCount, 4 * dim, prefix, this.start('codes'))
  }

  /** Up to 64 columns of the rows from `column` on, as bits of word `at` of `bits` in rows of `words` words. */
  pack({ rowCount, dim }: KernelRoom, { column, columns, at, words }: PackedColumns): void {
    const mask = (1n << BigInt(columns)) - 1n
    const from = this.start('rows') + 4 * column
    this.run.pack(from, rowCount, 4 * dim, columns, BigInt.asIntN(64, mask), this.start('bits') + 8 * at, 8 * words)
  }

  /**
   * The products of signs of up to `SIGN_QUERIES` queries, whose words are in `queryBits`, with up to `SIGN_ROWS` rows: `SIGN_ROW_STRIDE`
   * numbers from query to query, `SIGN_STRIDE` from size to size of `products`.
   */
  signSums(queries: Part, rows: Part): void {
    const rowBytes = 8 * this.search.signs.words
    const [own, bits] = [this.start('queryBits') + queries.first * rowBytes, this.start('bits') + rows.first * rowBytes]
    const count = Math.min(SIGN_ROWS, Math.ceil(rows.count / COUNTED_AT_ONCE) * COUNTED_AT_ONCE)
    this.run.signSums(own, queries.count, bits, count, this.start('products'))
  }
}
