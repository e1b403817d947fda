import { describe, expect, it } from 'vitest'
import { readRateHeaders } from './rate-headers.ts'

const read = (headers: Record<string, string>, now = 0) => readRateHeaders(new Headers(headers), now)

describe('readRateHeaders', () => {
  it('reads Retry-After in seconds and as a date', () => {
    expect(read({ 'Retry-After': '1.5' }).retryAfterMs).toBe(1500)
    const now = Date.parse('2026-11-21T10:00:00Z')
    expect(read({ 'Retry-After': 'Sat, 21 Nov 2026 10:00:07 GMT' }, now).retryAfterMs).toBe(7000)
    expect(read({ 'Retry-After': 'soon' }).retryAfterMs).toBeNull()
  })

  it("reads OpenAI's two counts", () => {
    const headers = {
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-remaining-tokens': '149984',
      'x-ratelimit-reset-tokens': '6m0.5s',
    }
    expect(read(headers)).toEqual({
      retryAfterMs: null,
      requests: { remaining: 59, resetMs: 1000 },
      tokens: { remaining: 149984, resetMs: 360_500 },
    })
  })

  it('reads plain counts whose reset is a time or a moment', () => {
    const at = (reset: string, now: number) => read({ 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': reset }, now).requests
    expect(at('30', 0)).toEqual({ remaining: 0, resetMs: 30_000 })
    expect(at('1700000010', 1_700_000_000_000)).toEqual({ remaining: 0, resetMs: 10_000 })
    expect(at('1700000010500', 1_700_000_000_000)).toEqual({ remaining: 0, resetMs: 10_500 })
    expect(read({ 'RateLimit-Remaining': '3', 'RateLimit-Reset': '2' }).requests).toEqual({ remaining: 3, resetMs: 2000 })
  })

  it('makes nothing of half a count or of words', () => {
    expect(read({ 'X-RateLimit-Remaining': '0' }).requests).toBeNull()
    expect(read({ 'X-RateLimit-Remaining': 'few', 'X-RateLimit-Reset': '1' }).requests).toBeNull()
    expect(read({ 'x-ratelimit-remaining-tokens': '1', 'x-ratelimit-reset-tokens': 'later' }).tokens).toBeNull()
  })
})
