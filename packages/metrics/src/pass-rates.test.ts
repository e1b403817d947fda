import { describe, expect, it } from 'vitest'
import { passRatesByKind } from './pass-rates.ts'
import { wilsonInterval } from './wilson.ts'

const kinds = ['echo', 'promise', 'echo', 'echo']

describe('passRatesByKind', () => {
  it('counts passes over all queries and over each kind', () => {
    const { all, kinds: byKind } = passRatesByKind(kinds, [
      { k: 1, values: [1, 0, 0, 0] },
      { k: 3, values: Float64Array.of(1, 1, 0, 1) },
    ])
    expect(all).toEqual({
      queryCount: 4,
      rates: [
        { k: 1, passed: 1, rate: 0.25, ...wilsonInterval(1, 4) },
        { k: 3, passed: 3, rate: 0.75, ...wilsonInterval(3, 4) },
      ],
    })
    expect(byKind.map(({ kind, queryCount, rates }) => [kind, queryCount, ...rates.map(({ passed }) => passed)])).toEqual([
      ['echo', 3, 1, 2],
      ['promise', 1, 0, 1],
    ])
    expect(byKind[0]?.rates[1]).toMatchObject({ rate: 2 / 3, ...wilsonInterval(2, 3) })
  })

  it('refuses values that are no hits, other lengths, and no query', () => {
    expect(() => passRatesByKind(kinds, [{ k: 1, values: [1, 0, 0.5, 0] }])).toThrow('hits at 1')
    expect(() => passRatesByKind(kinds, [{ k: 3, values: [1, 0, 1] }])).toThrow('hits at 3')
    expect(() => passRatesByKind([], [{ k: 1, values: [] }])).toThrow(RangeError)
  })
})
