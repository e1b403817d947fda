import {
  type Code,
  constant,
  f32x4,
  i32,
  i32x4,
  i64,
  type Kernel,
  kernel,
  type Local,
  type ValueType,
  v128,
  whileTrue,
} from './wasm-code.ts'

const WORD = 8
/** Rows that `signSums` takes at once. */
export const COUNTED_AT_ONCE = 2
/** Rows and queries of one call at most: the words of the rows and all products of the call stay in the processor's caches. */
export const SIGN_ROWS = 256
export const SIGN_QUERIES = 64
/** Numbers from query to query of a size's products; not a power of two, which caches dislike. */
export const SIGN_ROW_STRIDE = SIGN_ROWS + 16
/** Numbers from the products of a size to those of the next: known to the code, as an address for each size is more than there are registers. */
export const SIGN_STRIDE = SIGN_QUERIES * SIGN_ROW_STRIDE

const add = (local: Local, by: number) => local.set(i32.add(local.get, constant.i32(by)))

/** Up to 64 columns of each row as bits of a word, 1 where the value is above 0; `mask` has a bit per column. */
export const pack = kernel(
  { rows: 'i32', count: 'i32', stride: 'i32', columns: 'i32', mask: 'i64', out: 'i32', outStride: 'i32' },
  { column: 'i32', at: 'i32', word: 'i64' },
  ({ rows, count, stride, columns, mask, out, outStride, column, at, word }) => {
    const above = (i: number) => f32x4.greater(v128.load(at.get, 16 * i), f32x4.splat(constant.f32(0)))
    const sixteen = i32x4.signsOfFour([above(0), above(1), above(2), above(3)])
    return [
      whileTrue(
        count.get,
        column.set(constant.i32(0)),
        at.set(rows.get),
        word.set(i64.ofI32(constant.i32(0))),
        whileTrue(
          i32.less(column.get, columns.get),
          word.set(i64.or(word.get, i64.shiftLeft(i64.ofI32(sixteen), i64.ofI32(column.get)))),
          add(column, 16),
          add(at, 64),
        ),
        i64.store(out.get, i64.and(word.get, mask.get)),
        rows.set(i32.add(rows.get, stride.get)),
        out.set(i32.add(out.get, outStride.get)),
        add(count, -1),
      ),
    ]
  },
)

/** Columns of a size, whose signs lie in `words` words of a row from word `firstWord` on; every size has one. */
export interface SignPiece {
  readonly words: number
  readonly firstWord: number
  readonly size: number
}

/**
 * Products of codes +1 and -1 from their bits, of up to `SIGN_QUERIES` queries with `count` rows, a multiple of `COUNTED_AT_ONCE` up to
 * `SIGN_ROWS`: size - 2 x differing bits of the columns of all pieces up to that size; `SIGN_ROW_STRIDE` numbers from query to query,
 * `SIGN_STRIDE` from size to size.
 */
export function signSums(sizes: readonly number[], pieces: readonly SignPiece[]): Kernel {
  const rowWords = pieces.reduce((sum, { words }) => sum + words, 0)
  const sums = Array.from({ length: COUNTED_AT_ONCE }, (_, row) => `sum${row}`)
  const parameters = { query: 'i32', queries: 'i32', rows: 'i32', count: 'i32', out: 'i32' } as const
  return kernel(parameters, { at: 'i32', left: 'i32', to: 'i32', ...fill(sums, 'i64') }, (own) => {
    const local = (name: string) => (own as Record<string, Local>)[name] as Local
    const { query, queries, rows, count, out, at, left, to } = own
    const differing = ({ words, firstWord }: SignPiece, row: number): Code =>
      Array.from({ length: words }, (_, i) => {
        const word = firstWord + i
        return i64.ones(i64.xor(i64.load(at.get, WORD * (row * rowWords + word)), i64.load(query.get, WORD * word)))
      }).reduce((sum, one) => i64.add(sum, one))
    const counted = pieces.flatMap((piece, i) =>
      sums.flatMap((name, row) => {
        const sum = local(name)
        const own = differing(piece, row)
        const product = i32.sub(constant.i32(sizes[piece.size] as number), i32.shiftLeft(i32.ofI64(sum.get), constant.i32(1)))
        return [sum.set(i === 0 ? own : i64.add(sum.get, own)), i32.store(to.get, product, 4 * (piece.size * SIGN_STRIDE + row))]
      }),
    )
    return [
      whileTrue(
        queries.get,
        at.set(rows.get),
        to.set(out.get),
        left.set(count.get),
        whileTrue(
          left.get,
          ...counted,
          add(at, COUNTED_AT_ONCE * WORD * rowWords),
          add(to, COUNTED_AT_ONCE * 4),
          add(left, -COUNTED_AT_ONCE),
        ),
        add(query, WORD * rowWords),
        add(out, 4 * SIGN_ROW_STRIDE),
        add(queries, -1),
      ),
    ]
  })
}

function fill<T extends ValueType>(names: readonly string[], type: T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, type]))
}
