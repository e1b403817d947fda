import { describe, expect, it } from 'vitest'
import { RateMeter } from './rate-meter.ts'

describe('RateMeter', () => {
  it('has no rate before 200 ms, then units a second over what it saw, key by key', () => {
    const meter = new RateMeter()
    expect(meter.observe('a', 0, 1000)).toBeNull()
    expect(meter.observe('a', 50, 1100)).toBeNull()
    expect(meter.observe('a', 500, 2000)).toBe(500)
    expect(meter.observe('b', 500, 2000)).toBeNull()
  })

  it('forgets what is older than 20 s, so that a stall shows', () => {
    const meter = new RateMeter()
    for (let second = 0; second <= 30; second += 1) meter.observe('a', Math.min(second, 5) * 100, second * 1000)
    expect(meter.observe('a', 500, 31_000)).toBe(0)
  })

  it('keeps its window when asked a thousand times', () => {
    const meter = new RateMeter()
    let rate: number | null = null
    for (let i = 0; i <= 1000; i += 1) rate = meter.observe('a', i, i * 10)
    expect(rate).toBeCloseTo(100, 6)
  })
})
