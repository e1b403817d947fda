import { type Code, constant, either, i32, type Kernel, kernel, type Local, v128, whileTrue } from './wasm-code.ts'

const WORD = 4
/** Bytes that a number may be written in, and bytes beyond the last one that may be overwritten. */
export const [MOST_VARINT_BYTES, VARINT_SPILL] = [5, 3]

const add = (local: Local, by: number) => local.set(i32.add(local.get, constant.i32(by)))

/** Writes `value`, which is lost, at `out`, which goes on: as `ByteWriter.varints`. `more` is free. */
function varint(value: Local, out: Local, more: Local): Code[] {
  const above = (limit: number) => i32.less(constant.i32(limit), value.get)
  const group = (mask: number, shift: number) => i32.shiftLeft(i32.and(value.get, constant.i32(mask)), constant.i32(shift))
  const groups = [group(0x7f, 0), group(0x3f80, 1), group(0x1f_c000, 2), group(0xfe0_0000, 3)].reduce((a, b) => i32.or(a, b))
  const marks = i32.sub(i32.shiftLeft(constant.i32(1), i32.shiftLeft(more.get, constant.i32(3))), constant.i32(1))
  return [
    whileTrue(
      i32.shiftRight(value.get, constant.i32(28)),
      i32.storeByte(out.get, i32.or(value.get, constant.i32(0x80))),
      value.set(i32.shiftRight(value.get, constant.i32(7))),
      add(out, 1),
    ),
    // up to four bytes at once, without a branch to guess: one more for each limit that the number reaches
    more.set(i32.add(i32.add(above(0x7f), above(0x3fff)), above(0x1f_ffff))),
    i32.store(out.get, i32.or(groups, i32.and(constant.i32(0x80_8080), marks))),
    out.set(i32.add(i32.add(out.get, constant.i32(1)), more.get)),
  ]
}

/**
 * Writes the places of a list as the distance back from the first place not yet met (0 = that next new one) and enters new ones: `met`, [place]
 * 1 + its position in `order`, or 0; `state` has the number of places met. The end of what was written.
 */
export const numberPlaces: Kernel = kernel(
  { places: 'i32', count: 'i32', met: 'i32', order: 'i32', state: 'i32', out: 'i32' },
  { end: 'i32', place: 'i32', known: 'i32', isNew: 'i32', size: 'i32', value: 'i32', more: 'i32' },
  ({ places, count, met, order, state, out, end, place, known, isNew, size, value, more }) => {
    const slot = i32.add(met.get, i32.shiftLeft(place.get, constant.i32(2)))
    return [
      end.set(i32.add(places.get, i32.shiftLeft(count.get, constant.i32(2)))),
      size.set(i32.load(state.get)),
      whileTrue(
        i32.less(places.get, end.get),
        place.set(i32.load(places.get)),
        known.set(i32.load(slot)),
        isNew.set(i32.isZero(known.get)),
        value.set(either(isNew.get, constant.i32(0), i32.sub(i32.add(size.get, constant.i32(1)), known.get))),
        // written whether it is new or not: no branch to guess
        i32.store(i32.add(order.get, i32.shiftLeft(size.get, constant.i32(2))), place.get),
        size.set(i32.add(size.get, isNew.get)),
        i32.store(slot, either(isNew.get, size.get, known.get)),
        ...varint(value, out, more),
        add(places, WORD),
      ),
      i32.store(state.get, size.get),
      out.get,
    ]
  },
  'i32',
)

/** Bytes that `joinStrings` copies at once, and may write beyond the end. */
export const JOIN_SPILL = 16

/** Copies the strings at `places` one after the other; string i is the bytes of `strings` from `ends[i]` to before `ends[i + 1]`. The end. */
export const joinStrings: Kernel = kernel(
  { places: 'i32', count: 'i32', strings: 'i32', ends: 'i32', out: 'i32' },
  { end: 'i32', slot: 'i32', from: 'i32', to: 'i32', next: 'i32' },
  ({ places, count, strings, ends, out, end, slot, from, to, next }) => [
    end.set(i32.add(places.get, i32.shiftLeft(count.get, constant.i32(2)))),
    whileTrue(
      i32.less(places.get, end.get),
      slot.set(i32.add(ends.get, i32.shiftLeft(i32.load(places.get), constant.i32(2)))),
      from.set(i32.load(slot.get)),
      next.set(i32.add(out.get, i32.sub(i32.load(slot.get, WORD), from.get))),
      from.set(i32.add(from.get, strings.get)),
      to.set(out.get),
      whileTrue(i32.less(to.get, next.get), v128.store(to.get, v128.load(from.get)), add(to, JOIN_SPILL), add(from, JOIN_SPILL)),
      out.set(next.get),
      add(places, WORD),
    ),
    out.get,
  ],
  'i32',
)

/** Writes the scores of a list as differences of `keyOf` to the one before. The end of what was written. */
export const writeKeys: Kernel = kernel(
  { scores: 'i32', count: 'i32', out: 'i32' },
  { end: 'i32', bits: 'i32', key: 'i32', before: 'i32', value: 'i32', more: 'i32' },
  ({ scores, count, out, end, bits, key, before, value, more }) => [
    end.set(i32.add(scores.get, i32.shiftLeft(count.get, constant.i32(2)))),
    whileTrue(
      i32.less(scores.get, end.get),
      bits.set(i32.load(scores.get)),
      key.set(either(i32.shiftRight(bits.get, constant.i32(31)), bits.get, i32.sub(constant.i32(0x7fff_ffff), bits.get))),
      value.set(i32.sub(key.get, before.get)),
      before.set(key.get),
      ...varint(value, out, more),
      add(scores, WORD),
    ),
    out.get,
  ],
  'i32',
)
