import { describe, expect, it } from 'vitest'
import { chosen, lane, slot } from '../test/small-fleet.ts'
import type { Lane, LaneSlot } from './fit.ts'
import { misfit } from './fit.ts'
import { chooseLanes, type LaneQuestion } from './lanes.ts'
import type { LanePlan } from './plan.ts'

/** Small linear congruential generator: the cases are the same on every run. */
function chance(seed: number): (n: number) => number {
  let state = seed * 48271 + 11
  return (n) => {
    state = (state * 1103515245 + 12345) % 2147483648
    return Math.floor((state / 2147483648) * n)
  }
}

function randomCase(seed: number): { slots: LaneSlot[]; lanes: Lane[] } {
  const pick = chance(seed)
  const lanes = Array.from({ length: pick(5) }, (_, i) =>
    lane(`l${i}`, {
      devices: pick(4) === 0 ? ['endpoint'] : ['cpu'],
      maxSlots: pick(4) === 0 ? 1 : null,
      memoryBytes: [1e9, 4e9, 16e9][pick(3)] ?? 0,
      loadSeconds: pick(60),
      remainingTokens: 1 + pick(1_000_000),
      unservedForMs: pick(200_000),
      weights: pick(5) === 0 ? 'w' : null,
    }),
  )
  const slots = Array.from({ length: pick(8) }, (_, i) =>
    slot(`s${i}`, {
      device: pick(4) === 0 ? 'endpoint' : 'cpu',
      memoryBytes: [2e9, 8e9, 32e9][pick(3)] ?? 0,
      lane: pick(2) === 0 ? `l${pick(5)}` : null,
      laneForMs: pick(300_000),
      closed: pick(5) === 0 ? [{ lane: `l${pick(5)}`, reason: 'busy', forMs: pick(2) === 0 ? null : 60_000 }] : [],
      weights: pick(3) === 0 ? [] : null,
    }),
  )
  return { slots, lanes }
}

describe('any fleet', () => {
  it.each(Array.from({ length: 300 }, (_, seed) => seed))('case %i', (seed) => {
    const { slots, lanes } = randomCase(seed)
    const { slots: assigned, unservable } = chooseLanes({ slots, lanes })
    expect([...assigned.keys()].sort()).toEqual(slots.map(({ id }) => id).sort())
    for (const one of slots) {
      const key = assigned.get(one.id)
      const to = lanes.find((candidate) => candidate.key === key)
      if (key === null) continue
      expect(to).toBeDefined()
      if (to) expect(misfit(one, to)).toBeNull()
      expect(one.closed.map((closed) => closed.lane)).not.toContain(key)
    }
    for (const one of lanes) {
      const count = [...assigned.values()].filter((key) => key === one.key).length
      expect(count).toBeLessThanOrEqual(one.maxSlots ?? Number.POSITIVE_INFINITY)
      const fitting = slots.filter((candidate) => misfit(candidate, one) === null)
      const isDead = fitting.every(({ closed }) => closed.some((entry) => entry.lane === one.key && entry.forMs === null))
      expect(unservable.some((entry) => entry.lane === one.key)).toBe(isDead)
    }
    const idle = slots.filter(({ id }) => assigned.get(id) === null)
    for (const one of lanes.filter(({ key }) => ![...assigned.values()].includes(key))) {
      const could = idle.filter(
        (candidate) => misfit(candidate, one) === null && !candidate.closed.some((entry) => entry.lane === one.key),
      )
      expect(could).toEqual([])
    }
  })

  it.each(Array.from({ length: 100 }, (_, seed) => seed))(
    'the order of inputs does not matter, nor asking twice (case %i)',
    (seed) => {
      const { slots, lanes } = randomCase(seed)
      const once = chosen(slots, lanes)
      expect(chosen([...slots].reverse(), [...lanes].reverse())).toEqual(once)
      const after = slots.map((one) => ({
        ...one,
        lane: once[one.id] ?? null,
        laneForMs: once[one.id] === one.lane ? one.laneForMs : 0,
      }))
      const settled = lanes.map((one) => ({ ...one, unservedForMs: 0 }))
      const again = chosen(
        after.map((one) => ({ ...one, laneForMs: 0 })),
        settled,
      )
      for (const one of after)
        if (one.lane !== null && lanes.every(({ maxSlots }) => maxSlots === null)) expect(again[one.id]).toBe(one.lane)
    },
  )
})

describe('named cases', () => {
  it('all slots take a big lane at once on a fresh fleet with nothing measured', () => {
    const slots = ['a', 'b', 'c', 'd'].map((id) => slot(id))
    const big = lane('big', { remainingTokens: 12_000 * 128, loadSeconds: 11 })
    expect(chosen(slots, [big])).toEqual({ a: 'big', b: 'big', c: 'big', d: 'big' })
  })

  it('one slot alone serves what another one would load longer for than it helps', () => {
    const little = lane('little', { remainingTokens: 20_000, loadSeconds: 11 })
    expect(Object.values(chosen([slot('a'), slot('b')], [little])).sort()).toEqual(['little', null])
  })

  it('a slot with several lanes does the longest first', () => {
    expect(chosen([slot('a')], [lane('big'), lane('small', { remainingTokens: 10 })])).toEqual({ a: 'big' })
  })

  describe('of the lanes that the plan has on a slot it does first', () => {
    const tokensPerSecond = { x: 1000, y: 1000, z: 1000 }
    const [a, b] = [slot('a', { tokensPerSecond }), slot('b', { tokensPerSecond })]
    const of = (key: string, seconds: number, sweep = 's1') =>
      lane(key, { remainingTokens: 1000 * seconds, sweeps: [{ sweep, weight: 1 }] })
    const told = (slots: LaneSlot[], lanes: Lane[], has: Record<string, string[]>) => {
      const promises = new Map(lanes.map(({ key }) => [key, { madeAt: 0, endAt: 1e7 }]))
      const plan = { lanes: promises, slots: new Map(Object.entries(has)) }
      return Object.fromEntries(chooseLanes({ slots, lanes, plan, now: 0 }).slots)
    }

    it('what no other slot is to serve, be it less than what several share', () => {
      const shared = { a: ['x', 'y'], b: ['y', 'z'] }
      expect(told([a, b], [of('x', 1000), of('y', 9000), of('z', 2000)], shared)).toEqual({ a: 'x', b: 'z' })
    })

    it('what is of a sweep without any slot', () => {
      const busy = { ...b, lane: 'y', laneForMs: 1e6 }
      const has = { a: ['x', 'z'], b: ['y'] }
      expect(told([a, busy], [of('x', 1000), of('y', 1000), of('z', 60)], has)).toEqual({ a: 'x', b: 'y' })
      expect(told([a, busy], [of('x', 1000), of('y', 1000), of('z', 60, 's2')], has)).toEqual({ a: 'z', b: 'y' })
    })

    it.each([
      ['at once, where the plan has the waiting sweep on a slot that goes on long', 1000, { a: 'z', b: 'y' }],
      ['and not at once, where that slot has done its lane in a few loads of time', 15, { a: 'x', b: 'y' }],
    ])('another lane than the one it has: %s', (_what, left, expected) => {
      const slots = [a, b].map((one, i) => ({ ...one, lane: ['x', 'y'][i] as string, laneForMs: 1e5 }))
      const waiting = { ...of('z', 60, 's2'), unservedForMs: 20_000 }
      expect(told(slots, [of('x', left), of('y', 1000), waiting], { a: ['x', 'z'], b: ['y'] })).toEqual(expected)
    })
  })

  it('slots spread over lanes before they share one', () => {
    expect(Object.values(chosen([slot('a'), slot('b')], [lane('x'), lane('y', { remainingTokens: 9e9 })])).sort()).toEqual([
      'x',
      'y',
    ])
  })

  it('a slot keeps its lane as long as that has work', () => {
    expect(
      chosen(
        [slot('a', { lane: 'x', laneForMs: 1e6 })],
        [lane('x', { remainingTokens: 1 }), lane('y', { unservedForMs: 14_000 })],
      ),
    ).toEqual({ a: 'x' })
    expect(chosen([slot('a', { lane: 'x' })], [lane('y')])).toEqual({ a: 'y' })
    expect(chosen([slot('a', { lane: 'x' })], [])).toEqual({ a: null })
  })

  it('a lane that waited longer than 15 s takes a slot, one that loads for 80 s only after 160 s', () => {
    const busy = slot('a', { lane: 'x', laneForMs: 1e6 })
    expect(chosen([busy], [lane('x', { remainingTokens: 1e6 }), lane('y', { unservedForMs: 15_001 })])).toEqual({ a: 'y' })
    expect(chosen([busy], [lane('x', { remainingTokens: 1e6 }), lane('y', { unservedForMs: 100_000, loadSeconds: 80 })])).toEqual(
      { a: 'x' },
    )
    expect(chosen([busy], [lane('x', { remainingTokens: 1e6 }), lane('y', { unservedForMs: 160_001, loadSeconds: 80 })])).toEqual(
      { a: 'y' },
    )
  })

  it('a waiting lane of another sweep interrupts a long lane, and waits for the end of one not much longer than itself', () => {
    const busy = slot('a', { lane: 'x', laneForMs: 100_000 })
    const y = lane('y', { unservedForMs: 20_000, sweeps: [{ sweep: 's2', weight: 1 }] })
    const x = (remainingTokens: number, sweep = 's1') => lane('x', { remainingTokens, sweeps: [{ sweep, weight: 1 }] })
    expect(chosen([busy], [x(1e6), y])).toEqual({ a: 'y' })
    expect(chosen([busy], [x(300_000), y])).toEqual({ a: 'x' })
    expect(chosen([busy], [x(1e6, 's2'), y])).toEqual({ a: 'x' })
  })

  it('a lane that was served for many loads is interrupted, but not where it ends before it would be loaded again', () => {
    const tokensPerSecond = { x: 1000, y: 1000 }
    const busy = slot('a', { lane: 'x', laneForMs: 1e6, tokensPerSecond })
    const y = lane('y', { unservedForMs: 20_000, sweeps: [{ sweep: 's2', weight: 1 }] })
    const x = (remainingTokens: number) => lane('x', { remainingTokens, sweeps: [{ sweep: 's1', weight: 1 }] })
    expect(chosen([busy], [x(10_000), y])).toEqual({ a: 'y' })
    expect(chosen([busy], [x(2000), y])).toEqual({ a: 'x' })
  })

  it('a heavier sweep interrupts sooner', () => {
    const busy = slot('a', { lane: 'x', laneForMs: 40_000 })
    const of = (weight: number) => lane('y', { unservedForMs: 20_000, sweeps: [{ sweep: 's2', weight }] })
    const x = lane('x', { remainingTokens: 1e6, sweeps: [{ sweep: 's1', weight: 1 }] })
    expect(chosen([busy], [x, of(1)])).toEqual({ a: 'x' })
    expect(chosen([busy], [x, of(2)])).toEqual({ a: 'y' })
  })

  it('a slot that has just been given a lane is not taken away again', () => {
    expect(chosen([slot('a', { lane: 'x', laneForMs: 1000 })], [lane('x'), lane('y', { unservedForMs: 1e6 })])).toEqual({
      a: 'x',
    })
  })

  it('a starved lane takes from the lane with most slots', () => {
    const slots = [
      slot('a', { lane: 'x', laneForMs: 9e5 }),
      slot('b', { lane: 'y', laneForMs: 1e5 }),
      slot('c', { lane: 'y', laneForMs: 2e5 }),
    ]
    const lanes = [lane('x'), lane('y'), lane('z', { unservedForMs: 20_000, remainingTokens: 10 })]
    expect(chosen(slots, lanes)).toEqual({ a: 'x', b: 'y', c: 'z' })
  })

  it('a slot moves where it helps more than loading costs, and stays where it does not', () => {
    const slots = [
      slot('a', { lane: 'x', laneForMs: 1e6 }),
      slot('b', { lane: 'x', laneForMs: 1e6 }),
      slot('c', { lane: 'y', laneForMs: 1e6 }),
    ]
    expect(
      Object.values(chosen(slots, [lane('x', { remainingTokens: 200_000 }), lane('y', { remainingTokens: 2e6 })])).filter(
        (key) => key === 'y',
      ),
    ).toHaveLength(2)
    expect(chosen(slots, [lane('x', { remainingTokens: 2000 }), lane('y', { remainingTokens: 6000 })])).toEqual({
      a: 'x',
      b: 'x',
      c: 'y',
    })
  })

  it('no second slot joins for less than the load costs', () => {
    expect(chosen([slot('a', { lane: 'x' }), slot('b')], [lane('x', { remainingTokens: 2000, loadSeconds: 80 })])).toEqual({
      a: 'x',
      b: null,
    })
  })

  it('a slow slot leaves the last chunks of a lane to a fast one, once, but not where the lane grows', () => {
    const slow = slot('a', { lane: 'x', tokensPerSecond: { x: 100 } })
    const fast = slot('b', { lane: 'x', tokensPerSecond: { x: 1000 } })
    const tell = (chunks: number, how: Partial<LaneQuestion> = {}) => {
      const lanes = [lane('x', { remainingTokens: 2000 * chunks, chunkTokens: 2000 })]
      const { slots, plan } = chooseLanes({ slots: [slow, fast], lanes, now: 0, ...how })
      return { told: Object.fromEntries(slots), plan }
    }
    // One more chunk takes 20 s on a, in which b does ten; the one that a has in hand it ends in any case.
    const { told, plan } = tell(11)
    expect(told).toEqual({ a: 'x', b: 'x' })
    expect(tell(10, { plan, growing: new Set(['x']) }).told).toEqual({ a: 'x', b: 'x' })
    const after = tell(10, { plan })
    expect(after.told).toEqual({ a: null, b: 'x' })
    expect(tell(8, { slots: [{ ...slow, lane: null }, fast], plan: after.plan }).told).toEqual({ a: null, b: 'x' })
  })

  it('slow slots that have a chunk in hand leave the one that waits behind it to a fast one', () => {
    const slowOnes = ['a', 'b'].map((id) => slot(id, { lane: 'x', tokensPerSecond: { x: 390 } }))
    const fast = slot('c', { lane: 'x', tokensPerSecond: { x: 1100 } })
    const told = (chunks: number) => {
      const lanes = [lane('x', { remainingTokens: 10_000 * chunks, chunkTokens: 10_000 })]
      return Object.fromEntries(chooseLanes({ slots: [...slowOnes, fast], lanes, now: 0 }).slots)
    }
    // a chunk takes 25.6 s on a or b, 9.1 s on c: one in hand each, and one more
    expect(told(3)).toEqual({ a: null, b: null, c: 'x' })
    // two more: c ends its own and both in 27.3 s, a or b one of them in up to 51.2 s
    expect(told(4)).toEqual({ a: null, b: null, c: 'x' })
    expect(told(5)).toEqual({ a: 'x', b: 'x', c: 'x' })
  })

  it('an idle slot takes a lane that a busy one would end, where it ends it as soon as promised', () => {
    const rates = (speed: number) => ({ tokensPerSecond: { x: speed, y: speed } })
    const fast = slot('a', rates(1000))
    const lanes = [lane('x', { remainingTokens: 200_000 }), lane('y', { remainingTokens: 100_000 })]
    const { plan, slots } = chooseLanes({ slots: [fast], lanes, now: 0 })
    expect(slots.get('a')).toBe('x')
    const told = (speed: number, before: LanePlan) => {
      const idle = slot('b', rates(speed))
      const all = new Map([...before.slots, ['b', []]])
      return chooseLanes({ slots: [{ ...fast, lane: 'x' }, idle], lanes, plan: { ...before, slots: all }, now: 1000 }).slots.get(
        'b',
      )
    }
    expect(told(500, plan)).toBe('y')
    expect(told(200, plan)).toBeNull()
  })

  it('an endpoint lane goes to one slot of one host; the one that has it keeps it', () => {
    const remote = lane('r', { devices: ['endpoint'], maxSlots: 1 })
    const slots = [slot('a', { device: 'endpoint' }), slot('b', { device: 'endpoint', lane: 'r', laneForMs: 5 }), slot('c')]
    expect(chosen(slots, [remote])).toEqual({ a: null, b: 'r', c: null })
  })

  it('a slot without work keeps a lane that may get some, unless it closed it, and leaves it for other work', () => {
    const [x, y] = [slot('a', { lane: 'x' }), lane('y')]
    const told = (one: LaneSlot, lanes: Lane[], awaited?: ReadonlySet<string>) =>
      chooseLanes({ slots: [one], lanes, awaited }).slots.get('a')
    expect(told(x, [])).toBeNull()
    expect(told(x, [], new Set(['y']))).toBeNull()
    expect(told(x, [], new Set(['x']))).toBe('x')
    expect(told(slot('a'), [], new Set(['x']))).toBeNull()
    expect(told({ ...x, closed: [{ lane: 'x', reason: 'busy', forMs: 60_000 }] }, [], new Set(['x']))).toBeNull()
    expect(told(x, [y], new Set(['x', 'y']))).toBe('y')
  })
})
