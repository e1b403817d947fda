import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { findOnPath, isAlive, liveDescendants, waitUntil } from '@sweepboard/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlace, type Place, REPOSITORY } from './command.ts'

let place: Place
beforeAll(() => {
  place = openPlace()
})
afterAll(() => place.remove())

/** A Node of this machine that is not the pinned one: the bin hands over to that. */
function otherNode(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const found = folders.flatMap((folder) => findOnPath(['node'], folder) ?? [])
  return found.find((node) => !execFileSync(node, ['--version'], { encoding: 'utf8' }).startsWith('v24.')) ?? null
}

const other = otherNode()
const bin = join(REPOSITORY, 'apps/cli/bin/sweepboard.mjs')
const ways = [
  { way: 'start.mjs', node: process.execPath, args: [join(REPOSITORY, 'start.mjs'), join(REPOSITORY, 'apps/cli/src/main.ts')] },
  ...(other === null ? [] : [{ way: `the bin under ${other}`, node: other, args: [bin] }]),
]

describe.each(ways)('a command that $way hands over to the pinned Node', ({ node, args: first }) => {
  const launch = (...args: string[]) => {
    const child = spawn(node, [...first, ...args], { cwd: place.folder, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    const ended = new Promise<number | string | null>((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)))
    return { child, ended, said: () => said }
  }
  const serving = async () => {
    const launched = launch('serve', '--port', '0', '--data', join(place.folder, 'served'))
    await waitUntil(() => launched.said().includes('http://127.0.0.1'), {
      deadlineMs: 30_000,
      what: `it serves: ${launched.said()}`,
    })
    const below = liveDescendants(launched.child.pid as number).map(({ pid }) => pid)
    expect(below.length).toBeGreaterThan(0)
    return { ...launched, below }
  }

  it('ends at once when its launcher is killed, and lets go of its port', async () => {
    const { child, said, below } = await serving()
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(said()) ?? []
    child.kill('SIGKILL')
    await waitUntil(() => !below.some(isAlive), { deadlineMs: 5000, what: 'no process left' })
    await expect(fetch(url)).rejects.toThrow()
  })

  it('takes the children of its own with it, who know nothing of the launcher', async () => {
    const spec = place.write('held.yaml', 'sweep: held\ntasks: [SemanticTrapsEn]\nmodels: [local/pocket-static-en]\n')
    const { child } = launch('run', spec, '--no-serve', '--data', join(place.folder, `run-${first.length}`))
    const below = () => liveDescendants(child.pid as number)
    const ofCommand = () => below().filter(({ ppid }) => ppid !== child.pid)
    await waitUntil(() => ofCommand().some(({ command }) => command.includes('child.ts')), {
      deadlineMs: 30_000,
      what: 'a child',
    })
    const [all, environments] = [below(), ofCommand().map(({ pid }) => readFileSync(`/proc/${pid}/environ`, 'utf8'))]
    child.kill('SIGKILL')
    await waitUntil(() => !all.some(({ pid }) => isAlive(pid)), { deadlineMs: 5000, what: 'no process left' })
    expect(environments.filter((text) => text.includes('SWEEPBOARD_LAUNCHER'))).toEqual([])
  })

  it('hears the signals of its launcher, whose exit code is its own', async () => {
    const { child, ended } = await serving()
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(await launch('explain', 'SB-NO-000').ended).toBe(3)
    expect(await launch('--version').ended).toBe(0)
  })
})
