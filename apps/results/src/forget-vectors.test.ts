import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FolderStore, openFolderStore } from '@sweepboard/artifacts'
import { sha256 } from '@sweepboard/contracts'
import type { Ledger } from '@sweepboard/ledger'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  claimOf,
  EVIDENCE,
  group,
  leaseAll,
  load,
  memory,
  plan,
  prepared,
  SHORT,
  scoreNext,
  task,
} from '../../../packages/ledger/test/fixture.ts'
import { Garbage } from './garbage.ts'

const MODEL = load('model')
const DAY = 86_400_000
let folder: string
let store: FolderStore
let ledger: Ledger
let garbage: Garbage
let day = 0
let pause: () => Promise<void> = async () => undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sb-forget-'))
  store = openFolderStore(folder)
  day = 0
  pause = async () => undefined
  ledger = memory({ wallClock: () => new Date(day * DAY).toISOString() })
  garbage = new Garbage({ ledger, store, now: () => 0, wallNow: () => day * DAY, pause: () => pause() })
})
afterEach(() => {
  ledger.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A sweep over one task, encoded and scored: a query chunk and two document chunks of 100 bytes each. */
async function run(name: string, keep: 'all' | 'queries' | 'none' = 'all'): Promise<void> {
  const ref = task(name)
  ledger.submit({ sweep: name, name, spec: '', plan: plan(name, [group(MODEL, ref)]), createdAt: '', keep })
  ledger.prepared(prepared(ref, [`queries of ${name}`, 1], [`documents of ${name}`, 2]))
  await encode(name)
  scoreNext(ledger, name, 0.5)
}

async function encode(name: string): Promise<void> {
  const lease = leaseAll(ledger, name, MODEL)
  const answer = ledger.claim(claimOf(lease))
  if (answer.state !== 'granted' || answer.work.kind !== 'encode') throw new Error('no encode lease')
  for (const { encoding, chunks } of answer.work.parts) {
    for (const { n } of chunks) {
      const digest = await store.put(Buffer.alloc(100, `${encoding}/${n} `))
      ledger.commit([{ lease, encoding, n, digest, evidence: EVIDENCE }], () => true)
    }
  }
}

const files = () => [...store.list()].length
const collect = (vectors: object, isDry = false) => garbage.collect({ olderThanMs: DAY, isDry, vectors })

describe('forgetting vectors', () => {
  it('by age: what was not used for so long, named by model and task, first without doing it', async () => {
    await run('old')
    day = 20
    await run('young')
    day = 35
    const dry = await collect({ unusedForMs: 30 * DAY }, true)
    expect(dry.vectors).toMatchObject({ encodings: 2, files: 3, bytes: 300, storedBytes: 600, used: 0, kept: 0 })
    expect(dry.vectors?.rows).toEqual([
      {
        model: 'model',
        tasks: ['old'],
        side: 'document',
        encodings: 1,
        files: 2,
        bytes: 200,
        usedAt: '1970-01-01T00:00:00.000Z',
      },
      { model: 'model', tasks: ['old'], side: 'query', encodings: 1, files: 1, bytes: 100, usedAt: '1970-01-01T00:00:00.000Z' },
    ])
    expect(files()).toBe(6)
    expect((await collect({ unusedForMs: 30 * DAY })).vectors).toEqual(dry.vectors)
    expect(files()).toBe(3)
    expect((await collect({ unusedForMs: 30 * DAY })).vectors).toMatchObject({ encodings: 0, files: 0 })
    expect(ledger.cells('old')).toMatchObject([{ state: 'scored', run: sha256('run') }])
  })

  it('by size: the least recently used first, and no more than it takes', async () => {
    await run('first')
    day = 1
    await run('second')
    const run1 = await collect({ untilUnderBytes: 450 })
    expect(run1.vectors).toMatchObject({ files: 3, bytes: 300, storedBytes: 600 })
    expect(run1.vectors?.rows.map(({ tasks }) => tasks[0])).toEqual(['first', 'first'])
    expect((await collect({ untilUnderBytes: 450 })).vectors).toMatchObject({ files: 0 })
  })

  it('by sweep, and says what other sweeps and running work keep', async () => {
    await run('mine')
    await run('other')
    ledger.submit({ sweep: 'too', name: 'too', spec: '', plan: plan('too', [group(MODEL, task('mine'))]), createdAt: '' })
    expect((await collect({ sweeps: ['mine'] })).vectors).toMatchObject({ files: 0, kept: 2 })
    expect((await collect({ sweeps: ['mine', 'too'] })).vectors).toMatchObject({ files: 3, kept: 0 })
    const again = plan('new', [group(MODEL, task('other'), { configs: [SHORT] })])
    ledger.submit({ sweep: 'new', name: 'new', spec: '', plan: again, createdAt: '' })
    expect((await collect({ unusedForMs: 0 })).vectors).toMatchObject({ files: 0, used: 2 })
  })

  it('spares what comes into use meanwhile', async () => {
    await run('mine')
    let pauses = 0
    pause = async () => {
      pauses += 1
      if (pauses > 1) return
      const again = plan('new', [group(MODEL, task('mine'), { configs: [SHORT] })])
      ledger.submit({ sweep: 'new', name: 'new', spec: '', plan: again, createdAt: '' })
    }
    expect((await collect({ unusedForMs: 0 })).vectors).toMatchObject({ files: 0 })
    expect(files()).toBe(3)
  })

  it('lets a forgotten vector be encoded and forgotten again', async () => {
    await run('mine')
    await collect({ unusedForMs: 0 })
    const again = plan('new', [group(MODEL, task('mine'), { configs: [SHORT] })])
    ledger.submit({ sweep: 'new', name: 'new', spec: '', plan: again, createdAt: '' })
    await encode('new')
    scoreNext(ledger, 'new', 0.4)
    expect(files()).toBe(3)
    expect((await collect({ unusedForMs: 0 })).vectors).toMatchObject({ files: 3 })
  })
})

describe('retention', () => {
  it('goes by what sweeps keep, once they are through with it, and unlinks at once', async () => {
    await run('a', 'none')
    await run('b', 'queries')
    await run('c', 'all')
    await garbage.retire()
    expect(files()).toBe(4)
    await garbage.retire()
    expect(files()).toBe(4)
  })

  it('is looked at after a change, and not more often than every ten seconds', async () => {
    let ms = 0
    const ticking = new Garbage({ ledger, store, now: () => ms, pause: async () => undefined })
    ticking.tick()
    await run('a', 'none')
    ticking.changed()
    ms = 9999
    ticking.tick()
    expect(files()).toBe(3)
    ms = 10_000
    ticking.tick()
    await expect.poll(files).toBe(0)
    await ticking.stop()
  })
})
