import { describe, expect, it } from 'vitest'
import { Catalogue } from './catalogue-list.ts'
import { RowRanking } from './row-ranking.ts'
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

describe('RowRanking', () => {
  it('ranks rows of one document each as it ranks any', () => {
    const count = 1500
    const places = Uint32Array.from({ length: count }, (_, row) => (row * 1009) % count)
    const rows = { priority: places, places, first: Uint32Array.from({ length: count + 1 }, (_, row) => row) }
    const catalogue = new Catalogue(Array.from({ length: count }, (_, place) => `d${String(count - place).padStart(4, '0')}`))
    const [fast, plain] = [true, false].map((oneEach) => new RowRanking({ ...rows, oneEach }, catalogue))
    for (const [size, scoreOf] of [
      [1500, (i: number) => Math.sin(i * i)],
      [1200, (i: number) => (i % 7) - 3],
      [40, (i: number) => [0, -0, 1e-45, -1e-45, 3e38, -3e38][i % 6] as number],
      [1, () => 0.5],
      [0, () => 0],
    ] as const) {
      const found = {
        rows: Uint32Array.from({ length: size }, (_, i) => (i * 7) % count),
        scores: Float32Array.from({ length: size }, (_, i) => scoreOf(i)),
      }
      for (const except of [undefined, places[7] as number]) {
        const [own, twin] = [fast, plain].map((ranking) => ranking?.rank(found, except))
        expect(own?.places).toEqual(twin?.places)
        expect(own?.scores).toEqual(twin?.scores)
      }
    }
  })
})
