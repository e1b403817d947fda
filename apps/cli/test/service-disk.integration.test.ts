import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedis, type TestRedis, waitUntil } from '@sweepboard/test-kit'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Fleet, finish, joined, type Program, submit, sweepState } from './fleet-kit.ts'
import { writeTask } from './fleet-task.ts'

const { redis, reason } = await startRedis({ own: true })
const DISK_BYTES = 24 * 2 ** 20
const CHUNKS = 20

function mount(folder: string, ...options: string[]): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', [`size=${DISK_BYTES}`, ...options].join(), 'none', folder], { stdio: 'pipe' })
}

/** Why no small disk can be mounted here; empty = it can. */
function refusal(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sb-disk-'))
  try {
    mount(folder)
    execFileSync('umount', [folder])
    return ''
  } catch (error) {
    return `(no tmpfs can be mounted here: ${String(error).split('\n')[0]})`
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const noMount = refusal()

describe.skipIf(!redis || noMount !== '')(`a service whose disk takes no more ${reason}${noMount}`, { timeout: 300_000 }, () => {
  const fleet = new Fleet()
  let disk: string
  let service: { program: Program; url: string }
  let worker: Program
  let count = 0

  beforeEach(async () => {
    count += 1
    disk = fleet.path(`disk-${count}`)
    mkdirSync(disk)
    mount(disk)
    service = await fleet.serve(join(disk, 'data'), { redis: (redis as TestRedis).url })
  })
  afterEach(async () => {
    await worker?.end('SIGTERM')
    await service.program.end('SIGTERM')
    execFileSync('umount', ['-l', disk])
  })
  afterAll(async () => {
    const left = await fleet.close()
    await redis?.stop()
    expect(left).toEqual([])
  })

  const begin = async (): Promise<string> => {
    writeTask(fleet.folder, 'Full', { documents: CHUNKS * 1024, queries: 20, words: 20, seed: 5 })
    const spec = fleet.path('full.yaml')
    writeFileSync(spec, 'sweep: full\ntasks: [./Full]\nmodels: [mteb/baseline-random-encoder]\n')
    return submit(fleet, spec, service.url)
  }
  const put = async (): Promise<{ status: number; code: string }> => {
    const digest = 'ab'.repeat(32)
    const answer = await fetch(`${service.url}/api/v1/artifacts/${digest}`, { method: 'PUT', body: new Uint8Array(2 ** 20) })
    return { status: answer.status, code: ((await answer.json()) as { code: string }).code }
  }
  const waiting = () => readdirSync(fleet.path(`worker-${count}`, 'worker', 'outbox')).filter((name) => name.endsWith('.json'))

  it('refuses with 507 while it is full; workers keep what they have and deliver it afterwards', async () => {
    const sweep = await begin()
    const ballast = join(disk, 'ballast')
    const free = statfsSync(disk)
    writeFileSync(ballast, new Uint8Array(free.bavail * free.bsize - 600 * 1024))
    expect(await put()).toEqual({ status: 507, code: 'SB-ART-004' })
    worker = fleet.worker(service.url, `worker-${count}`)
    await joined(service.url, 1)
    await waitUntil(() => waiting().length >= 2, { deadlineMs: 120_000, what: 'results that cannot be delivered' })
    expect((await sweepState(service.url, sweep)).state).toBe('running')
    expect(worker.isRunning && service.program.isRunning).toBe(true)
    const leftovers = () =>
      (readdirSync(join(disk, 'data', 'artifacts'), { recursive: true }) as string[]).filter((name) => name.endsWith('.tmp'))
    rmSync(ballast)
    const done = await finish(service.url, sweep, 200_000)
    expect(done).toMatchObject({ cells: { scored: 1, failed: 0 } })
    await waitUntil(() => waiting().length === 0, { what: 'an empty outbox' })
    expect(leftovers()).toEqual([])
  })

  it('says so while its artifact folder is read-only, and goes on when it is not', async () => {
    const sweep = await begin()
    // A file system with files open for writing cannot be made read-only; what is bound over a folder of it can.
    const artifacts = join(disk, 'data', 'artifacts')
    execFileSync('mount', ['--bind', artifacts, artifacts])
    execFileSync('mount', ['-o', 'remount,bind,ro', artifacts])
    expect(await put()).toEqual({ status: 503, code: 'SB-ART-006' })
    worker = fleet.worker(service.url, `worker-${count}`)
    await joined(service.url, 1)
    await waitUntil(() => waiting().length >= 2, { deadlineMs: 120_000, what: 'results that cannot be delivered' })
    expect((await sweepState(service.url, sweep)).state).toBe('running')
    execFileSync('umount', [artifacts])
    const done = await finish(service.url, sweep, 200_000)
    expect(done).toMatchObject({ cells: { scored: 1, failed: 0 } })
  })
})
