import { writeFileSync } from 'node:fs'
import { launchStubFile, startRedis, type TestRedis, waitUntil } from '@sweepboard/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Event, Fleet, joined, type Program, submit } from './fleet-kit.ts'
import { writeTask } from './fleet-task.ts'

const { redis, reason } = await startRedis({ own: true })
const NAMES = ['one', 'two', 'three']
/** What an order may take to reach every host. */
const BOUND_MS = 5000
const DEFAULT_BEAT_MS = 5000

/** Three hosts whose stub servers take half a minute for a chunk: whatever ends sooner was ended. */
describe.skipIf(!redis)(`orders to three hosts ${reason}`, () => {
  const fleet = new Fleet()
  let spec: string

  beforeAll(() => {
    const task = writeTask(fleet.folder, 'Long', { documents: 2400, queries: 20, words: 200, seed: 3 })
    writeFileSync(fleet.path('launchers.json'), launchStubFile({ slow: { textMs: 150 } }))
    spec = fleet.path('long.yaml')
    writeFileSync(
      spec,
      `sweep: long
tasks: [${task}]
models:
  - model: org/slow
    revision: "0123456789012345678901234567890123456789"
    recipe: { pooling: mean, normalize: true, similarity: cosine, dimensions: 32 }
    engine: { launch: { name: slow, device: cpu, concurrency: 1, batch: 16 } }
`,
    )
  })
  afterAll(async () => {
    const left = await fleet.close()
    await redis?.stop()
    expect(left).toEqual([])
  })

  /** Milliseconds from an order until each host shows that it heard it, by an event that it had not sent before. */
  async function heard(workers: readonly Program[], order: () => Promise<unknown>, isAnswer: (event: Event) => boolean) {
    const before = workers.map(({ events }) => events.length)
    const from = performance.now()
    await order()
    return Promise.all(
      workers.map(({ events }, i) =>
        waitUntil(() => events.slice(before[i]).some(isAnswer), {
          deadlineMs: 60_000,
          everyMs: 10,
          what: `worker ${i} hears it`,
        }).then(() => performance.now() - from),
      ),
    )
  }
  const encodes = ({ event, kind }: Event) => event === 'lease' && kind === 'encode'
  const stops = ({ event }: Event) => event === 'stopped-lease'
  const begins = (event: Event) => encodes(event) || (event.event === 'slot' && event.state === 'loading')

  it.each([
    ['at the default beat', DEFAULT_BEAT_MS],
    ['whatever the beat: a minute', 60_000],
  ])('are heard in under 5 s %s', { timeout: 300_000 }, async (_, beatMs) => {
    const name = `beat-${beatMs}`
    const { url } = await fleet.serve(fleet.path(name), { redis: (redis as TestRedis).url, beatMs })
    const args = ['--launchers', fleet.path('launchers.json')]
    const workers = NAMES.map((one) => fleet.worker(url, `${one}-${beatMs}`, { args }))
    await joined(url, workers.length)
    const sweep = await submit(fleet, spec, url)
    const order = (action: string) => async () => {
      const answer = await fetch(`${url}/api/v1/sweeps/${sweep}/${action}`, { method: 'POST' })
      expect(answer.status).toBe(200)
    }
    const allEncode = () =>
      Promise.all(
        workers.map((worker) =>
          waitUntil(() => worker.events.filter(encodes).length > worker.events.filter(stops).length, {
            deadlineMs: 120_000,
            what: 'an encode lease on each host',
          }),
        ),
      )
    await allEncode()
    const times = new Map<string, number[]>()
    times.set('pause', await heard(workers, order('pause'), stops))
    times.set('resume', await heard(workers, order('resume'), begins))
    await allEncode()
    times.set('cancel', await heard(workers, order('cancel'), stops))
    times.set('retry', await heard(workers, order('retry'), begins))
    const said = [...times].map(([action, all]) => `${action} ${all.map((ms) => Math.round(ms)).join('/')}`)
    process.stderr.write(`orders at a beat of ${beatMs} ms reached three hosts after: ${said.join(', ')} ms\n`)
    for (const [action, all] of times) expect(Math.max(...all), action).toBeLessThan(BOUND_MS)
    await fleet.endAll()
  })
})
