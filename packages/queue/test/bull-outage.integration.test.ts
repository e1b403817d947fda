import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { newLeaseId, type TicketQueue } from '@sweepboard/contracts'
import { isAlive, startProxy, startRedis, waitUntil } from '@sweepboard/test-kit'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DeliveryTimes, openBullQueue, openSchedules } from '../src/index.ts'

const { redis, reason } = await startRedis({ own: true })
afterAll(() => redis?.stop())

describe.skipIf(!redis)(`BullMQ through outages, on ${redis?.source ?? `no Redis: ${reason}`}`, () => {
  const url = redis?.url ?? ''
  const open: { close(): Promise<void> | void }[] = []
  let prefix = ''
  let lane = ''

  beforeEach(() => {
    prefix = `sb-${newLeaseId()}`
    lane = `lane-${newLeaseId()}`
  })
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close()
  })

  async function openQueue(times: Partial<DeliveryTimes> = {}, at = url): Promise<TicketQueue> {
    const queue = await openBullQueue({ url: at, prefix, times })
    open.push(queue)
    return queue
  }

  /** Collects tickets and errors of a consumer. */
  function collect(queue: TicketQueue, concurrency = 1) {
    const seen: string[] = []
    const errors: string[] = []
    const consumer = queue.consume(lane, { concurrency, onError: (error) => errors.push(error.message) }, async (ticket) => {
      seen.push(ticket)
    })
    return { seen, errors, consumer }
  }

  it('delivers the ticket of a killed process again, once its lock has run out', async () => {
    const times = { lockMs: 1000, stalledMs: 500 }
    const queue = await openQueue(times)
    const ticket = newLeaseId()
    await queue.add(lane, ticket)
    const script = fileURLToPath(new URL('crashing-worker.ts', import.meta.url))
    const child: ChildProcess = spawn(process.execPath, [script, url, prefix, lane], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [taken] = await Promise.all([new Promise((resolve) => child.stdout?.once('data', resolve))])
    expect(String(taken).trim()).toBe(ticket)
    const { seen } = collect(queue)
    child.kill('SIGKILL')
    await waitUntil(() => !isAlive(child.pid ?? 0))
    await waitUntil(() => seen.length > 0, { deadlineMs: 10_000 })
    expect(seen).toEqual([ticket])
  })

  it('goes on by itself after Redis was killed and started again, and loses no ticket that was acknowledged', async () => {
    const queue = await openQueue()
    const { seen, errors } = collect(queue)
    const before = newLeaseId()
    await queue.add(lane, before)
    await waitUntil(() => seen.length === 1)
    await redis?.kill()
    await waitUntil(() => errors.length > 0)
    await redis?.restart()
    const after = newLeaseId()
    await waitUntil(() => queue.add(lane, after).then(() => true))
    await waitUntil(() => seen.includes(after), { deadlineMs: 20_000 })
    expect(seen.filter((ticket) => ticket === after)).toHaveLength(1)
    expect(errors).toHaveLength(1) // one report for one outage
    expect(errors[0]).toContain('SB-QUEUE-001')
  })

  it('asks a Redis that is full once a second, says so once, and goes on when there is room', async () => {
    const queue = await openQueue()
    const [ticket, later] = [newLeaseId(), newLeaseId()]
    await queue.add(lane, ticket)
    const admin = new Redis(url)
    open.push({ close: () => admin.disconnect() })
    const fetches = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0)
    await admin.config('SET', 'maxmemory', '1')
    try {
      await expect(queue.add(lane, later)).rejects.toMatchObject({
        code: 'SB-QUEUE-010',
        message: expect.stringContaining('OOM'),
      })
      const { seen, errors } = collect(queue)
      await waitUntil(() => errors.length > 0)
      const before = await fetches()
      for (let i = 0; i < 200; i += 1) await admin.ping()
      expect((await fetches()) - before).toBeLessThanOrEqual(2)
      await admin.config('SET', 'maxmemory', '0')
      await queue.add(lane, later)
      await waitUntil(() => seen.length === 2)
      expect([seen, errors]).toEqual([[ticket, later], [expect.stringContaining('SB-QUEUE-010')]])
    } finally {
      await admin.config('SET', 'maxmemory', '0')
    }
  })

  it('schedules, too, ask a Redis that is full once a second', async () => {
    const runs: string[] = []
    const errors: string[] = []
    const run = async (data: string) => void runs.push(data)
    const schedules = await openSchedules({ url, prefix, run, onError: (error) => errors.push(error.message) })
    open.push(schedules)
    const admin = new Redis(url)
    open.push({ close: () => admin.disconnect() })
    const fetches = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0)
    await schedules.keep([{ name: 'often', everyMs: 100, data: 'x' }])
    await waitUntil(() => runs.length > 0)
    await admin.config('SET', 'maxmemory', '1')
    try {
      await waitUntil(() => errors.length > 0, { deadlineMs: 15_000 })
      const before = await fetches()
      for (let i = 0; i < 200; i += 1) await admin.ping()
      expect((await fetches()) - before).toBeLessThanOrEqual(2)
    } finally {
      await admin.config('SET', 'maxmemory', '0')
    }
  })

  it('keeps waiting tickets over a clean restart of Redis', async () => {
    const queue = await openQueue()
    const tickets = [newLeaseId(), newLeaseId()]
    for (const ticket of tickets) await queue.add(lane, ticket)
    await redis?.restart()
    const waiting = await waitUntil(() => queue.waiting(lane))
    expect(waiting).toEqual(tickets)
  })

  it('fails calls at once while Redis is away, with SB-QUEUE-001, and closes', async () => {
    const queue = await openQueue({ commandMs: 1000 })
    const { consumer } = collect(queue)
    await redis?.kill()
    try {
      const before = performance.now()
      await expect(queue.add(lane, newLeaseId())).rejects.toMatchObject({ code: 'SB-QUEUE-001', kind: 'unavailable' })
      await expect(queue.waiting(lane)).rejects.toMatchObject({ code: 'SB-QUEUE-001' })
      await expect(queue.remove(lane, newLeaseId())).rejects.toMatchObject({ code: 'SB-QUEUE-001' })
      await expect(openQueue({ commandMs: 500 })).rejects.toMatchObject({ code: 'SB-QUEUE-001' })
      await consumer.drain()
      await queue.close()
      expect(performance.now() - before).toBeLessThan(8000)
    } finally {
      await redis?.restart()
    }
  })

  it('drains while Redis is away: what runs is waited for, its ticket comes again later', async () => {
    const queue = await openQueue({ commandMs: 500, lockMs: 1000, stalledMs: 500 })
    const gate = Promise.withResolvers<void>()
    const taken: string[] = []
    const consumer = queue.consume(lane, { concurrency: 1 }, (ticket) => {
      taken.push(ticket)
      return gate.promise
    })
    const ticket = newLeaseId()
    await queue.add(lane, ticket)
    await waitUntil(() => taken.length === 1)
    await redis?.kill()
    const drained = consumer.drain()
    gate.resolve()
    await drained
    await redis?.restart()
    const second = await openQueue({ lockMs: 1000, stalledMs: 500 })
    const { seen } = collect(second)
    await waitUntil(() => seen.length > 0, { deadlineMs: 15_000 })
    expect(seen).toEqual([ticket])
  })

  it('can be refilled after FLUSHALL: old tickets are gone, new ones are delivered', async () => {
    const queue = await openQueue()
    await queue.add(lane, newLeaseId())
    await redis?.flushAll()
    expect(await queue.waiting(lane)).toEqual([])
    const { seen } = collect(queue)
    const ticket = newLeaseId()
    await queue.add(lane, ticket)
    await waitUntil(() => seen.length > 0)
    expect(seen).toEqual([ticket])
  })

  it('survives FLUSHALL under a running consumer, with a running ticket', async () => {
    const queue = await openQueue()
    const gate = Promise.withResolvers<void>()
    const taken: string[] = []
    queue.consume(lane, { concurrency: 1 }, (ticket) => {
      taken.push(ticket)
      return gate.promise
    })
    await queue.add(lane, newLeaseId())
    await waitUntil(() => taken.length === 1)
    await redis?.flushAll()
    gate.resolve()
    const after = newLeaseId()
    await queue.add(lane, after)
    await waitUntil(() => taken.length === 2, { deadlineMs: 10_000 })
    expect(taken[1]).toBe(after)
  })

  it('rebuilds a worker whose connections have gone silent', async () => {
    const proxy = await startProxy(url)
    open.push({ close: proxy.stop })
    const service = await openQueue()
    const worker = await openQueue({ watchdogMs: 900, commandMs: 500 }, proxy.url)
    const { seen, errors } = collect(worker, 2)
    const first = newLeaseId()
    await service.add(lane, first)
    await waitUntil(() => seen.length === 1)
    expect(proxy.silence()).toBeGreaterThan(1)
    const second = newLeaseId()
    await service.add(lane, second)
    await waitUntil(() => seen.includes(second), { deadlineMs: 20_000 })
    expect(errors.some((message) => message.includes('rebuilt'))).toBe(true)
    const third = newLeaseId()
    await service.add(lane, third)
    await waitUntil(() => seen.includes(third))
    expect(seen).toEqual([first, second, third])
  })

  it('leaves half-open connections, old and new ones, by itself: the silence is enough, no watchdog needed', async () => {
    const proxy = await startProxy(url)
    open.push({ close: proxy.stop })
    const service = await openQueue()
    // A blocking read is answered every 5 s; the watchdog would look after an hour.
    const silenceMs = 6000
    const worker = await openQueue({ watchdogMs: 3_600_000, commandMs: 500, silenceMs }, proxy.url)
    const { seen, errors } = collect(worker)
    const first = newLeaseId()
    await service.add(lane, first)
    await waitUntil(() => seen.length === 1)
    proxy.swallowNew(true)
    expect(proxy.silence()).toBeGreaterThan(1)
    const second = newLeaseId()
    await service.add(lane, second)
    // It has left the dead connections, and the new ones lead nowhere either.
    await waitUntil(() => proxy.swallowNew(true) >= 2, { deadlineMs: 3 * silenceMs })
    expect(seen).toEqual([first])
    proxy.swallowNew(false)
    const before = performance.now()
    await waitUntil(() => seen.includes(second), { deadlineMs: 3 * silenceMs })
    expect(performance.now() - before).toBeLessThan(2 * silenceMs)
    expect(errors.some((message) => message.includes('rebuilt'))).toBe(false)
    expect(errors.every((message) => message.includes('SB-QUEUE-001'))).toBe(true)
  })

  it('schedules leave a half-open connection too', async () => {
    const proxy = await startProxy(url)
    open.push({ close: proxy.stop })
    const seen: string[] = []
    const schedules = await openSchedules({
      ...{ url: proxy.url, prefix, silenceMs: 12_000, onError: () => {} },
      run: async (data) => void seen.push(data),
    })
    open.push(schedules)
    await schedules.keep([{ name: 'often', everyMs: 300, data: 'x' }])
    await waitUntil(() => seen.length > 2)
    proxy.silence()
    const before = seen.length
    await waitUntil(() => seen.length > before + 2, { deadlineMs: 30_000 })
  })

  it('leaves no trace of finished tickets in Redis', async () => {
    const queue = await openQueue()
    const { seen } = collect(queue)
    const tickets = Array.from({ length: 50 }, () => newLeaseId())
    for (const ticket of tickets) await queue.add(lane, ticket)
    await waitUntil(() => seen.length === tickets.length)
    const client = new Redis(url)
    open.push({ close: () => client.disconnect() })
    const keysOfTickets = async () => (await client.keys(`${prefix}:*`)).filter((key) => tickets.some((t) => key.includes(t)))
    await waitUntil(async () => (await keysOfTickets()).length === 0)
    expect(await client.xlen(`${prefix}:${lane}:events`)).toBeLessThan(150) // trimmed roughly, by whole nodes
  })
})
