import type { SignPiece } from './bit-code.ts'

/** Up to 64 columns from `column` on, to be bits of the word at `at` in rows of `words` words. */
export interface PackedColumns {
  readonly column: number
  readonly columns: number
  readonly at: number
  readonly words: number
}

interface Piece extends SignPiece {
  readonly firstColumn: number
  readonly columns: number
}

/**
 * How the signs of rows lie in words so that products of several sizes are sums: the columns from each size to the next begin
 * a word of their own.
 */
export class SignLayout {
  /** Distinct, ascending. */
  readonly sizes: readonly number[]
  /** Words of a row. */
  readonly words: number
  /** One per size. */
  readonly pieces: readonly Piece[]

  constructor(sizes: Iterable<number>) {
    this.sizes = [...new Set(sizes)].sort((a, b) => a - b)
    let firstWord = 0
    this.pieces = this.sizes.map((end, size) => {
      const firstColumn = this.sizes[size - 1] ?? 0
      const columns = end - firstColumn
      const piece = { words: Math.ceil(columns / 64), firstColumn, columns, firstWord, size }
      firstWord += piece.words
      return piece
    })
    this.words = firstWord
  }

  /** What is to be packed of each row, whose words lie one after the other. */
  packed(): PackedColumns[] {
    return this.pieces.flatMap(({ words, firstWord, firstColumn, columns }) =>
      Array.from({ length: words }, (_, word) => ({
        column: firstColumn + 64 * word,
        columns: Math.min(64, columns - 64 * word),
        at: firstWord + word,
        words: this.words,
      })),
    )
  }
}
