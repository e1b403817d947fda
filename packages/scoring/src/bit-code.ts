import { type Code, constant, f32x4, i32, i32x4, i64, type Kernel, kernel, type Local, v128, whileTrue } from './wasm-code.ts'

const WORD = 8
/** Rows that `ones` takes at once. */
export const COUNTED_AT_ONCE = 4

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

/**
 * Products of codes +1 and -1 from their bits: out = previous + bits - 2 x differing bits, of one query with `count` rows of
 * `words` words, a multiple of `COUNTED_AT_ONCE`. `previous` may be `out`.
 */
export function ones(words: 1 | 2 | 4 | 8): Kernel {
  const names = Array.from({ length: words }, (_, i) => `q${i}`)
  return kernel(
    { query: 'i32', rows: 'i32', count: 'i32', bits: 'i32', previous: 'i32', out: 'i32' },
    Object.fromEntries(names.map((name) => [name, 'i64'])) as Record<string, 'i64'>,
    (own) => {
      const { query, rows, count, bits, previous, out } = own as Record<string, Local> as Record<
        'query' | 'rows' | 'count' | 'bits' | 'previous' | 'out',
        Local
      >
      const queryWords = names.map((name) => own[name] as Local)
      const differing = (row: number): Code =>
        queryWords
          .map((word, i) => i64.ones(i64.xor(word.get, i64.load(rows.get, WORD * (row * words + i)))))
          .reduce((sum, one) => i64.add(sum, one))
      const product = (row: number) =>
        i32.sub(i32.add(i32.load(previous.get, 4 * row), bits.get), i32.shiftLeft(i32.ofI64(differing(row)), constant.i32(1)))
      return [
        ...queryWords.map((word, i) => word.set(i64.load(query.get, WORD * i))),
        whileTrue(
          count.get,
          ...Array.from({ length: COUNTED_AT_ONCE }, (_, row) => i32.store(out.get, product(row), 4 * row)),
          add(rows, COUNTED_AT_ONCE * WORD * words),
          add(previous, COUNTED_AT_ONCE * 4),
          add(out, COUNTED_AT_ONCE * 4),
          add(count, -COUNTED_AT_ONCE),
        ),
      ]
    },
  )
}
