import { Beat, Load, type RateLimits, sha256 } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { EndpointHolders } from './endpoint-holders.ts'

const LANE = sha256('lane a')

function loadOf(rate?: RateLimits): Load {
  return Load.parse({
    key: LANE,
    model: 'm',
    revision: '1',
    identity: { engine: 'openai', weights: null, dtype: 'float32', provider: 'openai', options: {}, fingerprint: null },
    open: { url: 'http://h/v1', ...(rate && { rate }) },
    memoryBytes: 0,
  })
}

function beat(host: string, seq: number, lane: string | null, boot = 1): Beat {
  const slot = {
    id: 'endpoint0',
    device: 'endpoint',
    memoryBytes: 0,
    state: lane === null ? 'idle' : 'serving',
    lane,
    tokensPerSecond: {},
    closed: [],
  }
  return Beat.parse({ host, hostname: host, boot, seq, version: '1', slots: [slot], holding: [], weights: null, allowEnv: [] })
}

/** One beat as the service handles it; answers the lane told. */
function ask(
  holders: EndpointHolders,
  by: { beat: Beat; load: Load | null; now: number; silent?: string; mayBeHeld?: boolean },
): string | null {
  holders.heard(by.beat, by.now)
  const given = {
    slot: 'endpoint0',
    load: by.load,
    isLive: (host: string) => host !== by.silent,
    mayBeHeld: () => by.mayBeHeld ?? false,
  }
  return holders.answer(by.beat, given, by.now)?.key ?? null
}

describe('EndpointHolders', () => {
  const load = loadOf()

  it('gives a lane to the next slot only when the one before says that it has left', () => {
    const holders = new EndpointHolders()
    expect(ask(holders, { beat: beat('a', 1, null), load, now: 0 })).toBe(LANE)
    // The choice moves it: b waits while a serves, and while it drains.
    expect(ask(holders, { beat: beat('b', 1, null), load, now: 1 })).toBeNull()
    expect(ask(holders, { beat: beat('a', 2, LANE), load: null, now: 2 })).toBeNull()
    expect(ask(holders, { beat: beat('b', 2, null), load, now: 3 })).toBeNull()
    expect(ask(holders, { beat: beat('a', 3, LANE), load: null, now: 4 })).toBeNull()
    expect(ask(holders, { beat: beat('b', 3, null), load, now: 5 })).toBeNull()
    expect(ask(holders, { beat: beat('a', 4, null), load: null, now: 6 })).toBeNull()
    expect(ask(holders, { beat: beat('b', 4, null), load, now: 7 })).toBe(LANE)
    expect(ask(holders, { beat: beat('a', 5, null), load, now: 8 })).toBeNull()
  })

  it('does not take a beat composed before the answer for one that left', () => {
    const holders = new EndpointHolders()
    ask(holders, { beat: beat('a', 1, null), load, now: 0 })
    expect(ask(holders, { beat: beat('b', 1, null), load, now: 1 })).toBeNull()
    // a is on its way into the lane: this beat was under way before it heard of it.
    expect(ask(holders, { beat: beat('a', 2, null), load: null, now: 2 })).toBeNull()
    expect(ask(holders, { beat: beat('b', 2, null), load, now: 3 })).toBeNull()
    ask(holders, { beat: beat('a', 3, null), load: null, now: 4 })
    expect(ask(holders, { beat: beat('b', 3, null), load, now: 5 })).toBe(LANE)
  })

  it('waits as long as the last requests count', () => {
    const holders = new EndpointHolders()
    const limited = loadOf({ requests: { count: 600, perMs: 60_000 } })
    ask(holders, { beat: beat('a', 1, null), load: limited, now: 0 })
    ask(holders, { beat: beat('a', 2, LANE), load: null, now: 1000 })
    ask(holders, { beat: beat('a', 3, null), load: null, now: 2000 })
    // 20 requests in 2 s are a stretch of this rate, and two of them must lie between.
    expect(ask(holders, { beat: beat('b', 1, null), load: limited, now: 5900 })).toBeNull()
    expect(ask(holders, { beat: beat('b', 2, null), load: limited, now: 6000 })).toBe(LANE)
  })

  it('waits for nobody who is silent, and knows who has what after a restart of the service', () => {
    const holders = new EndpointHolders()
    ask(holders, { beat: beat('a', 7, LANE), load, now: 0 })
    expect(ask(holders, { beat: beat('b', 1, null), load, now: 1 })).toBeNull()
    expect(ask(holders, { beat: beat('b', 2, null), load, now: 2, silent: 'a' })).toBe(LANE)
  })

  it('waits after a restart of the service while somebody not heard of may have the lane', () => {
    const holders = new EndpointHolders()
    expect(ask(holders, { beat: beat('b', 1, null), load, now: 0, mayBeHeld: true })).toBeNull()
    expect(ask(holders, { beat: beat('a', 8, LANE), load, now: 1, mayBeHeld: true })).toBe(LANE)
    expect(ask(holders, { beat: beat('b', 2, null), load, now: 2 })).toBeNull()
  })

  it('lets a worker that was started again have its own lane', () => {
    const holders = new EndpointHolders()
    ask(holders, { beat: beat('a', 9, LANE), load, now: 0 })
    expect(ask(holders, { beat: beat('a', 1, null, 2), load, now: 1 })).toBe(LANE)
  })
})
