import { Load, sha256 } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { chosen, lane, slot } from '../test/small-fleet.ts'
import { misfit } from './fit.ts'
import { chooseLanes } from './lanes.ts'
import { planFits } from './plan-fits.ts'

describe('which slots may serve a lane', () => {
  it('what a device class measured replaces the estimate, and a slot that measured a lane itself fits it', () => {
    const big = lane('x', { memoryBytes: 10e9 })
    const card = { device: 'cpu' as const, deviceName: 'RTX', memoryBytes: 8e9 }
    expect(chosen([slot('a', card)], [big])).toEqual({ a: null })
    const measured = slot('b', { ...card, memoryBytes: 12e9, peakBytes: { x: 7e9 } })
    expect(Object.values(chosen([slot('a', card), measured], [lane('x', { ...big, remainingTokens: 1e9 })]))).toEqual(['x', 'x'])
    const tight = slot('b', { ...card, memoryBytes: 12e9, peakBytes: { x: 11e9 } })
    expect(chosen([slot('a', { ...card, memoryBytes: 10.5e9 }), tight], [lane('x', { ...big, remainingTokens: 1e9 })])).toEqual({
      a: null,
      b: 'x',
    })
  })

  it('joined devices count together only for a launched load, and a small model goes to a single one', () => {
    const joined = slot('a', { deviceCount: 2, memoryBytes: 48e9 })
    expect(chosen([joined], [lane('x', { memoryBytes: 30e9 })])).toEqual({ a: null })
    expect(chosen([joined], [lane('x', { memoryBytes: 30e9, spansDevices: true, memoryShare: 0.9 })])).toEqual({ a: 'x' })
    expect(chosen([joined, slot('b', { memoryBytes: 24e9 })], [lane('x', { spansDevices: true, loadSeconds: 90 })])).toEqual({
      a: null,
      b: 'x',
    })
  })

  it('a later kind of device serves only where no slot of an earlier kind can', () => {
    const x = lane('x', { devices: ['cuda', 'cpu'], memoryBytes: 10e9, remainingTokens: 1e9 })
    const cpu = slot('a', { memoryBytes: 64e9 })
    expect(chosen([cpu, slot('b', { device: 'cuda', memoryBytes: 24e9 })], [x])).toEqual({ a: null, b: 'x' })
    expect(chosen([cpu, slot('b', { device: 'cuda', memoryBytes: 8e9 })], [x])).toEqual({ a: 'x', b: null })
    const closed = [{ lane: 'x', reason: 'the server does not start', forMs: null }]
    expect(chosen([cpu, slot('b', { device: 'cuda', memoryBytes: 24e9, closed })], [x])).toEqual({ a: 'x', b: null })
  })

  it('a plan with a load that fits nowhere is told what would fit', () => {
    const load = Load.parse({
      key: sha256('big'),
      model: 'acme/big',
      revision: '1',
      identity: { engine: 'openai', weights: null, dtype: 'bfloat16', provider: 'cuda', options: {}, fingerprint: null },
      open: { launch: { launcher: 'vllm', serves: 'vectors', devices: ['cuda'] } },
      memoryBytes: 20e9,
    })
    expect(planFits([slot('a', { device: 'cuda', memoryBytes: 12e9 })], [load, load])).toMatchObject([
      {
        model: 'acme/big',
        kind: 'no-slot',
        wouldFit: 'a cuda slot (--slots cuda), 20.2 GiB of memory, joined GPUs count together (no MIG devices)',
      },
    ])
    expect(planFits([slot('a', { device: 'cuda', memoryBytes: 24e9 })], [load])).toEqual([])
  })

  it('a server that uses one GPU is planned on no slot that joins several, however much they have together', () => {
    const load = Load.parse({
      key: sha256('big'),
      model: 'acme/big',
      revision: '1',
      identity: { engine: 'openai', weights: null, dtype: 'float16', provider: 'infinity', options: {}, fingerprint: null },
      open: { launch: { launcher: 'infinity', serves: 'vectors', devices: ['cuda'], mostDevices: 1 } },
      memoryBytes: 18e9,
    })
    const joined = slot('a', { device: 'cuda', deviceCount: 2, memoryBytes: 2 * 24e9 })
    const reason = 'its server uses 1 GPU at most, the slot joins 2'
    expect(planFits([joined], [load])).toMatchObject([{ reason, wouldFit: expect.stringContaining('a cuda slot of one device') }])
    expect(planFits([joined, slot('b', { device: 'cuda', memoryBytes: 16e9 })], [load])).toMatchObject([
      { reason: expect.stringMatching(/^needs /) },
    ])
    expect(planFits([joined, slot('b', { device: 'cuda', memoryBytes: 24e9 })], [load])).toEqual([])
  })

  it('says that memoryShare is to be raised where the model fits but for it', () => {
    const shared = lane('x', { memoryBytes: 8e9, memoryShare: 0.2 })
    expect(misfit(slot('a', { memoryBytes: 24e9 }), shared)).toBe(
      'needs 37.3 GiB (7.5 GiB at a memoryShare of 0.2: raise memoryShare), the largest such slot has 22.4 GiB',
    )
    expect(misfit(slot('a', { memoryBytes: 6e9 }), shared)).not.toContain('raise')
  })

  it('keeps lanes that a spec chose by memory on their own slots, and says which those are', () => {
    const small = { device: 'cuda' as const, memory: [{ op: '<' as const, bytes: 20e9 }] }
    const lanes = [
      lane('default', { devices: ['cuda'], choices: [{ is: null, not: [small] }], remainingTokens: 1e9 }),
      lane('packed', { devices: ['cuda'], choices: [{ is: small, not: [] }] }),
    ]
    const cuda = (id: string, gigabytes: number) => slot(id, { device: 'cuda', memoryBytes: gigabytes * 1e9 })
    expect(chosen([cuda('a', 16), cuda('b', 24), cuda('c', 16)], lanes)).toEqual({ a: 'packed', b: 'default', c: 'packed' })
    expect(chooseLanes({ slots: [cuda('a', 16)], lanes }).unservable).toMatchObject([
      { lane: 'default', reason: 'is meant for other slots: not cuda with memory < 18.6 GiB' },
    ])
  })

  it.each([
    ['memory', slot('a', { memoryBytes: 1e9 }), lane('x', { memoryBytes: 2e9 }), 'needs 1.9 GiB'],
    ['device', slot('a'), lane('x', { devices: ['endpoint'] }), 'needs a slot of kind endpoint, the slots here are cpu'],
    ['weights', slot('a', { weights: ['other'] }), lane('x', { weights: 'w' }), 'no worker has its weights'],
    ['key', slot('a'), lane('x', { keyVariable: 'KEY' }), 'no worker may read KEY'],
  ])('reports a lane that fits nowhere: %s', (_why, one, to, reason) => {
    const { slots, unservable } = chooseLanes({ slots: [one], lanes: [to] })
    expect(slots.get('a')).toBeNull()
    expect(unservable).toMatchObject([{ lane: 'x', kind: 'no-slot' }])
    expect(unservable[0]?.reason).toContain(reason)
  })

  it('a host that shares the file system, or holds the weights, or may read the key, fits', () => {
    expect(misfit(slot('a', { weights: ['w'] }), lane('x', { weights: 'w' }))).toBeNull()
    expect(misfit(slot('a', { weights: null }), lane('x', { weights: 'w' }))).toBeNull()
    expect(misfit(slot('a', { allowEnv: ['KEY'] }), lane('x', { keyVariable: 'KEY' }))).toBeNull()
  })

  it('tells a lane closed for good everywhere from one closed for a while', () => {
    const closed = (forMs: number | null) => slot('a', { closed: [{ lane: 'x', reason: 'the server does not start', forMs }] })
    expect(chooseLanes({ slots: [closed(null)], lanes: [lane('x')] }).unservable).toMatchObject([
      { kind: 'closed', reason: 'the server does not start' },
    ])
    expect(chooseLanes({ slots: [closed(60_000)], lanes: [lane('x')] })).toMatchObject({
      unservable: [],
      closedForNow: [{ lane: 'x', reason: 'the server does not start' }],
    })
    expect(chooseLanes({ slots: [closed(null), slot('b')], lanes: [lane('x')] })).toMatchObject({
      unservable: [],
      closedForNow: [],
    })
  })
})
