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
 * a word of their own, and come in pieces of 1, 2, 4 or 8 words.
 */
export class SignLayout {
  /** Distinct, ascending. */
  readonly sizes: readonly number[]
  /** Words of a row. */
  readonly words: number
  readonly pieces: readonly Piece[]

  constructor(sizes: Iterable<number>) {
    this.sizes = [...new Set(sizes)].sort((a, b) => a - b)
    const pieces: Piece[] = []
    let firstWord = 0
    this.sizes.forEach((end, size) => {
      for (let column = this.sizes[size - 1] ?? 0; column < end; ) {
        const own = ([8, 4, 2] as const).find((words) => 64 * (words - 1) < end - column) ?? 1
        const columns = Math.min(64 * own, end - column)
        pieces.push({ words: own, firstColumn: column, columns, firstWord, size })
        column += columns
        firstWord += own
      }
    })
    this.pieces = pieces
    this.words = firstWord
  }

  /** What is to be packed of `rowCount` rows: piece after piece, each row after row. */
  packedByPiece(rowCount: number): PackedColumns[] {
    return this.packed(({ firstWord, words }, word) => ({ at: firstWord * rowCount + word, words }))
  }

  /** What is to be packed so that all words of a row lie one after the other. */
  packedByRow(): PackedColumns[] {
    return this.packed(({ firstWord }, word) => ({ at: firstWord + word, words: this.words }))
  }

  private packed(place: (piece: Piece, word: number) => { at: number; words: number }): PackedColumns[] {
    return this.pieces.flatMap((piece) =>
      Array.from({ length: piece.words }, (_, word) => {
        const column = piece.firstColumn + 64 * word
        return { column, columns: Math.max(0, Math.min(64, piece.firstColumn + piece.columns - column)), ...place(piece, word) }
      }),
    )
  }
}
