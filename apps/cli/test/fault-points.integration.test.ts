import { startRedis, type TestRedis } from '@sweepboard/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FaultBench } from './fault-kit.ts'
import { chooseCases, crashOnce } from './fault-points.ts'

const { redis, reason } = await startRedis({ own: true })
const CASES_IN_CI = 3
const seed = Number(process.env.SWEEPBOARD_FAULT_SEED ?? Date.now() % 100_000)

// All points, one after the other: benchmarks/faults.
describe.skipIf(!redis)(`a process dies at a named point, SWEEPBOARD_FAULT_SEED=${seed} ${reason}`, () => {
  let bench: FaultBench

  beforeAll(async () => {
    bench = await FaultBench.prepare(redis as TestRedis, 60)
  })

  afterAll(async () => {
    expect(await bench.close()).toEqual([])
  })

  it.each(chooseCases(seed, CASES_IN_CI))('$who at $point', async (crash) => {
    expect(await crashOnce(bench, crash)).toEqual(bench.wanted)
  })
})
