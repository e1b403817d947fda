import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { freePort, startRedis, type TestRedis, waitUntil } from '@sweepboard/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Fleet, finish, joined, submit } from './fleet-kit.ts'
import { writeTask } from './fleet-task.ts'

const { redis, reason } = await startRedis({ own: true })

interface Collected {
  readonly unreferenced: number
  readonly vectors: { readonly encodings: number; readonly files: number; readonly bytes: number; readonly kept: number } | null
}

describe.skipIf(!redis)(`artifacts of two hosts in a shared folder, retention and gc ${reason}`, { timeout: 300_000 }, () => {
  const fleet = new Fleet()
  const spec = (name: string, more: string) => {
    const file = fleet.path(`${name}.yaml`)
    writeFileSync(
      file,
      `sweep: ${name}\ntasks: [SemanticTrapsEn, ./Big]\nmodels: [local/pocket-static-en, mteb/baseline-random-encoder]\n${more}`,
    )
    return file
  }
  const embedded = fleet.path('embedded')
  const data = fleet.path('service')
  const shared = fleet.path('mount')
  let quiet: Map<string, unknown>
  let url: string
  let end: () => Promise<unknown>
  const collect = async (...args: string[]): Promise<Collected> => {
    const ended = await fleet.succeed(['gc', '--json', ...args])
    return JSON.parse(ended.stdout) as Collected
  }

  beforeAll(async () => {
    writeTask(fleet.folder, 'Big', { documents: 4000, queries: 40, words: 40, seed: 4 })
    const run = ['run', spec('kept', 'keep: none\n'), '--no-serve', '--slots', 'cpu', '--threads', '1', '--data', embedded]
    await fleet.succeed(run)
    quiet = await fleet.exported({ data: embedded })
  })
  afterAll(async () => {
    const left = await fleet.close()
    await redis?.stop()
    expect(left).toEqual([])
  })

  it('keeps no vector after a run that says so, and still has all its scores', async () => {
    expect(quiet.size).toBeGreaterThan(3)
    expect(await collect('--data', embedded, '--older-than', '0s', '--dry-run')).toMatchObject({
      unreferenced: 0,
      vectors: { encodings: 0, files: 0, kept: 0 },
    })
    const report = await fleet.succeed(['report', 'kept', '--data', embedded, '-o', fleet.path('report.html')])
    expect(report.code).toBe(0)
  })

  it('gives the same export through a shared folder and through HTTP with a tiny cache', async () => {
    const port = await freePort()
    const { url: queue } = redis as TestRedis
    const program = fleet.start(
      ['serve', '--redis', queue, '--port', String(port), '--data', data, '--beat', '500', '--artifacts', shared].concat(
        '--json',
      ),
    )
    url = String((await program.event('listening')).url)
    const join = (name: string, ...more: string[]) =>
      fleet.start(
        [
          'worker',
          '--join',
          url,
          '--data',
          fleet.path(name),
          '--slots',
          'cpu',
          '--threads',
          '1',
          '--name',
          name,
          '--json',
        ].concat(more),
      )
    mkdirSync(fleet.path('elsewhere'))
    const refused = await join('stranger', '--artifacts', fleet.path('elsewhere')).ended
    expect([refused.code, refused.stdout]).toEqual([3, expect.stringContaining('SB-ART-007')])
    const workers = [join('sharing', '--artifacts', shared), join('remote', '--cache-size', '200kB')]
    end = async () => {
      for (const worker of workers) await worker.end('SIGTERM')
      await program.end('SIGTERM')
    }
    await joined(url, 2)
    const done = await finish(url, await submit(fleet, spec('shared', 'keep: queries\n'), url))
    expect(done.cells).toMatchObject({ scored: done.cells.total, failed: 0 })
    expect(await fleet.exported({ url })).toEqual(quiet)
    expect(lstatSync(fleet.path('service', 'artifacts')).isSymbolicLink()).toBe(true)
    expect(readdirSync(shared).length).toBeGreaterThan(10)
  })

  it('forgets by sweep through the service, never in a folder it holds; the board, exports and reports stay', async () => {
    const before = await fleet.succeed(['leaderboard', '--to', url, '--json'])
    const held = await fleet.run(['gc', '--data', data, '--older-than', '0s'])
    expect([held.code, held.stderr]).toEqual([3, expect.stringContaining('SB-LEDGER-001')])
    // Retention looks every 10 s: by then only what `keep: queries` keeps is left.
    const dry = await waitUntil(
      async () => {
        const now = await collect('--to', url, '--sweep', 'shared', '--dry-run')
        return now.vectors?.encodings === 4 && now
      },
      { deadlineMs: 60_000, everyMs: 500, what: 'four encodings of queries' },
    )
    expect(await collect('--to', url, '--sweep', 'shared')).toMatchObject({ vectors: { ...dry.vectors } })
    expect((await collect('--to', url, '--sweep', 'shared')).vectors).toMatchObject({ encodings: 0 })
    expect((await fleet.run(['gc', '--to', url, '--sweep', 'nobody'])).code).toBe(3)
    expect((await fleet.succeed(['leaderboard', '--to', url, '--json'])).stdout).toBe(before.stdout)
    expect(await fleet.exported({ url })).toEqual(quiet)
    await fleet.succeed(['report', 'shared', '--to', url, '-o', fleet.path('after.md')])
    expect(existsSync(fleet.path('after.md'))).toBe(true)
  })

  it('encodes anew what a later sweep needs, and a re-run of scored cells costs nothing', async () => {
    const again = await finish(url, await submit(fleet, spec('again', ''), url))
    expect(again.cells).toMatchObject({ scored: again.cells.total })
    expect((await collect('--to', url, '--older-than', '0s', '--dry-run')).vectors).toMatchObject({ encodings: 0 })
    const more = await finish(url, await submit(fleet, spec('more', 'matrix: { precision: [float32, int8] }\n'), url))
    expect(more.cells).toMatchObject({ scored: more.cells.total, failed: 0 })
    const stored = (await collect('--to', url, '--until-under', '0', '--dry-run')).vectors
    expect(stored).toMatchObject({ encodings: 8 })
    await end()
    expect((await collect('--data', data, '--until-under', '0B')).vectors).toEqual(stored)
  })
})
