import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { emptyTempFolder, processesMarked } from './leaks.ts'
import { isAlive, liveDescendants, processRow, waitUntil } from './processes.ts'

const end = (pid: number | undefined) => pid !== undefined && process.kill(pid, 'SIGKILL')

describe('processes', () => {
  it('does not take a zombie for alive', async () => {
    // The shell becomes `sleep`, which never reaps the child that it inherited; the child waits for that, or the shell would reap it.
    const child = 'while [ "$(cat /proc/$PPID/comm)" != sleep ]; do :; done'
    const parent = spawn('sh', ['-c', `sh -c '${child}' & echo $!; exec sleep 60`], { stdio: ['ignore', 'pipe', 'ignore'] })
    const said = await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve))
    const zombie = Number(String(said))
    await waitUntil(() => processRow(zombie)?.state === 'Z')
    expect(processRow(zombie)?.command).toBe('[sh]')
    expect(isAlive(zombie)).toBe(false)
    expect(isAlive(parent.pid ?? 0)).toBe(true)
    expect(liveDescendants(process.pid).map(({ pid }) => pid)).toContain(parent.pid)
    expect(liveDescendants(process.pid).map(({ pid }) => pid)).not.toContain(zombie)
    end(parent.pid)
    await waitUntil(() => !isAlive(parent.pid ?? 0))
  })

  it('takes a stopped process for alive', async () => {
    const child = spawn('sleep', ['60'])
    process.kill(child.pid ?? 0, 'SIGSTOP')
    await waitUntil(() => processRow(child.pid ?? 0)?.state === 'T')
    expect(isAlive(child.pid ?? 0)).toBe(true)
    end(child.pid)
    await waitUntil(() => !isAlive(child.pid ?? 0))
  })

  it('finds an orphan by the mark in its environment', async () => {
    const value = `orphan-${process.pid}`
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!'], {
      env: { ...process.env, SB_MARK: value },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const said = await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve))
    const orphan = Number(String(said))
    await waitUntil(() => !isAlive(parent.pid ?? 0))
    expect(processesMarked('SB_MARK', value).map(({ pid }) => pid)).toEqual([orphan])
    end(orphan)
    await waitUntil(() => processesMarked('SB_MARK', value).length === 0)
  })

  it('says what did not come true, with the last error', async () => {
    const waiting = waitUntil(() => Promise.reject(new Error('not yet')), { deadlineMs: 30, what: 'the sun' })
    await expect(waiting).rejects.toThrow('the sun did not hold within 30 ms')
    await expect(waiting).rejects.toMatchObject({ cause: { message: 'not yet' } })
    expect(await waitUntil(() => 'value')).toBe('value')
  })

  it('names what is left in a temp folder and removes it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sb-left-'))
    mkdirSync(join(folder, 'left'))
    expect(emptyTempFolder(folder)).toEqual([join(folder, 'left')])
  })
})
