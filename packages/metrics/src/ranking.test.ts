import { describe, expect, it } from 'vitest'
import { compareIds, type RankedList, rankDocuments, type ScorePrecision } from './ranking.ts'

const ranked = (list: RankedList, precision: ScorePrecision) =>
  Array.from(rankDocuments(list, precision), (index) => list.documentIds[index])

describe('compareIds', () => {
  it('orders as UTF-8 bytes do', () => {
    const ids = ['', 'd1', 'd10', 'd9', 'z', '中', '\ue000', '\ufffd', '\ufffda', '\u{1d538}', '\u{1f600}', '\u{1f600}a']
    const shuffled = ids.toSorted((a, b) => a.length - b.length || (a < b ? 1 : -1))
    expect(shuffled.toSorted(compareIds)).toEqual(ids)
    expect(ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))).toEqual(ids)
    expect(compareIds('same', 'same')).toBe(0)
  })
})

describe('rankDocuments', () => {
  const documentIds = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

  it('orders every kind of float32, zeros of both signs tied', () => {
    const scores = Float32Array.of(0, -0, Number.POSITIVE_INFINITY, -1e-45, 1e-45, Number.NEGATIVE_INFINITY, -3.5)
    expect(ranked({ documentIds, scores }, 'float32')).toEqual(['c', 'e', 'b', 'a', 'd', 'g', 'f'])
    expect(ranked({ documentIds, scores: Float64Array.from(scores) }, 'float64')).toEqual(['c', 'e', 'b', 'a', 'd', 'g', 'f'])
  })

  it('ties in float32 what differs only in float64', () => {
    const list = { documentIds: ['a', 'b', 'c'], scores: Float64Array.of(0.3 + 2e-9, 0.3 + 1e-9, 0.3) }
    expect(ranked(list, 'float32')).toEqual(['c', 'b', 'a'])
    expect(ranked(list, 'float64')).toEqual(['a', 'b', 'c'])
  })

  it('agrees with a plain sort on random lists with ties', () => {
    let state = 1
    const next = () => {
      state = (state * 48271) % 2147483647
      return state / 2147483647
    }
    for (let round = 0; round < 50; round++) {
      const ids = Array.from({ length: 40 }, (_, i) => `d${(i * 7) % 40}`)
      const list = { documentIds: ids, scores: Float32Array.from(ids, () => Math.round(next() * 20 - 10) / 4) }
      const plain = ids
        .map((_, i) => i)
        .sort((a, b) => (list.scores[b] ?? 0) - (list.scores[a] ?? 0) || ((ids[a] ?? '') < (ids[b] ?? '') ? 1 : -1))
      expect([...rankDocuments(list, 'float32')]).toEqual(plain)
    }
  })

  it('ranks more documents than fit the packed keys', () => {
    const count = 2 ** 20 + 3
    const ids = Array.from({ length: count }, (_, i) => String(i))
    const order = rankDocuments({ documentIds: ids, scores: Float32Array.from(ids, (_, i) => i) }, 'float32')
    expect([order[0], order.at(-1)]).toEqual([2 ** 20 + 2, 0])
  })
})
