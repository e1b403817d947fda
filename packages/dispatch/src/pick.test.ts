import { describe, expect, it } from 'vitest'
import { retryBackoff } from './backoff.ts'
import { MAX_RANGES, pickChunks, pickSweep } from './pick.ts'
import { leaseTokens, newSweepCredit, windowFor } from './window.ts'

const chunk = (encoding: number, n: number, over: { tokens?: number; crashes?: number } = {}) => ({
  encoding,
  n,
  tokens: 100,
  crashes: 0,
  ...over,
})

describe('pickChunks', () => {
  it.each(Array.from({ length: 60 }, (_, i) => i))('takes a prefix that just reaches the target, at least one (case %i)', (i) => {
    const chunks = Array.from({ length: i % 9 }, (_, n) => chunk(1 + (n % 2), n, { tokens: 1 + ((n * 37 + i * 11) % 50) }))
    const most = 1 + ((i * 13) % 90)
    const picked = pickChunks(chunks, most)
    expect(picked.chunks).toEqual(chunks.slice(0, picked.chunks.length).map(({ encoding, n }) => [encoding, n]))
    expect(picked.tokens).toBe(chunks.slice(0, picked.chunks.length).reduce((sum, { tokens }) => sum + tokens, 0))
    expect(picked.chunks.length).toBe(Math.min(chunks.length, Math.max(1, picked.chunks.length)))
    if (picked.chunks.length < chunks.length) expect(picked.tokens).toBeGreaterThanOrEqual(most)
    if (picked.chunks.length > 1) expect(picked.tokens - (chunks[picked.chunks.length - 1]?.tokens ?? 0)).toBeLessThan(most)
  })

  it('takes nothing of nothing', () => {
    expect(pickChunks([], 100)).toEqual({ chunks: [], tokens: 0 })
  })

  it('takes a suspect alone when it stands first, and passes over it otherwise', () => {
    const suspect = chunk(1, 1, { crashes: 2 })
    expect(pickChunks([suspect, chunk(1, 2)], 1e9).chunks).toEqual([[1, 1]])
    expect(pickChunks([chunk(1, 0), suspect, chunk(1, 2)], 1e9).chunks).toEqual([
      [1, 0],
      [1, 2],
    ])
    expect(pickChunks([chunk(1, 0, { crashes: 1 }), chunk(1, 1)], 1e9).chunks).toHaveLength(2)
  })

  it('spans at most 64 ranges, however many chunks those hold', () => {
    expect(
      pickChunks(
        Array.from({ length: 200 }, (_, i) => chunk(i, 0)),
        1e9,
      ).chunks,
    ).toHaveLength(MAX_RANGES)
    expect(
      pickChunks(
        Array.from({ length: 200 }, (_, i) => chunk(1, i)),
        1e9,
      ).chunks,
    ).toHaveLength(200)
  })

  it('reads no further than it needs', () => {
    let read = 0
    function* endless() {
      for (;;) yield chunk(1, read++)
    }
    expect(pickChunks(endless(), 250).tokens).toBe(300)
    expect(read).toBe(3)
  })
})

describe('pickSweep', () => {
  it('goes by vtime, then by id, and leaves its input alone', () => {
    const sweeps = [
      { id: 'b', vtime: 1 },
      { id: 'c', vtime: -3 },
      { id: 'a', vtime: 1 },
    ]
    expect(pickSweep(sweeps).map(({ id }) => id)).toEqual(['c', 'a', 'b'])
    expect(sweeps[0]?.id).toBe('b')
  })

  it.each([1, 2, 5])('gives a sweep of weight %i that share of the leases', (weight) => {
    const sweeps = [
      { id: 'a', vtime: 0, weight: 1 },
      { id: 'b', vtime: 0, weight },
    ]
    const turns = { a: 0, b: 0 }
    for (let i = 0; i < 600; i += 1) {
      const [next] = pickSweep(sweeps)
      if (!next) continue
      next.vtime += 5 / next.weight
      turns[next.id as 'a' | 'b'] += 1
    }
    expect(turns.b / turns.a).toBeCloseTo(weight, 1)
  })
})

describe('lease size', () => {
  const fleet = {
    slowestTokensPerSecond: 1000,
    fastestTokensPerSecond: 1000,
    tokensPerSecond: 4000,
    liveSlots: 4,
    tokensLeft: 1e9,
  }

  it('is two seconds of the slowest slot in the middle of a lane', () => {
    expect(leaseTokens(fleet)).toBe(2000)
  })

  it('shrinks towards the end to half an equal share', () => {
    expect(leaseTokens({ ...fleet, tokensLeft: 8000 })).toBe(1000)
    expect(leaseTokens({ ...fleet, tokensLeft: 0 })).toBe(1)
  })

  it('shrinks by speed: the slowest of unlike slots gets what it does of half that is left', () => {
    expect(leaseTokens({ ...fleet, slowestTokensPerSecond: 100, tokensPerSecond: 3100, tokensLeft: 6200 })).toBe(100)
  })

  it('is no less than half a second of the fastest slot', () => {
    expect(leaseTokens({ ...fleet, fastestTokensPerSecond: 100_000 })).toBe(50_000)
  })

  it('a new sweep is ahead by twice the window that waits before it', () => {
    expect([0, 1, 4, 100].map(newSweepCredit)).toEqual([2, 12, 48, 2 * 300 * (100 / 33)])
  })

  it.each([66, 100, 165, 500, 1000, 5000])('asks for at most about 33 leases a second with %i slots', (slots) => {
    const seconds = leaseTokens({ ...fleet, liveSlots: slots, tokensPerSecond: slots * 1000, tokensLeft: 1e15 }) / 1000
    expect(slots / seconds).toBeLessThanOrEqual(33.01)
  })

  it('opens three leases per slot', () => {
    expect([0, 1, 4, -1].map((slots) => windowFor(slots))).toEqual([0, 3, 12, 0])
    expect(windowFor(2, 'score')).toBe(4)
  })
})

describe('retryBackoff', () => {
  it.each(Array.from({ length: 40 }, (_, i) => i + 1))(
    'attempt %i waits no less than the one before, up to five minutes',
    (attempt) => {
      const wait = (jitter: number) => retryBackoff(attempt, () => jitter)
      expect(wait(0)).toBeGreaterThanOrEqual(retryBackoff(attempt - 1, () => 0))
      expect(wait(0)).toBeLessThanOrEqual(wait(0.999))
      expect(wait(0.999)).toBeLessThanOrEqual(300_000)
      expect(wait(0)).toBeGreaterThanOrEqual(1600)
    },
  )
})
