import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '@sweepboard/contracts'
import { isAlive, liveDescendants, waitUntil } from '@sweepboard/test-kit'
import { describe, expect, it } from 'vitest'
import { hubRef, startHub } from '../test/hub.ts'
import { jsonLines, memoryStore, refOf, taskFolder, tempFolder } from '../test/task-folder.ts'
import { findTask } from './catalog.ts'
import { CachedRepo } from './hub-cache.ts'
import { prepareTask } from './prepare.ts'
import { prepareInChild, TaskPreparer } from './prepare-in-child.ts'

/** A task whose corpus is a pipe nobody writes to: its preparation never ends by itself. */
function endlessTask(): string {
  const folder = taskFolder()
  execFileSync('rm', [join(folder, 'corpus.jsonl')])
  execFileSync('mkfifo', [join(folder, 'corpus.jsonl')])
  return folder
}

const childOf = (pid: number) => liveDescendants(pid).find((row) => row.command.includes('prepare-child'))

describe('prepareInChild', () => {
  it('answers what prepareTask answers, and stores the artifacts by digest', async () => {
    const ref = refOf(taskFolder())
    const store = join(tempFolder(), 'artifacts')
    const prepared = await prepareInChild(ref, store)
    const { stored, put } = memoryStore()
    expect(prepared).toEqual(await prepareTask(ref, put))
    const files = readdirSync(store, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    expect(files.map(({ name }) => name).sort()).toEqual([...stored.keys()].sort())
    for (const { name } of files) expect(sha256(readFileSync(join(store, name.slice(0, 2), name)))).toBe(name)
  })

  it('keeps an artifact that is already there', async () => {
    const ref = refOf(taskFolder())
    const store = tempFolder()
    const { judgments } = await prepareInChild(ref, store)
    const path = join(store, judgments.slice(0, 2), judgments)
    const before = statSync(path).ino
    await prepareInChild(ref, store)
    expect(statSync(path).ino).toBe(before)
  })

  it('throws the child’s refusal with its mistakes, and leaves no file', async () => {
    const store = tempFolder()
    const folder = taskFolder({ 'corpus.jsonl': 'x\n{"_id":"d1","text":"\\ud800"}\n' })
    await expect(prepareInChild(refOf(folder), store)).rejects.toMatchObject({
      name: 'SweepError',
      code: 'SB-TASK-001',
      message: 'SB-TASK-001: 2 mistakes in the data of mine',
      mistakes: [
        { code: 'SB-TASK-002', line: 1, file: join(folder, 'corpus.jsonl') },
        { code: 'SB-TASK-006', line: 2 },
      ],
    })
    expect(readdirSync(store)).toEqual([])
  })

  it('fetches from the hub in the child, with the token, and hands over its notes', async () => {
    const token = 'hf_verysecret'
    const { path, revision } = findTask('STS12')?.dataset ?? {}
    const files = { 'test.jsonl': jsonLines([{ sentence1: 'a', sentence2: 'b', score: 1 }]) }
    const { hub, settings } = await startHub({ [path as string]: { commit: revision as string, files, token } }, { token })
    const store = tempFolder()
    const prepared = await prepareInChild(hubRef('STS12'), store, undefined, { hub: settings })
    expect(prepared).toMatchObject({ type: 'STS', datasetRevision: revision, counts: { queryCount: 1 } })
    expect(new Set(hub.requests.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${token}`]))
    await hub.close()
    rmSync(new CachedRepo(settings.cacheDir, path as string).treePath(revision as string))
    const notes: string[] = []
    const again = prepareInChild(hubRef('STS12'), store, undefined, { hub: settings, onNote: (note) => notes.push(note) })
    expect(await again).toEqual(prepared)
    expect(notes).toEqual([expect.stringContaining(`read from the cache, revision ${revision}`)])
  })

  it('throws the hub’s refusal of the child, without the token', async () => {
    const { path, revision } = findTask('STS12')?.dataset ?? {}
    const { settings } = await startHub({ [path as string]: { commit: revision as string, files: {}, token: 'hf_verysecret' } })
    const store = tempFolder()
    const wrong = { ...settings, token: 'hf_wrongsecret', cacheDir: tempFolder() }
    const error = await prepareInChild(hubRef('STS12'), store, undefined, { hub: wrong }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'SB-TASK-014', details: { repo: path, status: 401 } })
    expect(JSON.stringify(error)).not.toContain('secret')
  })

  it('goes on with a download in which the child before was killed', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => ({ sentence1: `a${i}`, sentence2: 'b', score: i % 5 }))
    const { path, revision } = findTask('STS12')?.dataset ?? {}
    const { hub, settings } = await startHub({
      [path as string]: { commit: revision as string, files: { 'test.jsonl': jsonLines(rows) } },
    })
    hub.faults.push({ path: /cas/, fault: { kind: 'stall', afterBytes: 100_000 } })
    const control = new AbortController()
    const store = tempFolder()
    const ended = prepareInChild(hubRef('STS12'), store, control.signal, { hub: settings }).catch((thrown: unknown) => thrown)
    const partial = () =>
      readdirSync(settings.cacheDir, { recursive: true })
        .map(String)
        .find((name) => name.endsWith('.incomplete'))
    await waitUntil(() => {
      const found = partial()
      return found !== undefined && statSync(join(settings.cacheDir, found)).size === 100_000
    })
    control.abort()
    expect(await ended).toMatchObject({ code: 'SB-CORE-004' })
    const prepared = await prepareInChild(hubRef('STS12'), store, undefined, { hub: settings })
    expect(prepared.counts.queryCount).toBe(5000)
    expect(hub.requests.filter(({ host }) => host === 'cdn').map(({ range }) => range)).toEqual([undefined, 'bytes=100000-'])
  })

  it.skipIf(!existsSync('/proc/self/status'))('kills the child when aborted', async () => {
    const control = new AbortController()
    const ended = prepareInChild(refOf(endlessTask()), tempFolder(), control.signal).catch((thrown: unknown) => thrown)
    const child = await waitUntil(() => childOf(process.pid))
    control.abort()
    expect(await ended).toMatchObject({ code: 'SB-CORE-004' })
    await waitUntil(() => child && !isAlive(child.pid))
    await expect(prepareInChild(refOf(taskFolder()), tempFolder(), AbortSignal.abort())).rejects.toMatchObject({
      code: 'SB-CORE-004',
    })
  })

  it.skipIf(!existsSync('/proc/self/status'))('reports a child that was killed', async () => {
    const ended = prepareInChild(refOf(endlessTask()), tempFolder()).catch((thrown: unknown) => thrown)
    const child = await waitUntil(() => childOf(process.pid))
    process.kill(child?.pid as number, 'SIGKILL')
    expect(await ended).toMatchObject({ code: 'SB-TASK-011', message: expect.stringContaining('SIGKILL') })
  })

  it.skipIf(!existsSync('/proc/self/status'))('dies with its parent', async () => {
    const door = new URL('./index.ts', import.meta.url).href
    const script = `const { prepareInChild } = await import(${JSON.stringify(door)}); await prepareInChild(${JSON.stringify(refOf(endlessTask()))}, ${JSON.stringify(tempFolder())})`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' })
    const child = await waitUntil(() => childOf(parent.pid as number))
    parent.kill('SIGKILL')
    await waitUntil(() => child && !isAlive(child.pid))
  })
})

describe('TaskPreparer', () => {
  it.skipIf(!existsSync('/proc/self/status'))(
    'reads task after task in one child, after a refusal, too; a dead one is replaced',
    async () => {
      const preparer = new TaskPreparer(tempFolder())
      const good = refOf(taskFolder())
      const wanted = await preparer.prepare(good)
      const child = childOf(process.pid)
      const bad = refOf(taskFolder({ 'corpus.jsonl': 'x\n' }))
      await expect(preparer.prepare(bad)).rejects.toMatchObject({ code: 'SB-TASK-001' })
      expect(await preparer.prepare(good)).toEqual(wanted)
      expect(childOf(process.pid)?.pid).toBe(child?.pid)
      process.kill(child?.pid as number, 'SIGKILL')
      await waitUntil(() => !childOf(process.pid))
      expect(await preparer.prepare(good)).toEqual(wanted)
      preparer.close()
      await waitUntil(() => !childOf(process.pid))
    },
  )
})
