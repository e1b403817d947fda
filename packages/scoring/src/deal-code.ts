import { type Code, constant, i32, i32x4, kernel, type Local, v128, whileTrue } from './wasm-code.ts'

const WORD = 4

const add = (local: Local, by: number) => local.set(i32.add(local.get, constant.i32(by)))
const bytesOf = (words: Local) => i32.shiftLeft(words.get, constant.i32(2))

/**
 * Deals keys and their places by a digit, `mask` of (key - `least`) from bit `shift` on: ascending, those of one digit in the order in which they
 * came. Addresses are bytes of the memory; `counts` has room for a word per digit and a vector more.
 */
export const deal = kernel(
  {
    ...{ keys: 'i32', places: 'i32', toKeys: 'i32', toPlaces: 'i32' },
    ...{ counts: 'i32', count: 'i32', least: 'i32', shift: 'i32', mask: 'i32' },
  } as const,
  { at: 'i32', end: 'i32', digits: 'i32', slot: 'i32', before: 'i32', own: 'i32', key: 'i32' },
  (names) => {
    const { keys, places, toKeys, toPlaces, counts, count, least, shift, mask, at, end, digits, slot, before, own, key } = names
    const shifted = i32.shiftRight(i32.sub(key.get, least.get), shift.get)
    const findSlot = slot.set(i32.add(counts.get, i32.shiftLeft(i32.and(shifted, mask.get), constant.i32(2))))
    const eachKey = (...body: readonly Code[]) => [
      at.set(constant.i32(0)),
      whileTrue(i32.less(at.get, end.get), key.set(i32.load(i32.add(keys.get, at.get))), findSlot, ...body, add(at, WORD)),
    ]
    return [
      end.set(bytesOf(count)),
      digits.set(i32.shiftLeft(i32.add(mask.get, constant.i32(1)), constant.i32(2))),
      whileTrue(i32.less(at.get, digits.get), v128.store(i32.add(counts.get, at.get), i32x4.splat(constant.i32(0))), add(at, 16)),
      ...eachKey(i32.store(slot.get, i32.add(i32.load(slot.get), constant.i32(WORD)))),
      at.set(constant.i32(0)),
      whileTrue(
        i32.less(at.get, digits.get),
        slot.set(i32.add(counts.get, at.get)),
        own.set(i32.load(slot.get)),
        i32.store(slot.get, before.get),
        before.set(i32.add(before.get, own.get)),
        add(at, WORD),
      ),
      ...eachKey(
        own.set(i32.load(slot.get)),
        i32.store(slot.get, i32.add(own.get, constant.i32(WORD))),
        i32.store(i32.add(toKeys.get, own.get), key.get),
        i32.store(i32.add(toPlaces.get, own.get), i32.load(i32.add(places.get, at.get))),
      ),
    ]
  },
)
