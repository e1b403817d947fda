import { type ChildProcess, spawn } from 'node:child_process'
import { isAlive, liveProcesses, waitUntil } from '@sweepboard/test-kit'
import { afterEach, describe, expect, it } from 'vitest'
import { isRunning, ProcessFamily, readStat, SERVER_MARK } from './process-family.ts'

/** `sleep` for a time that no other test sleeps, so that it can be found. */
const SLEEP = '54321.25'
const sleepers = () => liveProcesses().filter(({ command }) => command === `sleep ${SLEEP}`)

describe('ProcessFamily', () => {
  const started: ChildProcess[] = []
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL')
    for (const { pid } of sleepers()) process.kill(pid, 'SIGKILL')
  })
  const start = (script: string, env: Record<string, string>) => {
    const child = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore', env: { PATH: process.env.PATH ?? '', ...env } })
    started.push(child)
    return { pid: child.pid ?? 0, startTime: readStat(child.pid ?? 0)?.startTime ?? '' }
  }

  it('finds a daemon that left group, session and parent, by the mark it carries', async () => {
    const leader = start(`setsid sh -c 'sleep ${SLEEP} & exit' ; sleep ${SLEEP}`, { [SERVER_MARK]: 'abc' })
    await waitUntil(() => sleepers().length === 2, { what: 'two sleepers' })
    const family = new ProcessFamily('abc', leader)
    expect(family.members()).toHaveLength(3)
    expect(new ProcessFamily('ab', null).members()).toEqual([])
    expect(family.residentBytes()).toBeGreaterThan(100_000)
    expect(await family.kill()).toBe(true)
    expect(sleepers()).toEqual([])
    expect(isAlive(leader.pid)).toBe(false)
    expect(isRunning(leader)).toBe(false)
  })

  it('finds its session without a mark, also when the leader is gone', async () => {
    const leader = start(`sleep ${SLEEP} & sleep ${SLEEP} & wait`, {})
    await waitUntil(() => sleepers().length === 2, { what: 'two sleepers' })
    process.kill(leader.pid, 'SIGKILL')
    await waitUntil(() => !isAlive(leader.pid), { what: 'the end of the leader' })
    const family = new ProcessFamily('nobody has it', leader)
    expect(family.members()).toHaveLength(2)
    await family.kill()
    expect(sleepers()).toEqual([])
  })

  it('remembers a process that left the session after it was seen, and lost its parent', async () => {
    const leader = start(`sh -c 'setsid sleep ${SLEEP}' & sleep ${SLEEP}`, {})
    await waitUntil(() => sleepers().length === 2, { what: 'two sleepers' })
    const family = new ProcessFamily('nobody has it', leader)
    const seen = family.members().length
    process.kill(leader.pid, 'SIGKILL')
    await waitUntil(() => !isAlive(leader.pid), { what: 'the end of the leader' })
    expect(family.members()).toHaveLength(seen - 1)
    await family.kill()
    expect(sleepers()).toEqual([])
  })

  it('leaves a stranger alone who has the number of a leader that is gone', async () => {
    const stranger = start(`sleep ${SLEEP}`, {})
    await waitUntil(() => sleepers().length === 1, { what: 'a sleeper' })
    const family = new ProcessFamily('nobody has it', { pid: stranger.pid, startTime: '1' })
    expect(family.members()).toEqual([])
    expect(await family.kill()).toBe(true)
    expect(sleepers()).toHaveLength(1)
  })
})
