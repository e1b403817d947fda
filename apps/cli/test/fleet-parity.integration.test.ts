import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startRedis, type TestRedis } from '@sweepboard/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api, type Cell, Fleet, finish, joined, submit, sweepState } from './fleet-kit.ts'
import { writeTask } from './fleet-task.ts'

const { redis, reason } = await startRedis({ own: true })

describe.skipIf(!redis)(`one sweep embedded, with one worker, with three ${reason}`, () => {
  const fleet = new Fleet()
  const spec = fleet.path('parity.yaml')
  let embedded: Map<string, unknown>

  beforeAll(async () => {
    const task = writeTask(fleet.folder, 'Big', { documents: 6000, queries: 60, words: 60, seed: 4 })
    writeFileSync(
      spec,
      `sweep: parity\ntasks: [SemanticTrapsEn, ${task}]\nmodels: [local/pocket-static-en, mteb/baseline-random-encoder]\nmatrix: { precision: [float32, int8] }\n`,
    )
    await fleet.succeed([
      'run',
      spec,
      '--no-serve',
      '--json',
      '--slots',
      'cpu',
      '--threads',
      '1',
      '--data',
      fleet.path('embedded'),
    ])
    embedded = await fleet.exported({ data: fleet.path('embedded') })
  })

  afterAll(async () => {
    const left = await fleet.close()
    await redis?.stop()
    expect(left).toEqual([])
  })

  it.each([1, 3])('gives the same export with %i workers', async (count) => {
    const data = fleet.path(`service-${count}`)
    const { program, url } = await fleet.serve(data, { redis: (redis as TestRedis).url })
    const workers = Array.from({ length: count }, (_, i) => fleet.worker(url, `of-${count}-${i}`))
    await joined(url, count)
    const sweep = await submit(fleet, spec, url)
    expect((await sweepState(url, sweep)).state).toBe('running') // and the submitter is gone
    const done = await finish(url, sweep)
    expect(done.cells).toMatchObject({ scored: done.cells.total, failed: 0 })
    const cells = await api<Cell[]>(url, `/sweeps/${sweep}/cells`)
    const hosts = new Set(
      cells.flatMap(({ evidence }) => [...(evidence.query?.hosts ?? []), ...(evidence.document?.hosts ?? [])]),
    )
    expect(hosts.size).toBe(count)
    expect(await fleet.exported({ url })).toEqual(embedded)
    expect(embedded.size).toBeGreaterThan(6)
    for (const worker of workers) {
      expect(worker.args.join(' ')).not.toContain(data)
      expect((await worker.end('SIGTERM')).code).toBe(0)
    }
    expect((await program.end('SIGTERM')).code).toBe(0)
    expect(complaints(data)).toEqual([])
  })
})

/** What a process logged as a warning or an error. */
function complaints(data: string): string[] {
  const logs = join(data, 'logs')
  return readdirSync(logs)
    .flatMap((file) => readFileSync(join(logs, file), 'utf8').split('\n'))
    .filter((line) => /"level":"(warn|error)"/.test(line))
}
