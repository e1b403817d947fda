import { pack, signSums } from './bit-code.ts'
import { SMALLEST_LENGTH } from './row-length.ts'
import { scan, scanTurned } from './scan-code.ts'
import { keep, part, rise, tally } from './selection-code.ts'
import type { SignLayout } from './sign-words.ts'
import {
  type Code,
  constant,
  f32,
  f32x4,
  i8x16,
  i16x8,
  i32,
  i32x4,
  kernel,
  type Local,
  moduleOf,
  v128,
  whileTrue,
} from './wasm-code.ts'

const FLOAT = 4
const VECTOR = 16

const add = (local: Local, by: number) => local.set(i32.add(local.get, constant.i32(by)))
const bytesOf = (floats: Local) => i32.shiftLeft(floats.get, constant.i32(2))
const divisorOf = (length: Local) => f32.max(f32.load(length.get), constant.f32(SMALLEST_LENGTH))

/**
 * The loops over rows, as a module. Addresses are bytes of its memory, `stride` is bytes from row to row, `prefix` columns.
 * Rows are done in order and by four columns: what spills over the end of a written row is overwritten by the next one.
 */
export function kernelModule({ sizes, pieces }: SignLayout): Uint8Array<ArrayBuffer> {
  const factored = { scanFloats: scan({ integers: false, factors: true }) }
  const plain = { scanPlain: scan({ integers: false, factors: false }), scanSums: scan({ integers: true, factors: false }) }
  const select = {
    ...factored,
    ...plain,
    scanIntegers: scan({ integers: true, factors: true }),
    scanTurned,
    tally,
    rise,
    keep,
    part,
  }
  return moduleOf({ lengths, divide, widen, encode, signs, ...select, pack, signSums: signSums(sizes, pieces) })
}

/**
 * As `torchLengths`, bit for bit: eight lanes, added in order, then what is left over a multiple of eight. Of several prefixes at once, in
 * one pass over the rows: `ends` has the bytes of each, ascending, with 0 after the last; `out` has `outStride` bytes from prefix to prefix.
 */
const lengths = kernel(
  { rows: 'i32', count: 'i32', stride: 'i32', ends: 'i32', out: 'i32', outStride: 'i32' },
  { at: 'i32', own: 'i32', to: 'i32', left: 'i32', full: 'i32', end: 'i32', sum: 'f32', a: 'v128', b: 'v128' },
  ({ rows, count, stride, ends, out, outStride, at, own, to, left, full, end, sum, a, b }) => {
    const square = (lanes: Local, offset: number) =>
      lanes.set(f32x4.add(lanes.get, f32x4.mul(v128.load(at.get, offset), v128.load(at.get, offset))))
    const zero = f32x4.splat(constant.f32(0))
    const addLane = (lanes: Local, lane: number) => sum.set(f32.add(sum.get, f32x4.lane(lanes.get, lane)))
    return [
      whileTrue(
        count.get,
        at.set(rows.get),
        own.set(ends.get),
        to.set(out.get),
        a.set(zero),
        b.set(zero),
        whileTrue(
          i32.load(own.get),
          end.set(i32.add(rows.get, i32.load(own.get))),
          full.set(i32.add(rows.get, i32.and(i32.load(own.get), constant.i32(-2 * VECTOR)))),
          whileTrue(i32.less(at.get, full.get), square(a, 0), square(b, VECTOR), add(at, 2 * VECTOR)),
          sum.set(f32x4.lane(a.get, 0)),
          ...[1, 2, 3].map((lane) => addLane(a, lane)),
          ...[0, 1, 2, 3].map((lane) => addLane(b, lane)),
          left.set(full.get),
          whileTrue(
            i32.less(left.get, end.get),
            sum.set(f32.add(sum.get, f32.mul(f32.load(left.get), f32.load(left.get)))),
            add(left, FLOAT),
          ),
          f32.store(to.get, f32.sqrt(sum.get)),
          to.set(i32.add(to.get, outStride.get)),
          add(own, FLOAT),
        ),
        add(out, FLOAT),
        rows.set(i32.add(rows.get, stride.get)),
        add(count, -1),
      ),
    ]
  },
)

/** The first `prefix` columns, row after row, each divided by its row's length: one float32 division, as torch does it. */
const divide = kernel(
  { rows: 'i32', lengths: 'i32', count: 'i32', stride: 'i32', prefix: 'i32', out: 'i32' },
  { at: 'i32', to: 'i32', end: 'i32', divisor: 'v128' },
  (own) => {
    const { rows, count, stride, prefix, out, at, to, end, divisor } = own
    return [
      whileTrue(
        count.get,
        at.set(rows.get),
        to.set(out.get),
        end.set(i32.add(rows.get, bytesOf(prefix))),
        divisor.set(f32x4.splat(divisorOf(own.lengths))),
        whileTrue(
          i32.less(at.get, end.get),
          v128.store(to.get, f32x4.div(v128.load(at.get), divisor.get)),
          add(at, VECTOR),
          add(to, VECTOR),
        ),
        out.set(i32.add(out.get, bytesOf(prefix))),
        add(own.lengths, FLOAT),
        rows.set(i32.add(rows.get, stride.get)),
        add(count, -1),
      ),
    ]
  },
)

/** As `Int8Range.widen`: least and largest value of each column, of rows that lie row after row, beside those that stand there. */
const widen = kernel(
  { rows: 'i32', count: 'i32', dim: 'i32', min: 'i32', max: 'i32' },
  { at: 'i32', end: 'i32', value: 'v128' },
  ({ rows, count, dim, min, max, at, end, value }) => [
    end.set(bytesOf(dim)),
    whileTrue(
      count.get,
      at.set(constant.i32(0)),
      whileTrue(
        i32.less(at.get, end.get),
        value.set(v128.load(i32.add(rows.get, at.get))),
        v128.store(i32.add(min.get, at.get), f32x4.min(v128.load(i32.add(min.get, at.get)), value.get)),
        v128.store(i32.add(max.get, at.get), f32x4.max(v128.load(i32.add(max.get, at.get)), value.get)),
        add(at, VECTOR),
      ),
      rows.set(i32.add(rows.get, end.get)),
      add(count, -1),
    ),
  ],
)

/**
 * As `Int8Range.encode` of the first `dim` columns divided by the row's length as `divide` does it, code + 128 in a byte, row after row, and
 * the length of each row of codes in the place of the row's own.
 */
const encode = kernel(
  { rows: 'i32', stride: 'i32', min: 'i32', width: 'i32', count: 'i32', dim: 'i32', out: 'i32', lengths: 'i32' },
  {
    ...{ at: 'i32', column: 'i32', end: 'i32', sum: 'i32', code: 'i32', divisor: 'v128' },
    ...{ squares: 'v128', widths: 'v128', shifted: 'v128', low: 'v128', high: 'v128' },
  } as const,
  (own) => {
    const { rows, stride, min, width, count, dim, out, at, column, end, sum, code } = own
    const { divisor, squares, widths, shifted, low, high } = own
    const from = (start: Local) => i32.add(start.get, bytesOf(column))
    const limit = (value: number) => f32x4.splat(constant.f32(value))
    const steps = (offset: number): Code[] => [
      widths.set(v128.load(from(width), offset)),
      shifted.set(f32x4.sub(f32x4.div(v128.load(from(rows), offset), divisor.get), v128.load(from(min), offset))),
      shifted.set(f32x4.sub(f32x4.div(shifted.get, widths.get), limit(128))),
      shifted.set(f32x4.max(f32x4.min(shifted.get, limit(127)), limit(-128))),
    ]
    // 0 where the dimension has no width, and only there a code may be no number
    const codes = i32x4.truncatedInRange(v128.without(shifted.get, f32x4.equal(widths.get, limit(0))))
    const eight = (half: Local, offset: number): Code[] => [
      ...steps(offset),
      half.set(codes),
      ...steps(offset + VECTOR),
      half.set(i16x8.narrowed(half.get, codes)),
      squares.set(i32x4.add(squares.get, i16x8.dot(half.get, half.get))),
    ]
    const zero = i8x16.splat(constant.i32(-128))
    return [
      whileTrue(
        count.get,
        column.set(constant.i32(0)),
        end.set(i32.and(dim.get, constant.i32(-16))),
        squares.set(i32x4.splat(constant.i32(0))),
        divisor.set(f32x4.splat(divisorOf(own.lengths))),
        whileTrue(
          i32.less(column.get, end.get),
          ...eight(low, 0),
          ...eight(high, 2 * VECTOR),
          v128.store(i32.add(out.get, column.get), i8x16.add(i8x16.narrowed(low.get, high.get), zero)),
          add(column, 16),
        ),
        sum.set(constant.i32(0)),
        ...[0, 1, 2, 3].map((lane) => sum.set(i32.add(sum.get, i32x4.lane(squares.get, lane)))),
        whileTrue(
          i32.less(column.get, dim.get),
          ...steps(0),
          v128.storeFirst32(i32.add(out.get, column.get), i32x4.bytes(i32x4.add(codes, i32x4.splat(constant.i32(128))))),
          add(column, 4),
        ),
        at.set(i32.add(out.get, end.get)),
        whileTrue(
          i32.less(at.get, i32.add(out.get, dim.get)),
          code.set(i32.sub(i32.loadByte(at.get), constant.i32(128))),
          sum.set(i32.add(sum.get, i32.mul(code.get, code.get))),
          add(at, 1),
        ),
        f32.store(own.lengths.get, f32.sqrt(f32.ofI32(sum.get))),
        add(own.lengths, FLOAT),
        rows.set(i32.add(rows.get, stride.get)),
        out.set(i32.add(out.get, dim.get)),
        add(count, -1),
      ),
    ]
  },
)

/** Codes +1 where a value is above 0, else -1; code + 128 in a byte. */
const signs = kernel(
  { rows: 'i32', count: 'i32', stride: 'i32', prefix: 'i32', out: 'i32' },
  { column: 'i32', above: 'v128' },
  ({ rows, count, stride, prefix, out, column, above }) => [
    whileTrue(
      count.get,
      column.set(constant.i32(0)),
      whileTrue(
        i32.less(column.get, prefix.get),
        above.set(f32x4.greater(v128.load(i32.add(rows.get, bytesOf(column))), f32x4.splat(constant.f32(0)))),
        // a comparison that holds is -1
        v128.storeFirst32(
          i32.add(out.get, column.get),
          i32x4.bytes(i32x4.sub(i32x4.splat(constant.i32(127)), i32x4.add(above.get, above.get))),
        ),
        add(column, 4),
      ),
      rows.set(i32.add(rows.get, stride.get)),
      out.set(i32.add(out.get, prefix.get)),
      add(count, -1),
    ),
  ],
)
