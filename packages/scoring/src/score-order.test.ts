import { describe, expect, it } from 'vitest'
import { ScoreOrder } from './score-order.ts'

describe('ScoreOrder', () => {
  for (const [name, keyOf] of [
    ['keys of all 32 bits', (mixed: number) => mixed],
    ['a few keys, each many times', (mixed: number) => 0x7fffff00 + (mixed % 5)],
    ['a pair of equals now and then', (mixed: number) => (mixed >>> 20) << 12],
    ['one key', () => 3],
  ] as const) {
    it(`orders places by key, then place: ${name}`, () => {
      const order = new ScoreOrder()
      for (const count of [0, 1, 2, 700, 30]) {
        order.reserve(count)
        const pairs = Array.from({ length: count }, (_, i) => ({
          key: keyOf(Math.imul(i + 7, 0x9e3779b1) >>> 0) >>> 0,
          place: (i * 1009) % 4096,
        }))
        pairs.forEach(({ key, place }, i) => {
          order.keys[i] = key
          order.places[i] = place
        })
        order.sort(count)
        pairs.sort((a, b) => a.key - b.key || a.place - b.place)
        expect(Array.from(order.keys.subarray(0, count))).toEqual(pairs.map(({ key }) => key))
        expect(Array.from(order.places.subarray(0, count))).toEqual(pairs.map(({ place }) => place))
      }
    })
  }
})
