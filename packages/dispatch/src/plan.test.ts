import { describe, expect, it } from 'vitest'
import { lane, slot } from '../test/small-fleet.ts'
import type { Lane, LaneSlot } from './fit.ts'
import { chooseLanes } from './lanes.ts'
import type { LanePlan } from './plan.ts'

describe('a plan that is followed', () => {
  const slots = ['a', 'b', 'c'].map((id) => slot(id))
  const lanes = [lane('x', { remainingTokens: 3e6 }), lane('y', { remainingTokens: 3e6 }), lane('z', { remainingTokens: 6e6 })]
  const at = (now: number, plan: LanePlan | undefined, over: { slots?: LaneSlot[]; share?: number; lanes?: Lane[] } = {}) =>
    chooseLanes({
      slots: over.slots ?? slots,
      lanes: (over.lanes ?? lanes).map((one) => ({ ...one, remainingTokens: one.remainingTokens * (over.share ?? 1) })),
      plan,
      now,
    })
  const pairs = (plan: LanePlan) => [...plan.slots].flatMap(([id, keys]) => keys.map((key) => `${id} ${key}`)).sort()

  it('names the same slots for the same lanes while its promise is kept', () => {
    const first = at(0, undefined)
    const end = Math.max(...[...first.plan.lanes.values()].map(({ endAt }) => endAt))
    const later = at(end / 2, first.plan, { share: 0.5 })
    expect(pairs(later.plan)).toEqual(pairs(first.plan))
    expect([...later.plan.lanes]).toEqual([...first.plan.lanes])
  })

  it('is made anew where it is late, where a lane or a slot comes, and not where a slot without work goes', () => {
    const { plan } = at(0, undefined)
    const madeAt = (other: LanePlan) => Math.max(...[...other.lanes.values()].map((one) => one.madeAt))
    expect(madeAt(at(1e6, plan).plan)).toBe(1e6)
    expect(at(1000, plan, { slots: [...slots, slot('d')] }).plan.slots.get('d')).not.toEqual([])
    expect(at(1000, plan, { lanes: [...lanes, lane('new')] }).plan.lanes.has('new')).toBe(true)
    const endpoint = slot('e', { device: 'endpoint' })
    const withIdle = at(0, undefined, { slots: [...slots, endpoint] }).plan
    expect(madeAt(at(1000, withIdle).plan)).toBe(0)
  })

  it.each([
    ['is made anew where it is late', undefined, true],
    ['is not late by the chunk that is in hand', 30_000, false],
  ])('%s', (_what, chunkTokens, isAnew) => {
    const busy = [slot('a', { lane: 'x', tokensPerSecond: { x: 1000 } })]
    const left = [lane('x', { remainingTokens: 600_000, chunkTokens })]
    const { plan } = chooseLanes({ slots: busy, lanes: left, now: 0 })
    const now = (plan.lanes.get('x')?.endAt ?? 0) + 20_000 - 600_000
    expect(chooseLanes({ slots: busy, lanes: left, plan, now }).plan.lanes.get('x')?.madeAt).toBe(isAnew ? now : 0)
  })

  it('goes on at a slot that has done its part of a lane with its next one', () => {
    const shared = [lane('x', { remainingTokens: 2e6 }), lane('y', { remainingTokens: 1e6 })]
    const two = [slot('a', { lane: 'x', laneForMs: 1e6 }), slot('b', { lane: 'x', laneForMs: 1e6 })]
    const promised = { madeAt: 0, endAt: 800_000 }
    const plan = {
      lanes: new Map([
        ['x', promised],
        ['y', promised],
      ]),
      slots: new Map([
        ['a', ['x']],
        ['b', ['x', 'y']],
      ]),
    }
    const left = (x: number, y: number) => [
      { ...shared[0], remainingTokens: x } as Lane,
      { ...shared[1], remainingTokens: y } as Lane,
    ]
    expect(Object.fromEntries(chooseLanes({ slots: two, lanes: left(2e6, 1e6), plan, now: 0 }).slots)).toEqual({ a: 'x', b: 'x' })
    const gone = chooseLanes({ slots: two, lanes: left(900_000, 1e6), plan, now: 250_000 })
    expect(Object.fromEntries(gone.slots)).toEqual({ a: 'x', b: 'y' })
    expect(gone.plan.slots.get('b')).toEqual(['y'])
  })

  it.each([
    ['where less than half a chunk is its part behind the one in hand', 140_000, 'y'],
    ['not where more than that is', 160_000, 'x'],
  ])('goes on at a slot of a shared lane %s', (_what, part, told) => {
    const two = ['a', 'b'].map((id) => slot(id, { lane: 'x', laneForMs: 1e6, tokensPerSecond: { x: 1000, y: 1000 } }))
    const lanes = [
      lane('x', { remainingTokens: 1e6 + 2 * part, chunkTokens: 100_000 }),
      lane('y', { remainingTokens: 1e6, loadSeconds: 0 }),
    ]
    const plan = {
      lanes: new Map(lanes.map(({ key }) => [key, { madeAt: 0, endAt: 2e6 }])),
      slots: new Map([
        ['a', ['x']],
        ['b', ['x', 'y']],
      ]),
    }
    const { slots } = chooseLanes({ slots: two, lanes, plan, now: 0 })
    expect([slots.get('a'), slots.get('b')]).toEqual(['x', told])
  })

  it.each([
    ['a little, which one slot does in less than twice the time of both', 260, 1],
    ['too much for that', 600, 2],
  ])('of what comes to a fleet with nothing to do: %s', (_what, seconds, count) => {
    const cards = ['a', 'b'].map((id) => slot(id, { tokensPerSecond: { x: 1000 } }))
    const done: LanePlan = { lanes: new Map(), slots: new Map(cards.map(({ id }) => [id, []])) }
    let [plan, left, loaded] = [done, seconds * 1000, cards]
    const used = new Set<string>()
    for (let now = 0; left > 0; now += 10_000) {
      const choice = chooseLanes({ slots: loaded, lanes: [lane('x', { loadSeconds: 15, remainingTokens: left })], plan, now })
      plan = choice.plan
      for (const [id, to] of choice.slots) if (to !== null) used.add(id)
      loaded = loaded.map((card) => ({ ...card, lane: choice.slots.get(card.id) ?? null, laneForMs: now }))
      left -= now < 20_000 ? 0 : 10_000 * used.size
    }
    expect(used.size).toBe(count)
  })
})
