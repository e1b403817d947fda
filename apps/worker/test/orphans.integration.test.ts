import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { liveDescendants, processRow, waitUntil } from '@sweepboard/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFleet } from './fleet.ts'
import { alive, listens } from './server-kit.ts'

describe('servers of a worker that is killed', () => {
  let folder: string
  let worker: ChildProcess
  let pids: { guard: number; server: number; all: number[] }
  let url: string
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sb-orphans-'))
    const entry = fileURLToPath(new URL('./launched-process.ts', import.meta.url))
    worker = spawn(process.execPath, [entry, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines = createInterface({ input: worker.stdout as NonNullable<ChildProcess['stdout']> })
    const [line] = (await once(lines, 'line')) as [string]
    const { server } = JSON.parse(line) as { server: number }
    const guard = processRow(server)?.ppid ?? 0
    pids = { guard, server, all: [server, ...liveDescendants(server).map(({ pid }) => pid)] }
    const [, port] = /--port (\d+)/.exec(processRow(server)?.command ?? '') ?? []
    url = `http://127.0.0.1:${port}`
    expect(pids.all).toHaveLength(2)
    expect(await listens(url)).toBe(true)
  })
  afterEach(() => {
    worker.kill('SIGKILL')
    for (const pid of alive([...pids.all, pids.guard])) process.kill(pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  const records = () => readdirSync(join(folder, 'worker/servers')).filter((name) => name.endsWith('.json'))

  it('are killed by their guards', async () => {
    worker.kill('SIGKILL')
    await waitUntil(() => alive([...pids.all, pids.guard]).length === 0, { what: 'the end of guard, server and grandchild' })
    expect(await listens(url)).toBe(false)
  })

  it('are killed by the next start where the guard was killed, too', async () => {
    // Stopped, it cannot see the worker's end before it is killed itself.
    process.kill(pids.guard, 'SIGSTOP')
    worker.kill('SIGKILL')
    await once(worker, 'exit')
    process.kill(pids.guard, 'SIGKILL')
    await waitUntil(() => alive([pids.guard]).length === 0, { what: 'the end of the guard' })
    expect(alive(pids.all)).toEqual(pids.all)
    expect(await listens(url)).toBe(true)
    expect(records()).toHaveLength(1)

    const fleet = await openFleet(100, folder)
    try {
      const { events } = await fleet.worker()
      expect(alive(pids.all)).toEqual([])
      expect(await listens(url)).toBe(false)
      expect(records()).toEqual([])
      expect(events.filter(({ event }) => event === 'server-leftover')).toMatchObject([{ slot: 'cpu0', model: 'org/stub' }])
    } finally {
      await fleet.close()
    }
  })

  it('are left alone where a record speaks of an earlier run of the machine', async () => {
    process.kill(pids.guard, 'SIGSTOP')
    worker.kill('SIGKILL')
    await once(worker, 'exit')
    process.kill(pids.guard, 'SIGKILL')
    const [name = ''] = records()
    const { ServerRecords } = await import('../src/server-record.ts')
    const store = new ServerRecords(join(folder, 'worker/servers'))
    const record = JSON.parse(readFileSync(join(folder, 'worker/servers', name), 'utf8'))
    await store.write({ ...record, boot: 'another' })
    expect(await store.clear()).toEqual([])
    expect(alive(pids.all)).toEqual(pids.all)
    expect(records()).toEqual([])
  })
})
