import { readFileSync, writeFileSync } from 'node:fs'
import { launchStubFile, startRedis, type TestRedis, waitUntil } from '@sweepboard/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Fleet, finish, joined, type Program, submit, sweepState } from './fleet-kit.ts'
import { writeTask } from './fleet-task.ts'

const { redis, reason } = await startRedis({ own: true })
const BIG = { documents: 12_000, queries: 20, words: 200, seed: 5 }
const TINY = { documents: 20, queries: 5, words: 10 }
const TINY_TASKS = 12
const CONCURRENCY = 2
/** Chunks a server has in hand at most: the oldest, and as many behind it as bring two requests a place, here of one request each. */
const IN_HAND = 1 + 2 * CONCURRENCY

/** Workers and the service end with SIGTERM and start again while a sweep runs. Stub servers write down each text they answer. */
describe.skipIf(!redis)(`restarts under load ${reason}`, () => {
  const fleet = new Fleet()

  function writeSpec(name: string, tasks: readonly string[]): string {
    const file = fleet.path(`${name}.yaml`)
    writeFileSync(
      file,
      `sweep: ${name}
tasks: [${tasks.join(', ')}]
models:
  - model: org/stub
    revision: "0123456789012345678901234567890123456789"
    recipe: { pooling: mean, normalize: true, similarity: cosine, dimensions: 32 }
    engine: { launch: { name: stub, device: cpu, concurrency: ${CONCURRENCY}, batch: 16 } }
`,
    )
    return file
  }
  /** Arguments of a worker whose servers take so long for a text. */
  const servers = (name: string, textMs: number) => {
    writeFileSync(fleet.path(`${name}.json`), launchStubFile({ stub: { textMs, tally: fleet.path(`${name}.tally`) } }))
    return ['--launchers', fleet.path(`${name}.json`)]
  }
  /** Documents by how often they were answered; single queries are asked again to measure their time. */
  function answered(name: string): Map<string, number> {
    const counts = new Map<string, number>()
    for (const word of readFileSync(fleet.path(`${name}.tally`), 'utf8')
      .trim()
      .split('\n'))
      if (/-d\d+$/.test(word)) counts.set(word, (counts.get(word) ?? 0) + 1)
    return counts
  }
  const chunksOf = ({ events }: Program) => events.filter(({ event }) => event === 'chunk').length
  const nextChunk = (worker: Program, after = chunksOf(worker)) =>
    waitUntil(() => chunksOf(worker) > after, { deadlineMs: 120_000, what: 'another chunk' })

  beforeAll(() => {
    writeTask(fleet.folder, 'Big', BIG)
    for (let i = 0; i < TINY_TASKS; i += 1) writeTask(fleet.folder, `Tiny${i}`, { ...TINY, seed: 100 + i })
  })
  afterAll(async () => {
    const left = await fleet.close()
    await redis?.stop()
    expect(left).toEqual([])
  })

  it('a worker that is told to end finishes the chunks in hand; the rest of its lease is computed elsewhere', {
    timeout: 240_000,
  }, async () => {
    const { url } = await fleet.serve(fleet.path('drain'), { redis: (redis as TestRedis).url })
    const args = servers('drain', 80)
    const first = fleet.worker(url, 'first', { args })
    await joined(url, 1)
    const tasks = Array.from({ length: TINY_TASKS }, (_, i) => fleet.path(`Tiny${i}`))
    const sweep = await submit(fleet, writeSpec('tiny', tasks), url)
    await waitUntil(() => chunksOf(first) > 0, { deadlineMs: 120_000, what: 'the first chunk' })
    expect((await first.end('SIGTERM')).code).toBe(0)
    const told = first.events.findLastIndex(({ event, state }) => event === 'slot' && state === 'draining')
    expect(told).toBeGreaterThan(0)
    expect(first.events.slice(told).filter(({ event }) => event === 'chunk').length).toBeLessThanOrEqual(IN_HAND)
    expect(first.events.some(({ event }) => event === 'given-back')).toBe(true)
    const second = fleet.worker(url, 'second', { args })
    const { chunks, cells } = await finish(url, sweep)
    expect(cells).toMatchObject({ total: TINY_TASKS, scored: TINY_TASKS })
    expect(chunksOf(first) + chunksOf(second)).toBe(chunks.total)
    const counts = answered('drain')
    expect(counts.size).toBe(TINY_TASKS * TINY.documents)
    expect([...counts].filter(([, times]) => times > 1)).toEqual([])
    await fleet.endAll()
  })

  it('workers one after the other, then the service: the same export, no text answered twice, and watch sees the end', {
    timeout: 400_000,
  }, async () => {
    const spec = writeSpec('big', [fleet.path('Big')])
    await fleet.succeed([
      'run',
      spec,
      '--no-serve',
      '--json',
      '--slots',
      'cpu',
      '--data',
      fleet.path('quiet'),
      ...servers('quiet', 0),
    ])
    const wanted = await fleet.exported({ data: fleet.path('quiet') })

    const place = { redis: (redis as TestRedis).url }
    const data = fleet.path('rolled')
    const service = await fleet.serve(data, place)
    const { url, port } = service
    const args = servers('rolled', 40)
    const workers = new Map(['a', 'b', 'c'].map((name) => [name, fleet.worker(url, name, { args })]))
    await joined(url, workers.size)
    const sweep = await submit(fleet, spec, url)
    const watch = fleet.start(['watch', sweep, '--to', url, '--json'])
    await watch.event('progress')
    await Promise.all([...workers.values()].map((worker) => nextChunk(worker, 0)))
    for (const [name, worker] of workers) {
      expect((await worker.end('SIGTERM')).code).toBe(0)
      const again = fleet.worker(url, name, { args })
      await nextChunk(again, 0)
      workers.set(name, again)
    }
    expect((await sweepState(url, sweep)).state).toBe('running')
    expect((await service.program.end('SIGTERM')).code).toBe(0)
    await waitUntil(() => watch.stderr.includes('waiting for it'), { what: 'watch to miss the service' })
    const { program } = await fleet.serve(data, { ...place, port })
    const before = new Map([...workers].map(([name, worker]) => [name, chunksOf(worker)]))
    // On a slow machine the work may end before each has had one more.
    await Promise.race([
      Promise.all([...workers].map(([name, worker]) => nextChunk(worker, before.get(name)))),
      finish(url, sweep),
    ])
    await finish(url, sweep)
    expect(await fleet.exported({ url })).toEqual(wanted)
    const counts = answered('rolled')
    expect(counts.size).toBe(BIG.documents)
    const twice = [...counts].filter(([, times]) => times > 1)
    process.stderr.write(`${twice.length} of ${counts.size} texts were answered twice\n`)
    expect(twice).toEqual([])
    const watched = await watch.ended
    expect([watched.code, watched.events.at(-1)]).toMatchObject([0, { event: 'done', state: 'done' }])
    expect(watched.stderr).toContain('the service is back')
    for (const each of [...workers.values(), program]) expect((await each.end('SIGTERM')).code).toBe(0)
  })
})
