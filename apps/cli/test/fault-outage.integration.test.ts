import { readdirSync } from 'node:fs'
import { startRedis, type TestRedis, waitUntil } from '@sweepboard/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FaultBench } from './fault-kit.ts'
import { api, type Program } from './fleet-kit.ts'

const REDIS_AWAY_MS = 20_000
const SERVICE_AWAY_MS = 60_000
/** Longer than BullMQ's lock of 60 s: tickets of the sleeper are delivered again while it sleeps. */
const STOPPED_MS = 65_000
/** Far beyond what it takes on a quiet machine. */
const LIMIT_MS = 180_000
const TEST_MS = 1_200_000
const starts = await Promise.all([startRedis({ own: true }), startRedis({ own: true }), startRedis({ own: true })])
const reason = starts.map((start) => start.reason).find((text) => text !== '') ?? ''

// Each case mostly waits, on a fleet and a Redis of its own: they run side by side.
describe.skipIf(reason !== '')(`a sweep gives the quiet run's result after an outage ${reason}`, () => {
  const benches: FaultBench[] = []
  const bench = (i: number) => benches[i] as FaultBench

  beforeAll(async () => {
    for (const { redis } of starts) benches.push(await FaultBench.prepare(redis as TestRedis, 600, benches[0]))
  }, TEST_MS)

  afterAll(async () => {
    for (const each of benches) expect(await each.close()).toEqual([])
  }, TEST_MS)

  it.concurrent('when Redis is away for 20 s', { timeout: TEST_MS }, async () => {
    const { redis, stub, wanted } = bench(0)
    const run = await bench(0).begin()
    await bench(0).underWay(run)
    await redis.kill()
    stub.release() // what was taken goes on meanwhile
    await lasts(REDIS_AWAY_MS, () => api(run.url, '/health'))
    await redis.restart()
    expect(await bench(0).settle(run, [...run.workers, run.service])).toEqual(wanted)
  })

  it.concurrent('when the service is away for 60 s', { timeout: TEST_MS }, async () => {
    const { fleet, redis, stub, wanted } = bench(1)
    const run = await bench(1).begin({ workers: 1 })
    await bench(1).underWay(run)
    await run.service.end('SIGKILL')
    stub.release()
    const outbox = fleet.path(`${run.name}-w0`, 'worker', 'outbox')
    const waiting = () => readdirSync(outbox).filter((file) => file.endsWith('.json')).length
    await lasts(SERVICE_AWAY_MS, () => waiting() > 0)
    const { program } = await fleet.serve(bench(1).data(run.name), { redis: redis.url, port: run.port })
    expect(await bench(1).settle(run, [])).toEqual(wanted)
    await waitUntil(() => waiting() === 0, { deadlineMs: LIMIT_MS, what: 'an empty outbox' })
    for (const each of [...run.workers, program]) expect((await each.end('SIGTERM')).code).toBe(0)
  })

  it.concurrent('when a worker is stopped for longer than the lock of its tickets', { timeout: TEST_MS }, async () => {
    const run = await bench(2).begin()
    await bench(2).underWay(run)
    // Whoever was given the endpoint holds a lease: its request waits for an answer.
    const isBusy = ({ events }: Program) => events.some(({ event, slot }) => event === 'lease' && slot === 'endpoint0')
    const sleeper = await waitUntil(() => run.workers.find(isBusy), { deadlineMs: LIMIT_MS, what: 'a lease of the endpoint' })
    const [other] = run.workers.filter((worker) => worker !== sleeper) as [Program]
    process.kill(sleeper.pid, 'SIGSTOP')
    await waitUntil(async () => (await api<unknown[]>(run.url, '/hosts')).length === 1, {
      deadlineMs: LIMIT_MS,
      what: 'a silent host',
    })
    await lasts(STOPPED_MS, () => other.isRunning)
    process.kill(sleeper.pid, 'SIGCONT')
    expect(await bench(2).settle(run, [...run.workers, run.service])).toEqual(bench(2).wanted)
    expect(sleeper.isRunning || other.isRunning).toBe(false)
  })
})

/** An outage of so long, at whose end the rest of the fleet is as `still` says. */
async function lasts(ms: number, still: () => unknown): Promise<void> {
  const began = performance.now()
  await waitUntil(async () => performance.now() - began > ms && (await still()), { deadlineMs: ms + LIMIT_MS, everyMs: 200 })
}
