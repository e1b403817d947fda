import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { liveDescendants, processRow, waitUntil } from '@sweepboard/test-kit'
import { afterEach, describe, expect, it } from 'vitest'
import { ServerLog } from '../src/server-log.ts'
import { ServerProcess } from '../src/server-process.ts'
import { type ServerRecord, ServerRecords } from '../src/server-record.ts'
import { alive, listens, stubServer, type WatchedServer } from './server-kit.ts'

const never = new AbortController().signal

/** Writes the leader of a server only when that server has ended: a disk that is slow. */
class LateRecords extends ServerRecords {
  readonly writes: Promise<void>[] = []
  readonly mayWrite = Promise.withResolvers<void>()

  override async write(record: ServerRecord): Promise<void> {
    const write = (record.leader === null ? Promise.resolve() : this.mayWrite.promise).then(() => super.write(record))
    this.writes.push(write)
    await write
  }
}

describe('a server that ends at once', () => {
  it('leaves no record, also where that was still being written', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sb-server-'))
    const records = new LateRecords(folder)
    const log = new ServerLog(join(folder, 'log'), { now: () => 0, onLine: () => undefined })
    const about = { slot: 'cpu0', model: 'org/stub' }
    const server = await ServerProcess.start({ argv: ['/bin/true'], env: {}, log, records, about, stopMs: 1000 })
    expect(await server.ended).toBe('ended with exit code 0')
    await waitUntil(() => liveDescendants(process.pid).every(({ command }) => !command.includes('server-guard')))
    records.mayWrite.resolve()
    await Promise.all([server.gone, ...records.writes])
    expect(await records.list()).toEqual([])
    log.close()
    rmSync(folder, { recursive: true })
  })
})

describe('a server that a worker starts', () => {
  const opened: WatchedServer[] = []
  const open: typeof stubServer = (...given) => {
    const watched = stubServer(...given)
    opened.push(watched)
    return watched
  }
  afterEach(async () => {
    for (const { server, folder } of opened.splice(0)) {
      await server.kill()
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('answers when it is loaded, says its version, is measured, and leaves nothing behind', async () => {
    const { server, folder, records, states } = open({ loadMs: 400, version: '2.5.1', grandchild: true })
    const ready = await server.start(never)
    expect(ready).toMatchObject({ name: 'stub', version: '2.5.1' })
    expect(ready.loadSeconds).toBeGreaterThanOrEqual(0.4)
    expect(server.peakBytes).toBeGreaterThan(20e6)
    expect(await server.start(never)).toBe(ready)
    const [guard] = liveDescendants(process.pid).filter(({ command }) => command.includes('server-guard'))
    const below = liveDescendants(guard?.pid ?? 0).map(({ pid }) => pid)
    expect(below.length).toBe(2)
    expect(await records.list()).toMatchObject([{ slot: 'cpu0', model: 'org/stub', leader: { pid: server.pid } }])

    const stopping = performance.now()
    await server.stop()
    expect(alive([guard?.pid ?? 0, ...below])).toEqual([])
    expect(await listens(ready.url)).toBe(false)
    // The grandchild ignored SIGTERM: it had its ten seconds.
    expect(performance.now() - stopping).toBeGreaterThan(9000)
    expect(await records.list()).toEqual([])
    expect(readdirSync(join(folder, 'servers')).sort()).toEqual(['logs', 'scratch'])
    expect(readdirSync(join(folder, 'servers', 'scratch'))).toEqual([])
    expect(states).toEqual(['starting', 'ready', 'stopping', 'stopped'])
    expect(readFileSync(join(folder, 'servers/logs/cpu0.log'), 'utf8')).toContain('stub 2.5.1 on port')
  })

  it('ends at once when it obeys, and is killed when it does not', async () => {
    const obeys = open({})
    const first = await obeys.server.start(never)
    const began = performance.now()
    await obeys.server.stop()
    expect(performance.now() - began).toBeLessThan(5000)
    expect(await listens(first.url)).toBe(false)
    const deaf = open({ ignoreTerm: true }, { stopMs: 2000 })
    const second = await deaf.server.start(never)
    await deaf.server.stop()
    expect(await listens(second.url)).toBe(false)
    expect(readFileSync(join(deaf.folder, 'servers/logs/cpu0.log'), 'utf8')).toContain('SIGTERM ignored')
  })

  it('tries a start that fails again, with pauses', async () => {
    const { server, states } = open({ dieAtStart: 2 })
    const began = performance.now()
    await server.start(never)
    expect(performance.now() - began).toBeGreaterThan(3000)
    expect(states).toEqual(['starting', 'died', 'waiting', 'starting', 'died', 'waiting', 'starting', 'ready'])
  })

  it('is closed for good after three starts that failed, with what it printed', async () => {
    const { server, states } = open({ dieAtStart: 9 })
    await expect(server.start(never)).rejects.toMatchObject({ code: 'SB-WORK-021' })
    expect(server.failure?.message).toContain('did not start: ended with exit code 1; its last lines:')
    expect(server.failure?.message).toContain('fatal: dies at its start')
    expect(states.filter((state) => state === 'starting')).toHaveLength(3)
    expect(states.at(-1)).toBe('closed')
    await expect(server.start(never)).rejects.toBe(server.failure)
  })

  it('is not tried twice where the device has too little memory, or is gone', async () => {
    const small = open({
      saysAtStart: 'ValueError: No available memory for the cache blocks. Try increasing gpu_memory_utilization',
    })
    await expect(small.server.start(never)).rejects.toMatchObject({ code: 'SB-WORK-023' })
    expect(small.server.failure?.message).toContain('does not fit in the memory of slot cpu0: ValueError: No available memory')
    const lost = open({ saysAtStart: 'Unable to determine the device handle for GPU0000:01:00.0: GPU is lost.' })
    await expect(lost.server.start(never)).rejects.toMatchObject({ code: 'SB-WORK-024' })
    const silent = open({ dieAtStart: 9 }, { isDeviceLost: async () => true })
    await expect(silent.server.start(never)).rejects.toMatchObject({ code: 'SB-WORK-024' })
    for (const { states } of [small, lost, silent]) expect(states).toEqual(['starting', 'died', 'closed'])
  })

  it('a program that is not there is a start that failed', async () => {
    const own = { commands: {}, settings: { infinity: { program: ['/nowhere/infinity_emb'] } } }
    const { stubLoad } = await import('./server-kit.ts')
    const { server } = open({}, { own, load: stubLoad('infinity') })
    await expect(server.start(never)).rejects.toMatchObject({ code: 'SB-WORK-021' })
    expect(server.failure?.message).toContain('cannot be started: spawn /nowhere/infinity_emb ENOENT')
  })

  it('is given up when it prints nothing and is not ready, and when it takes too long in all', async () => {
    const slow = open({ loadMs: 60_000 }, { limits: { silentMs: 20_000, mostMs: 600 } })
    await expect(slow.server.start(never)).rejects.toMatchObject({ code: 'SB-WORK-021' })
    expect(slow.server.failure?.message).toContain('is not ready after 1 s')
    const silent = open({ loadMs: 60_000 }, { limits: { silentMs: 20, mostMs: 60_000 } })
    await expect(silent.server.start(never)).rejects.toMatchObject({ code: 'SB-WORK-021' })
    expect(silent.server.failure?.message).toContain('printed nothing for 0 s and is not ready')
  })

  it('may be told to end while it loads', async () => {
    const { server, states } = open({ loadMs: 60_000 })
    const start = server.start(never).catch((error) => error)
    await waitUntil(() => server.pid !== null, { what: 'its process' })
    const { pid } = server
    await server.stop()
    expect(await start).toMatchObject({ code: 'SB-CORE-004' })
    expect(alive([pid ?? 0])).toEqual([])
    expect(states).toEqual(['starting', 'stopping', 'stopped'])
  })

  it('is started again after it died, until three restarts led to nothing', async () => {
    const { server, states } = open({})
    for (let death = 1; death <= 4; death += 1) {
      await server.start(never)
      process.kill(server.pid ?? 0, 'SIGSEGV')
      await waitUntil(() => server.gone.aborted, { what: 'its death noticed' })
      expect((await server.death())?.code).toBe('SB-WORK-020')
    }
    expect(states.filter((state) => state === 'ready')).toHaveLength(4)
    await expect(server.start(never)).rejects.toMatchObject({ code: 'SB-WORK-020' })
    expect(server.failure?.message).toContain('was killed by SIGSEGV; its last lines:')
  })

  it('goes with its guard: the worker kills what the guard left', async () => {
    const { server, records } = open({ grandchild: true, ignoreTerm: true })
    const ready = await server.start(never)
    const guard = processRow(server.pid ?? 0)?.ppid ?? 0
    const below = liveDescendants(guard).map(({ pid }) => pid)
    expect(below).toHaveLength(2)
    process.kill(guard, 'SIGKILL')
    await waitUntil(() => server.gone.aborted, { what: 'the death of the guard noticed' })
    expect((await server.death())?.message).toContain('lost its guard process')
    expect(alive(below)).toEqual([])
    expect(await listens(ready.url)).toBe(false)
    expect(await records.list()).toEqual([])
  })

  it('keeps nothing of its scratch folder between two starts', async () => {
    const { server, folder } = open({})
    await server.start(never)
    const scratch = join(folder, 'servers/scratch/cpu0')
    expect(existsSync(scratch)).toBe(true)
    await server.stop()
    expect(existsSync(scratch)).toBe(false)
  })
})
