import { type Beat, type Load, laneName, SCORE_LANE, type SlotReport, SweepError, sha256 } from '@sweepboard/contracts'
import type { Ledger } from '@sweepboard/ledger'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  claimOf,
  commitAll,
  EVIDENCE,
  endOf,
  group,
  load,
  memory,
  plan,
  prepared,
  submit,
  task,
} from '../../../packages/ledger/test/fixture.ts'
import { attendedClock } from '../src/attended-clock.ts'
import { Coordinator } from '../src/coordinator.ts'
import type { CoordinatorChange } from '../src/coordinator-options.ts'
import { laneViews } from '../src/lane-view.ts'
import { Chance } from './simulation/chance.ts'
import { SimQueue } from './simulation/sim-queue.ts'

const A = load('a')
const T1 = task('t1')
const REMOTE: Load = {
  ...load('remote'),
  identity: { ...load('remote').identity, engine: 'openai' },
  open: { ...load('remote').open, keyVariable: 'KEY' },
}

const slot = (over: Partial<SlotReport> = {}): SlotReport => ({
  id: 'cpu',
  device: 'cpu',
  memoryBytes: 8e9,
  deviceCount: 1,
  deviceName: null,
  reading: null,
  peakBytes: {},
  loadSeconds: {},
  state: 'idle',
  lane: null,
  tokensPerSecond: {},
  closed: [],
  ...over,
})
const serving = (of: Load, over: Partial<SlotReport> = {}): SlotReport => slot({ state: 'serving', lane: of.key, ...over })

let now = 0
let seq = 0
let ledger: Ledger
let queue: SimQueue
let changes: CoordinatorChange[]
let logged: unknown[]
let isStored: (digest: string) => boolean
let prepare: (key: string) => Promise<ReturnType<typeof prepared>>

function make(clock = () => now): Coordinator {
  return new Coordinator({
    ledger,
    queue,
    now: clock,
    beatMs: 1000,
    graceBeats: 5,
    random: () => 0,
    artifacts: { exists: (digest) => isStored(digest), verify: () => true },
    prepare: (key) => prepare(key),
    onChange: (change) => changes.push(change),
    log: ({ message }) => logged.push(message),
  })
}

const beatOf = (slots: SlotReport[], over: Partial<Beat> = {}): Beat => {
  seq += 1
  return { host: 'h1', hostname: 'h1', boot: 1, seq, version: '1', slots, holding: [], weights: null, allowEnv: [], ...over }
}

beforeEach(() => {
  isStored = () => true
  now = 0
  seq = 0
  ledger = memory()
  queue = new SimQueue(new Chance(1))
  changes = []
  logged = []
  prepare = async () => prepared(T1, ['q', 1], ['d', 2])
})

/** A coordinator with one sweep, prepared, of three chunks in lane A. */
async function ready(clock?: () => number): Promise<Coordinator> {
  const coordinator = make(clock)
  coordinator.submit({ sweep: 's1', name: 's1', spec: '', plan: plan('s1', [group(A, T1)]), createdAt: '' })
  await coordinator.tick()
  return coordinator
}

/** A host comes, serves the lane of `A` and claims all that is leased of it. */
async function claimAll(coordinator: Coordinator): Promise<string[]> {
  coordinator.beat(beatOf([slot()]))
  coordinator.beat(beatOf([serving(A)]))
  await coordinator.tick()
  const leases = ledger.openLeases().map(({ id }) => id)
  for (const lease of leases) coordinator.claim(claimOf(lease, { seq }))
  return leases
}

/** A host without slots is heard. */
const hearOther = (coordinator: Coordinator) => coordinator.beat(beatOf([], { host: 'h2', hostname: 'h2' }))

describe('lanes', () => {
  it('are told with the first beat, and leased once the slot says that it serves', async () => {
    const coordinator = await ready()
    expect(coordinator.beat(beatOf([slot()])).lanes).toEqual({ cpu: A })
    await coordinator.tick()
    expect(ledger.openLeases()).toEqual([])
    coordinator.beat(beatOf([serving(A)]))
    await coordinator.tick()
    const tickets = ledger.openLeases().map(({ id }) => id)
    expect(tickets.length).toBeGreaterThan(0)
    expect(tickets.length).toBeLessThanOrEqual(3)
    expect(await queue.waiting(laneName(A.key))).toEqual(tickets)
  })

  /** A coordinator whose only slot has encoded all of lane A, which still has open cells. */
  const encoded = async (): Promise<Coordinator> => {
    const coordinator = await ready()
    coordinator.beat(beatOf([slot()]))
    coordinator.beat(beatOf([serving(A)]))
    await coordinator.tick()
    for (const { id } of ledger.openLeases()) {
      coordinator.claim(claimOf(id, { seq }))
      commitAll(ledger, id)
    }
    await coordinator.tick()
    now = 1000
    return coordinator
  }
  const told = (coordinator: Coordinator) => coordinator.beat(beatOf([serving(A)])).lanes

  it('a slot keeps its lane as long as cells of it are open, and no longer', async () => {
    const coordinator = await encoded()
    expect(ledger.laneBacklogs()).toEqual([])
    expect(told(coordinator)).toEqual({ cpu: A })
    coordinator.control('s1', 'cancel')
    now = 2000
    expect(told(coordinator)).toEqual({ cpu: null })
  })

  it('a slot keeps the lane of a sweep that was paused for a minute, and no longer; each pause counts anew', async () => {
    const coordinator = await encoded()
    expect(told(coordinator)).toEqual({ cpu: A })
    coordinator.control('s1', 'pause')
    now = 59_000
    expect(told(coordinator)).toEqual({ cpu: A })
    coordinator.control('s1', 'resume')
    now = 61_000
    expect(told(coordinator)).toEqual({ cpu: A })
    coordinator.control('s1', 'pause')
    for (now of [62_000, 63_000, 120_000]) expect(told(coordinator)).toEqual({ cpu: A })
    now = 122_500
    expect(told(coordinator)).toEqual({ cpu: null })
    now = 124_000
    expect(told(coordinator)).toEqual({ cpu: null })
  })

  it('the lane of a paused sweep is free once that is cancelled', async () => {
    const coordinator = await encoded()
    coordinator.control('s1', 'pause')
    now = 3000
    expect(told(coordinator)).toEqual({ cpu: A })
    coordinator.control('s1', 'cancel')
    now = 5000
    expect(told(coordinator)).toEqual({ cpu: null })
  })

  it('the lane of a paused sweep gives way at once to the work of another', async () => {
    const coordinator = await encoded()
    const other = load('b')
    coordinator.control('s1', 'pause')
    now = 3000
    expect(told(coordinator)).toEqual({ cpu: A })
    submit(ledger, 's2', [group(other, T1)])
    await coordinator.tick()
    now = 5000
    expect(told(coordinator)).toEqual({ cpu: other })
  })

  it('an idle lane sends its slot idle; score slots are told nothing', async () => {
    const coordinator = make()
    expect(coordinator.beat(beatOf([serving(A), slot({ id: 'score', state: 'serving', lane: SCORE_LANE })])).lanes).toEqual({
      cpu: null,
    })
  })

  it('a slot that drains or is full gets no tickets', async () => {
    const coordinator = await ready()
    coordinator.beat(beatOf([slot()]))
    for (const state of ['draining', 'full'] as const) {
      coordinator.beat(beatOf([serving(A, { state })]))
      await coordinator.tick()
    }
    expect(ledger.openLeases()).toEqual([])
  })

  it('a remote lane needs an endpoint slot whose worker may read its key, one of the fleet', async () => {
    const coordinator = make()
    submit(ledger, 's1', [group(REMOTE, T1)])
    await coordinator.tick()
    const endpoint = slot({ id: 'e', device: 'endpoint' })
    expect(coordinator.beat(beatOf([slot(), endpoint])).lanes).toEqual({ cpu: null, e: null })
    expect(coordinator.unservable()).toMatchObject([{ lane: REMOTE.key, kind: 'no-slot', reason: 'no worker may read KEY' }])
    expect(coordinator.beat(beatOf([endpoint], { host: 'h2', allowEnv: ['KEY'] })).lanes).toEqual({ e: REMOTE })
    expect(coordinator.beat(beatOf([endpoint], { host: 'h3', allowEnv: ['KEY'] })).lanes).toEqual({ e: null })
    expect(coordinator.unservable()).toEqual([])
  })

  it('nothing is called unservable before a host is there', async () => {
    const coordinator = await ready()
    expect(coordinator.unservable()).toEqual([])
  })

  it('one that waits for a worker, for another slot, or for a slot to open it again says so, and what would fit', async () => {
    const coordinator = await ready()
    submit(ledger, 's2', [group(REMOTE, T1)])
    const found = async () => {
      await coordinator.tick()
      const views = laneViews(ledger, coordinator.hosts(), coordinator.unservableNow())
      return new Map<string, unknown>(views.map((view) => [view.lane, view.unservable]))
    }
    const wouldFit = 'an endpoint slot (--slots endpoint), --allow-env KEY'
    expect(await found()).toEqual(
      new Map<string, unknown>([
        [A.key, { reason: 'no worker is joined', wouldFit: 'a cpu slot (--slots cpu)', sweeps: ['s1'], forMs: 0 }],
        [REMOTE.key, { reason: 'no worker is joined', wouldFit, sweeps: ['s2'], forMs: 0 }],
      ]),
    )
    const closed = [{ lane: A.key, reason: 'SB-HTTP-001: refused', forMs: 60_000 }]
    coordinator.beat(beatOf([slot({ closed })]))
    now = 700
    expect(await found()).toMatchObject(
      new Map<string, unknown>([
        [A.key, { reason: 'every slot that fits has closed it for now, and tries it again: SB-HTTP-001: refused', forMs: 700 }],
        [REMOTE.key, { reason: 'needs a slot of kind endpoint, the slots here are cpu', wouldFit, forMs: 700 }],
      ]),
    )
    coordinator.beat(beatOf([serving(A), slot({ id: 'e', device: 'endpoint' })], { allowEnv: ['KEY'] }))
    expect([...(await found()).values()]).toEqual([null, null])
    expect(ledger.cells('s1')[0]?.failure ?? null).toBeNull()
  })

  it('one that no slot may serve is said once in the log, when that has lasted: workers that start again are no trouble', async () => {
    const coordinator = await ready()
    const wait = async (ms: number, slots?: SlotReport[]) => {
      now += ms
      if (slots !== undefined) coordinator.beat(beatOf(slots))
      await coordinator.tick()
    }
    await wait(9000)
    await wait(500, [serving(A)])
    await wait(6000)
    for (let tick = 0; tick < 6; tick += 1) await wait(5000)
    const said = () => logged.filter((line) => String(line).startsWith('no slot'))
    expect(said()).toEqual(['no slot can serve a (random): no worker is joined. What would fit: a cpu slot (--slots cpu)'])
    await wait(0, [serving(A)])
    for (let tick = 0; tick < 6; tick += 1) await wait(5000)
    expect(said()).toHaveLength(2)
  })

  it('a lane that every fitting slot has closed for good fails its cells', async () => {
    const coordinator = await ready()
    coordinator.beat(beatOf([slot({ closed: [{ lane: A.key, reason: 'SB-MODEL-002: broken file', forMs: null }] })]))
    await coordinator.tick()
    expect(ledger.sweepStatus('s1')).toMatchObject({ state: 'done', cells: { failed: 1 } })
    expect(ledger.cells('s1')[0]?.failure?.message).toContain('broken file')
  })

  it('of the reasons of several hosts the one of a server that failed is told, not that of a host without the launcher', async () => {
    const coordinator = await ready()
    const reasons = ['SB-WORK-031: no launcher', 'SB-WORK-021: its last lines', 'SB-WORK-031: no launcher']
    for (const [i, reason] of reasons.entries())
      coordinator.beat(beatOf([slot({ closed: [{ lane: A.key, reason, forMs: null }] })], { host: `h${i}`, hostname: `h${i}` }))
    await coordinator.tick()
    expect(ledger.cells('s1')[0]?.failure?.message).toContain('SB-WORK-021: its last lines')
  })
})

describe('messages', () => {
  it('of another ledger are dropped', async () => {
    const coordinator = await ready()
    const commit = { lease: 'j'.padEnd(21, '0'), encoding: 1, n: 0, digest: sha256('x'), evidence: EVIDENCE }
    expect(coordinator.commit('h1', 'other', [commit])).toEqual(['drop'])
    expect(coordinator.commit('h1', ledger.id, [commit])).toEqual(['ok'])
    coordinator.end({ ...endOf(ledger, commit.lease, { crashed: [{ encoding: 2, n: 0 }] }), ledger: 'other' })
    expect([...ledger.todoChunks(A.key, 's1')].map(({ crashes }) => crashes)).toEqual([0, 0])
  })

  it('an end that names a file the store no longer has is refused, and taken once the file is back', async () => {
    const coordinator = await ready()
    const run = sha256('a ranked run')
    isStored = (digest) => digest !== run
    const result = {
      ...{ config: sha256('config'), metrics: {}, mainScore: null, run, perQuery: null },
      evidence: {
        ...{ host: 'h1', searchSeconds: 0, metricSeconds: 0, blockCount: 1, blockReads: 1, peakMemoryBytes: 0 },
        ...{ calibration: null, code: 'test' },
      },
    }
    const end = endOf(ledger, 'j'.padEnd(21, '0'), { results: [result] })
    expect(() => coordinator.end(end)).toThrow(expect.objectContaining({ code: 'SB-ART-001' }))
    isStored = () => true
    expect(() => coordinator.end(end)).not.toThrow()
  })

  it('a beat is answered with what its host must stop', async () => {
    const coordinator = await ready()
    coordinator.beat(beatOf([slot()]))
    coordinator.beat(beatOf([serving(A)]))
    await coordinator.tick()
    const [lease = ''] = ledger.openLeases().map(({ id }) => id)
    coordinator.claim(claimOf(lease, { seq }))
    expect(coordinator.beat(beatOf([serving(A)], { holding: [lease] })).stop).toEqual([])
    coordinator.control('s1', 'cancel')
    expect(coordinator.beat(beatOf([serving(A)], { holding: [lease] })).stop).toEqual([lease])
  })

  it('an old beat is ignored, a new one that omits a lease ends it', async () => {
    const coordinator = await ready()
    coordinator.beat(beatOf([slot()]))
    coordinator.beat(beatOf([serving(A)]))
    await coordinator.tick()
    const [lease = ''] = ledger.openLeases().map(({ id }) => id)
    const late = beatOf([serving(A)])
    coordinator.claim(claimOf(lease, { seq }))
    coordinator.beat(late)
    expect(ledger.lease(lease)).toBeDefined()
    coordinator.beat(beatOf([serving(A)]))
    expect(ledger.lease(lease)).toBeUndefined()
  })

  it('a silent host loses its leases after grace, and is no longer shown', async () => {
    const coordinator = await ready()
    const leases = await claimAll(coordinator)
    now = 5000
    hearOther(coordinator)
    await coordinator.tick()
    expect(ledger.openLeases()).toHaveLength(leases.length)
    expect(coordinator.hosts()).toHaveLength(2)
    now = 6001
    hearOther(coordinator)
    await coordinator.tick()
    expect(ledger.openLeases()).toEqual([])
    expect(coordinator.hosts().map(({ host }) => host)).toEqual(['h2'])
  })

  it('a host keeps what it holds while nobody is heard, and for grace after the first that is', async () => {
    const coordinator = await ready()
    const leases = await claimAll(coordinator)
    now = 60_000
    await coordinator.tick()
    for (; now <= 65_000; now += 1000) {
      hearOther(coordinator)
      await coordinator.tick()
    }
    expect(ledger.openLeases()).toHaveLength(leases.length)
    hearOther(coordinator)
    await coordinator.tick()
    expect(ledger.openLeases()).toEqual([])
  })
})

describe('a service that was stopped beyond grace', () => {
  it('does not take its own absence for silence, and goes on counting that of others', async () => {
    const coordinator = await ready(attendedClock(() => now, 2000))
    const leases = await claimAll(coordinator)
    now = 60_000
    await coordinator.tick() // before it reads the beats that wait
    expect(ledger.openLeases().map(({ id }) => id)).toEqual(leases)
    expect(coordinator.hosts()).toHaveLength(1)
    coordinator.beat(beatOf([serving(A)], { holding: leases }))
    const told = now
    for (now = told; now <= told + 5000; now += 1000) {
      hearOther(coordinator)
      await coordinator.tick()
    }
    expect(ledger.openLeases()).toHaveLength(leases.length)
    hearOther(coordinator) // six seconds after the host's beat
    await coordinator.tick()
    expect(ledger.openLeases()).toEqual([])
  })
})

describe('the queue', () => {
  it('that is away gets nothing, and every ticket once it is back', async () => {
    const coordinator = await ready()
    coordinator.beat(beatOf([slot()]))
    coordinator.beat(beatOf([serving(A)]))
    queue.isUp = false
    await coordinator.tick()
    const tickets = ledger.openLeases().map(({ id }) => id)
    await coordinator.tick()
    expect(ledger.openLeases().map(({ id }) => id)).toEqual(tickets)
    queue.isUp = true
    await coordinator.tick()
    expect(await queue.waiting(laneName(A.key))).toEqual(tickets)
  })

  it('that forgot everything is filled again after grace', async () => {
    const coordinator = await ready()
    coordinator.beat(beatOf([slot()]))
    coordinator.beat(beatOf([serving(A)]))
    await coordinator.tick()
    const before = ledger.openLeases().map(({ id }) => id)
    queue.flush()
    for (now = 1000; now <= 8000; now += 1000) {
      coordinator.beat(beatOf([serving(A)]))
      await coordinator.tick()
    }
    const after = await queue.waiting(laneName(A.key))
    expect(after.length).toBeGreaterThan(0)
    expect(after.filter((ticket) => before.includes(ticket))).toEqual([])
  })

  it('loses the tickets of a cancelled sweep', async () => {
    const coordinator = await ready()
    coordinator.beat(beatOf([slot()]))
    coordinator.beat(beatOf([serving(A)]))
    await coordinator.tick()
    coordinator.control('s1', 'cancel')
    await coordinator.tick()
    expect(await queue.waiting(laneName(A.key))).toEqual([])
  })
})

describe('preparation', () => {
  it('that may pass is tried again, and waits longer each time', async () => {
    let tries = 0
    prepare = async () => {
      tries += 1
      if (tries < 3) throw new SweepError('SB-HTTP-001', { url: 'hub', message: 'away' })
      return prepared(T1, ['q', 1], ['d', 2])
    }
    const coordinator = make()
    submit(ledger, 's1', [group(A, T1)])
    const triesAt: number[] = []
    for (now = 0; now < 10_000 && ledger.unpreparedTasks().length > 0; now += 100) {
      const before = tries
      await coordinator.tick()
      await Promise.resolve()
      if (tries > before) triesAt.push(now)
    }
    expect(triesAt).toEqual([0, 1600, 4800])
    expect(coordinator.preparationsWaiting()).toEqual([])
  })

  it('that is final fails the cells and is not tried again', async () => {
    let tries = 0
    prepare = async () => {
      tries += 1
      throw new SweepError('SB-TASK-001', { count: 2, task: 't1' })
    }
    const coordinator = await ready()
    for (now = 0; now < 5000; now += 1000) await coordinator.tick()
    expect(tries).toBe(1)
    expect(ledger.cells('s1')[0]?.failure?.code).toBe('SB-TASK-001')
  })
})

it('a sweep beyond its budget is cancelled, by running time and not by the clock', async () => {
  const coordinator = make()
  coordinator.submit({ sweep: 's1', name: '', spec: '', plan: plan('s1', [group(A, T1)], { sweepMs: 3000 }), createdAt: '' })
  now = 2000
  await coordinator.tick()
  coordinator.control('s1', 'pause')
  now = 9000
  await coordinator.tick()
  coordinator.control('s1', 'resume')
  now = 9900
  await coordinator.tick()
  expect(ledger.sweepStatus('s1').state).toBe('running')
  now = 10_500
  await coordinator.tick()
  expect(ledger.sweepStatus('s1')).toMatchObject({ state: 'cancelled', runMs: 3500 })
  expect(changes).toContainEqual({ kind: 'sweep', sweep: 's1' })
})

it('a cell beyond its budget fails, and its host is told to stop', async () => {
  const coordinator = make()
  coordinator.submit({ sweep: 's1', name: '', spec: '', plan: plan('s1', [group(A, T1)], { cellMs: 3000 }), createdAt: '' }, [
    prepared(T1, ['q', 1], ['d', 4]),
  ])
  coordinator.beat(beatOf([slot()]))
  coordinator.beat(beatOf([serving(A)]))
  await coordinator.tick()
  const [lease] = ledger.openLeases()
  coordinator.claim(claimOf(lease?.id ?? ''))
  now += 2900
  await coordinator.tick()
  expect(coordinator.beat(beatOf([serving(A)], { holding: [lease?.id ?? ''] })).stop).toEqual([])
  now += 200
  await coordinator.tick()
  expect(ledger.cells('s1')[0]?.failure?.code).toBe('SB-LEDGER-008')
  expect(coordinator.beat(beatOf([serving(A)], { holding: [lease?.id ?? ''] })).stop).toEqual([lease?.id])
  expect(ledger.sweepStatus('s1').state).toBe('done')
})

it('scores what is complete on score slots', async () => {
  const coordinator = await ready()
  coordinator.beat(beatOf([slot()]))
  const slots = [serving(A), slot({ id: 'score', state: 'serving' })]
  coordinator.beat(beatOf(slots))
  for (let round = 0; round < 5 && ledger.scorableGroups('s1', 1).length === 0; round += 1) {
    await coordinator.tick()
    for (const { id } of ledger.openLeases()) commitAll(ledger, id)
  }
  await coordinator.tick()
  const [lease] = ledger.openLeases()
  expect(lease).toMatchObject({ kind: 'score', lane: SCORE_LANE })
  expect(await queue.waiting(SCORE_LANE)).toEqual([lease?.id])
})
