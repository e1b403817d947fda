import { join } from 'node:path'
import { freePort, startRedis, waitUntil } from '@sweepboard/test-kit'
import { afterAll, describe, expect, it } from 'vitest'
import { openPlace, REPOSITORY, start, sweepboard } from './command.ts'

const DAY = 86_400_000
const { redis, reason } = await startRedis()
const place = openPlace()
afterAll(async () => {
  await redis?.stop()
  place.remove()
})

const MODELS = join(REPOSITORY, 'examples/models')
const SPEC = `sweep: jumped
tasks: [SemanticTrapsEn, SemanticTrapsZh]
models: [local/pocket-static-en, mteb/baseline-random-encoder, mteb/baseline-bm25s]
matrix: { dimensions: [full, 128, 64] }
`

/** Scores by what they are of; the order of rows and times are not compared. */
const scoresOf = (stdout: string) =>
  (
    JSON.parse(stdout).cellRows as {
      model: string
      task: string
      variant: string
      state: string
      config: unknown
      metrics: unknown
    }[]
  )
    .map(({ model, task, variant, state, config, metrics }) => JSON.stringify([model, task, variant, state, config, metrics]))
    .sort()

describe.skipIf(!redis)(`wall clocks that jump ${reason}`, () => {
  it('two days on at the service, two days back at the worker, and back again: the same scores, nothing begun anew', async () => {
    const spec = place.write('sweep.yaml', SPEC)
    const quiet = await sweepboard('run', spec, '--data', join(place.folder, 'quiet'), '--json')
    expect(quiet.exit, quiet.stderr).toBe(0)
    const wanted = scoresOf((await sweepboard('status', 'jumped', '--data', join(place.folder, 'quiet'), '--json')).stdout)

    const env = (name: string) => ({
      NODE_OPTIONS: `--import=${join(REPOSITORY, 'apps/cli/test/clock-jump.mjs')}`,
      CLOCK_JUMP: place.write(name, '0'),
    })
    const at = `http://127.0.0.1:${await freePort()}`
    const port = new URL(at).port
    const service = start(
      ['serve', '--redis', redis?.url ?? '', '--port', port, '--data', place.data, '--beat', '1500', '--log-level', 'info'],
      env('service.clock'),
    )
    await service.until('Board and API')
    const worker = start(
      ['worker', '--join', at, '--slots', 'cpu', '--models', MODELS, '--data', join(place.folder, 'w'), '--log-level', 'info'],
      env('worker.clock'),
    )
    await worker.until('Joined')
    const submitted = await sweepboard('submit', spec, '--to', at, '--json')
    expect(submitted.exit, submitted.stderr).toBe(0)
    const { sweep } = JSON.parse(submitted.stdout) as { sweep: string }
    await waitUntil(() => worker.said().stderr.includes('"event":"lease"'), { deadlineMs: 60_000 })
    place.write('service.clock', String(2 * DAY))
    place.write('worker.clock', String(-2 * DAY))
    const lines = () => worker.said().stderr.match(/"event":"lease"/g)?.length ?? 0
    const before = lines()
    await waitUntil(() => lines() > before, { deadlineMs: 60_000, what: 'a lease begun after the jump' })
    place.write('service.clock', String(-DAY))
    place.write('worker.clock', String(DAY))
    const watched = await sweepboard('watch', sweep, '--to', at, '--json')
    expect(watched.exit, watched.stderr).toBe(0)

    expect(scoresOf((await sweepboard('status', sweep, '--to', at, '--json')).stdout)).toEqual(wanted)
    for (const one of [worker, service]) {
      one.child.kill('SIGTERM')
      expect((await one.ended).exit).toBe(0)
    }
    const log = worker.said().stderr
    // The jump was felt: lines of the log are days apart.
    expect(new Set([...log.matchAll(/"at":"(\d{4}-\d\d-\d\d)/g)].map(([, day]) => day)).size).toBeGreaterThan(1)
    for (const event of ['child-gone', 'service-away', 'stopped-lease', 'chunk-failed', 'lane-closed'])
      expect(log).not.toContain(`"${event}"`)
    expect(service.said().stderr).not.toContain('lease expired')
  })
})
