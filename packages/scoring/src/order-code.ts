import { constant, either, i32, kernel, type Local, whileTrue } from './wasm-code.ts'

const WORD = 4

const add = (local: Local, by: number) => local.set(i32.add(local.get, constant.i32(by)))
const bytesOf = (words: Local) => i32.shiftLeft(words.get, constant.i32(2))
const [LARGEST_POSITIVE, MINUS_ZERO] = [constant.i32(0x7fff_ffff), constant.i32(-0x8000_0000)]
const isNegative = (bits: Local) => i32.shiftRight(bits.get, constant.i32(31))

/** Keys, 32 bits that grow as the score falls, both zeros alike, and places of found rows; `table` has the place of each row. */
export const findKeys = kernel(
  { scores: 'i32', rows: 'i32', table: 'i32', count: 'i32', keys: 'i32', places: 'i32' },
  { at: 'i32', end: 'i32', bits: 'i32' },
  ({ scores, rows, table, count, keys, places, at, end, bits }) => {
    const from = (array: Local) => i32.load(i32.add(array.get, at.get))
    const negative = either(i32.equal(bits.get, MINUS_ZERO), LARGEST_POSITIVE, bits.get)
    return [
      end.set(bytesOf(count)),
      whileTrue(
        i32.less(at.get, end.get),
        bits.set(from(scores)),
        i32.store(i32.add(keys.get, at.get), either(isNegative(bits), negative, i32.sub(LARGEST_POSITIVE, bits.get))),
        i32.store(i32.add(places.get, at.get), i32.load(i32.add(table.get, i32.shiftLeft(from(rows), constant.i32(2))))),
        add(at, WORD),
      ),
    ]
  },
)

/** The least and the largest of some keys, of which there is one at least, to `out`. */
export const findEnds = kernel(
  { keys: 'i32', count: 'i32', out: 'i32' },
  { end: 'i32', key: 'i32', least: 'i32', most: 'i32' },
  ({ keys, count, out, end, key, least, most }) => [
    end.set(i32.add(keys.get, bytesOf(count))),
    least.set(i32.load(keys.get)),
    most.set(least.get),
    whileTrue(
      i32.less(keys.get, end.get),
      key.set(i32.load(keys.get)),
      least.set(either(i32.less(key.get, least.get), key.get, least.get)),
      most.set(either(i32.less(most.get, key.get), key.get, most.get)),
      add(keys, WORD),
    ),
    i32.store(out.get, least.get),
    i32.store(out.get, most.get, WORD),
  ],
)

/** How many keys are equal to the one before. */
export const countEquals = kernel(
  { keys: 'i32', count: 'i32' },
  { end: 'i32', found: 'i32' },
  ({ keys, count, end, found }) => [
    end.set(i32.add(keys.get, bytesOf(count))),
    add(keys, WORD),
    whileTrue(
      i32.less(keys.get, end.get),
      found.set(i32.add(found.get, i32.equal(i32.load(keys.get), i32.load(i32.sub(keys.get, constant.i32(WORD)))))),
      add(keys, WORD),
    ),
    found.get,
  ],
  'i32',
)

/** Places and bits of the scores of ordered keys, without the place `except`; how many. */
export const listKeys = kernel(
  { keys: 'i32', places: 'i32', count: 'i32', except: 'i32', toPlaces: 'i32', toScores: 'i32' },
  { at: 'i32', end: 'i32', to: 'i32', key: 'i32', place: 'i32' },
  ({ keys, places, count, except, toPlaces, toScores, at, end, to, key, place }) => {
    const from = (array: Local) => i32.load(i32.add(array.get, at.get))
    return [
      end.set(bytesOf(count)),
      whileTrue(
        i32.less(at.get, end.get),
        key.set(from(keys)),
        place.set(from(places)),
        // written whether it stays or not: no branch to guess
        i32.store(i32.add(toPlaces.get, bytesOf(to)), place.get),
        i32.store(i32.add(toScores.get, bytesOf(to)), either(isNegative(key), key.get, i32.sub(LARGEST_POSITIVE, key.get))),
        to.set(i32.add(to.get, i32.different(place.get, except.get))),
        add(at, WORD),
      ),
      to.get,
    ]
  },
  'i32',
)
