import { startRedis, type TestRedis } from '@sweepboard/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeFaults, harmOf } from './fault-report.ts'
import { runFaults } from './fault-run.ts'
import { FaultWork } from './fault-work.ts'
import { inTurn } from './in-turn.ts'

const SEEDS = 2
const TASKS = 12
/** A dying fleet waits a lot. */
const AT_ONCE = 2
const { redis, reason } = await startRedis({ own: true })
const first = Date.now() % 100_000
const asked = process.env.SWEEPBOARD_FAULT_SEED?.split(',').map(Number)
const seeds = asked ?? Array.from({ length: SEEDS }, (_, i) => first + i)

// More seeds: benchmarks/faults.
describe.skipIf(!redis)(`service, worker and inference child die at every named point ${reason}`, () => {
  let work: FaultWork
  let reports: ReturnType<typeof inTurn<number, Awaited<ReturnType<typeof runFaults>>>>

  beforeAll(async () => {
    work = await FaultWork.prepare(TASKS)
    reports = inTurn(seeds, AT_ONCE, (seed) => runFaults(work, redis as TestRedis, seed))
  }, 600_000)

  afterAll(async () => {
    await Promise.allSettled(reports?.values() ?? [])
    await work?.close()
    await redis?.stop()
  }, 600_000)

  it.each(seeds)('SWEEPBOARD_FAULT_SEED=%d', { timeout: 1_800_000 }, async (seed) => {
    const report = await reports.get(seed)
    if (!report) throw new Error(`seed ${seed} did not run`)
    console.log(describeFaults(report))
    expect(harmOf(report)).toEqual([])
    expect(report.found).toEqual(report.wanted)
  })
})
