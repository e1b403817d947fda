import { startRedis, type TestRedis } from '@sweepboard/test-kit'
import { afterAll, describe, expect, it } from 'vitest'
import { describeChaos } from './chaos-report.ts'
import { runChaos } from './chaos-run.ts'
import { CHUNK_TEXTS } from './chaos-work.ts'

const SEED = Number(process.env.SWEEPBOARD_CHAOS_SEED ?? 20)
const EVENTS = 18
/** What one event may cost at most: the chunk in hand of each of a worker's two slots. */
const TEXTS_AN_EVENT = 2 * CHUNK_TEXTS
const { redis, reason } = await startRedis({ own: true })

describe.skipIf(!redis)(`three workers under ${EVENTS} random events, seed ${SEED} ${reason}`, () => {
  afterAll(() => redis?.stop())

  it('end with the board of a quiet run, and leave nothing behind', { timeout: 1_800_000 }, async () => {
    const lines: string[] = []
    const say = (line: string) => void lines.push(line)
    const how = { seed: SEED, events: EVENTS, tasks: 2, seconds: 1, isLong: false, infinity: null, keep: null, say }
    const report = await runChaos({ redis: redis as TestRedis, ...how })
    const told = [...lines, describeChaos(report)].join('\n')
    expect(report.harm, told).toEqual([])
    expect(report.events).toHaveLength(EVENTS)
    expect(report.answers - report.texts, told).toBeLessThanOrEqual(EVENTS * TEXTS_AN_EVENT)
  })
})
