import { parseRate } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { RateWindow } from './rate-window.ts'

/** Sends as soon as it may for so long; answers moments and costs. */
function sendAll(rate: { count: number; perMs: number }, costs: () => number, forMs: number): { at: number; cost: number }[] {
  const window = new RateWindow(rate)
  const sent: { at: number; cost: number }[] = []
  for (let now = 0; now < forMs; ) {
    const cost = costs()
    const wait = window.waitMs(cost, now)
    now += wait
    if (window.waitMs(cost, now) > 1e-6) throw new Error('a wait that is not enough')
    window.take(cost, now).ended(now)
    sent.push({ at: now, cost })
  }
  return sent
}

/** Most that lies in any stretch of `perMs`. */
function most(sent: readonly { at: number; cost: number }[], perMs: number): number {
  let from = 0
  let sum = 0
  let found = 0
  for (const [to, { at, cost }] of sent.entries()) {
    sum += cost
    while (at - (sent[from] as { at: number }).at >= perMs) {
      sum -= (sent[from] as { cost: number }).cost
      from += 1
    }
    found = Math.max(found, sum)
    expect(to).toBeGreaterThanOrEqual(from)
  }
  return found
}

describe('RateWindow', () => {
  it.each(['500/m', '20/s', '1/s', '3/s', '1000/h', '60/m'])('keeps %s in every stretch, and uses it', (text) => {
    const rate = parseRate(text) as { count: number; perMs: number }
    const sent = sendAll(rate, () => 1, 10 * rate.perMs)
    expect(most(sent, rate.perMs)).toBeLessThanOrEqual(rate.count)
    expect(sent.length).toBeGreaterThan(10 * rate.count * 0.9)
  })

  it('keeps tokens of requests of many sizes', () => {
    const rate = { count: 1e6, perMs: 60_000 }
    let seed = 1
    const sent = sendAll(
      rate,
      () => {
        seed = (seed * 48271) % 2147483647
        return 1 + (seed % 30_000)
      },
      600_000,
    )
    expect(most(sent, rate.perMs)).toBeLessThanOrEqual(rate.count)
    expect(sent.reduce((sum, { cost }) => sum + cost, 0)).toBeGreaterThan(8e6)
  })

  it('spreads a rate over its period', () => {
    const sent = sendAll({ count: 600, perMs: 60_000 }, () => 1, 60_000)
    // No stretch of five seconds holds a burst.
    expect(most(sent, 5000)).toBeLessThanOrEqual(80)
  })

  it('lets a request above the limit out alone', () => {
    const window = new RateWindow({ count: 100, perMs: 1000 })
    expect(window.waitMs(500, 0)).toBe(0)
    window.take(500, 0).ended(0)
    expect(window.waitMs(1, 500)).toBeGreaterThan(400)
    expect(window.waitMs(500, 1100)).toBe(0)
  })

  it('counts a request until a period after its answer: it may have arrived as late as that', () => {
    const window = new RateWindow({ count: 1, perMs: 1000 })
    const sent = window.take(1, 0)
    expect(window.waitMs(1, 5000)).toBeGreaterThan(0)
    sent.ended(5000)
    expect(window.waitMs(1, 5500)).toBeGreaterThan(400)
    expect(window.waitMs(1, 6010)).toBe(0)
  })

  it('counts what an answer corrected', () => {
    const window = new RateWindow({ count: 100, perMs: 60_000 })
    const sent = window.take(100, 0)
    expect(window.waitMs(20, 1)).toBeGreaterThan(40_000)
    sent.correct(10)
    sent.ended(2)
    expect(window.waitMs(20, 20_000)).toBe(0)
  })
})

describe('parseRate', () => {
  it('reads counts, scales and periods', () => {
    expect(parseRate('500/m')).toEqual({ count: 500, perMs: 60_000 })
    expect(parseRate('1M/m')).toEqual({ count: 1e6, perMs: 60_000 })
    expect(parseRate('2.5k/s')).toEqual({ count: 2500, perMs: 1000 })
    for (const text of ['500', '500/min', '/m', '0/m', '-1/s', '1 /s', '1m/s', '0.5/s']) expect(parseRate(text)).toBeNull()
  })
})
