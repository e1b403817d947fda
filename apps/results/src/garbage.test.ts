import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FolderStore, openFolderStore } from '@sweepboard/artifacts'
import { sha256 } from '@sweepboard/contracts'
import { Ledger } from '@sweepboard/ledger'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { GARBAGE_AGE_MS, Garbage } from './garbage.ts'

const HOUR = 3_600_000
const bytes = (text: string) => new TextEncoder().encode(text)

let folder: string
let store: FolderStore
let ledger: Ledger
let ms: number
let garbage: Garbage
let passed: string[]
let logged: Record<string, unknown>[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sb-gc-'))
  store = openFolderStore(folder)
  ledger = Ledger.open({ folder: null, holder: 'a test' })
  ms = 0
  passed = []
  logged = []
  garbage = make()
})
afterEach(() => {
  ledger.close()
  rmSync(folder, { recursive: true, force: true })
})

const make = (): Garbage =>
  new Garbage({ ledger, store, now: () => ms, point: (name) => passed.push(name), log: (entry) => logged.push({ ...entry }) })
const collect = (olderThanMs = GARBAGE_AGE_MS, isDry = false) => garbage.collect({ olderThanMs, isDry })

describe('gc', () => {
  it('deletes a file a day after it was first seen unreferenced, not before', async () => {
    const digest = await store.put(bytes('junk'))
    expect(await collect()).toEqual({ unreferenced: 1, old: 0, deleted: 0, bytes: 0, leftovers: 0, vectors: null })
    ms = GARBAGE_AGE_MS - 1
    expect(await collect()).toMatchObject({ deleted: 0 })
    ms = GARBAGE_AGE_MS
    passed.length = 0
    expect(await collect()).toMatchObject({ unreferenced: 1, old: 1, deleted: 1 })
    expect(passed).toEqual(['gc.after-mark', 'gc.before-unlink'])
    expect(store.existsSync(digest)).toBe(false)
    expect(logged).toHaveLength(1)
  })

  it('counts in a dry run what a real one would delete, and marks nothing', async () => {
    await store.put(bytes('junk'))
    expect(await collect(0, true)).toEqual({ unreferenced: 1, old: 1, deleted: 0, bytes: 4, leftovers: 0, vectors: null })
    ms = GARBAGE_AGE_MS
    expect(await collect(GARBAGE_AGE_MS, true)).toMatchObject({ old: 0 })
    expect(passed).toEqual([])
  })

  it('keeps a file that somebody names between mark and unlink', async () => {
    const digest = await store.put(bytes('a text set'))
    await collect()
    ms = GARBAGE_AGE_MS
    const before = ledger.deleteGarbage.bind(ledger)
    ledger.deleteGarbage = (digests, unlink) => {
      ledger.keep(digest)
      return before(digests, unlink)
    }
    expect(await collect()).toMatchObject({ old: 1, deleted: 0 })
    expect(store.existsSync(digest)).toBe(true)
  })

  it('removes what killed writers left behind', async () => {
    const digest = await store.put(bytes('whole'))
    const leftover = join(folder, digest.slice(0, 2), `${digest}.1.1.tmp`)
    writeFileSync(leftover, 'half')
    utimesSync(leftover, 1, 1)
    expect(await collect()).toMatchObject({ leftovers: 1, deleted: 0 })
    expect(existsSync(leftover)).toBe(false)
  })

  it('takes the age it is given, and many files in slices', async () => {
    const digests = await Promise.all(Array.from({ length: 1200 }, (_, i) => store.put(bytes(`junk ${i}`))))
    let pauses = 0
    const old = new Set(digests.slice(0, 1100))
    garbage = new Garbage({
      ledger,
      store,
      now: () => ms,
      age: (one) => (old.has(one) ? 10 : 1),
      pause: async () => void pauses++,
    })
    expect(await collect(10)).toMatchObject({ unreferenced: 1200, old: 1100, deleted: 1100 })
    expect(pauses).toBe(3 + 3)
    expect([...store.list()]).toHaveLength(100)
  })

  it('goes off once an hour by the clock it is given', async () => {
    await store.put(bytes('junk'))
    garbage.tick()
    ms = HOUR - 1
    garbage.tick()
    expect(passed).toEqual([])
    ms = HOUR
    garbage.tick()
    garbage.tick()
    await collect()
    expect(passed).toEqual(['gc.after-mark', 'gc.after-mark'])
  })

  it('says what went wrong, and tries again an hour later', async () => {
    await store.put(bytes('junk'))
    const broken = new Garbage({
      ledger,
      store: { list: () => [], remove: () => undefined, sizeSync: () => null, removeLeftovers: fail },
      now: () => ms,
      log: (entry) => logged.push({ ...entry }),
    })
    ms = HOUR
    broken.tick()
    await broken.stop()
    await expect.poll(() => logged).toMatchObject([{ level: 'error', message: 'gc failed' }])
  })
})

describe('a mark', () => {
  it('falls when the same bytes are stored or found again', async () => {
    const digest = sha256(bytes('junk'))
    await store.put(bytes('junk'))
    await collect()
    expect(ledger.unreferenced([digest])).toEqual([{ digest, since: 0 }])
    ledger.keep(digest)
    ms = GARBAGE_AGE_MS
    expect(await collect()).toMatchObject({ unreferenced: 1, old: 0 })
  })
})

function fail(): never {
  throw new Error('the disk is gone')
}
