import { readdirSync } from 'node:fs'
import { startRedis, type TestRedis, waitUntil } from '@sweepboard/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FaultBench } from './fault-kit.ts'
import { api } from './fleet-kit.ts'

const { redis, reason } = await startRedis({ own: true })
/** Entries that the service has not acknowledged; `dropped/` stands beside them. */
const waiting = (outbox: string) => readdirSync(outbox).filter((file) => file.endsWith('.json')).length
/** Far beyond what it takes on a quiet machine; a start under load takes half a minute. */
const LONG = { deadlineMs: 180_000, everyMs: 50 }

describe.skipIf(!redis)(`a sweep gives the quiet run's result ${reason}`, { timeout: 900_000 }, () => {
  let bench: FaultBench

  beforeAll(async () => {
    bench = await FaultBench.prepare(redis as TestRedis, 1200)
    expect(bench.wanted.size).toBeGreaterThanOrEqual(12)
  }, 600_000)

  afterAll(async () => {
    expect(await bench.close()).toEqual([])
  }, 600_000)

  it('when inference children, then a worker are killed; its work goes to another', async () => {
    const run = await bench.begin()
    await bench.underWay(run)
    const [first, second] = run.workers as [(typeof run.workers)[0], (typeof run.workers)[0]]
    const children = await waitUntil(() => {
      const found = run.workers.flatMap(({ pid }) => bench.fleet.below(pid, 'inference-child'))
      return found.length > 0 && found
    }, LONG)
    for (const { pid } of children) process.kill(pid, 'SIGKILL')
    await first.end('SIGKILL')
    await waitUntil(() => children.every(({ pid }) => !bench.fleet.left().some((row) => row.pid === pid)), LONG)
    const back = bench.worker(run, 0)
    expect(await bench.settle(run, [second, back, run.service])).toEqual(bench.wanted)
  })

  it('when the service is killed and comes back; what was done meanwhile waits in outboxes', async () => {
    const run = await bench.begin({ workers: 1 })
    await bench.underWay(run)
    await run.service.end('SIGKILL')
    bench.stub.release()
    const outbox = bench.fleet.path(`${run.name}-w0`, 'worker', 'outbox')
    await waitUntil(() => waiting(outbox) > 0, {
      ...LONG,
      what: 'an outbox entry',
    })
    const { program } = await bench.fleet.serve(bench.data(run.name), { redis: bench.redis.url, port: run.port })
    const found = await bench.settle(run, [])
    expect(found).toEqual(bench.wanted)
    await waitUntil(() => waiting(outbox) === 0, LONG)
    for (const each of [...run.workers, program]) expect((await each.end('SIGTERM')).code).toBe(0)
  })

  it('when a worker is stopped past grace and goes on later; a second service on the folder is refused', async () => {
    const run = await bench.begin()
    await bench.underWay(run)
    const second = await bench.fleet.run([
      'serve',
      '--redis',
      bench.redis.url,
      '--port',
      '0',
      '--data',
      bench.data(run.name),
      '--json',
    ])
    expect(second.code).toBe(3)
    expect(second.events).toMatchObject([{ event: 'error', code: 'SB-LEDGER-001' }])
    const [sleeper] = run.workers as [(typeof run.workers)[0]]
    process.kill(sleeper.pid, 'SIGSTOP')
    await waitUntil(async () => (await api<unknown[]>(run.url, '/hosts')).length === 1, {
      ...LONG,
      what: 'a silent host',
    })
    bench.stub.release()
    await bench.underWay(run, 4)
    process.kill(sleeper.pid, 'SIGCONT')
    expect(await bench.settle(run, [...run.workers, run.service])).toEqual(bench.wanted)
  })

  it('when Redis is flushed and restarted', async () => {
    const run = await bench.begin()
    await bench.underWay(run)
    await bench.redis.flushAll()
    await bench.redis.restart()
    await bench.underWay(run, 2)
    expect(await bench.settle(run, [...run.workers, run.service])).toEqual(bench.wanted)
  })
})
