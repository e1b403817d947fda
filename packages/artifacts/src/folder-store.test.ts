import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256 } from '@sweepboard/contracts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFolderStore } from './folder-store.ts'

const BYTES = new TextEncoder().encode('sweepboard')
const DIGEST = sha256(BYTES)
const ABSENT = sha256('absent')

describe('the store in a folder', () => {
  let folder: string
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'sb-artifacts-')), 'artifacts')
  })
  afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }))
  const fileOf = (digest: string) => join(folder, digest.slice(0, 2), digest)

  it('keeps bytes under their digest, in the layout other processes rely on', async () => {
    const store = openFolderStore(folder)
    expect(existsSync(folder)).toBe(false)
    expect(await store.has(DIGEST)).toBe(false)
    expect(await store.put(BYTES)).toBe(DIGEST)
    expect(await store.put(BYTES)).toBe(DIGEST)
    expect(await store.has(DIGEST)).toBe(true)
    expect(await store.get(DIGEST)).toEqual(BYTES)
    expect(readdirSync(join(folder, DIGEST.slice(0, 2)))).toEqual([DIGEST])
    expect([...openFolderStore(folder).list()]).toEqual([DIGEST])
  })

  it('says which artifact is absent', async () => {
    const store = openFolderStore(folder)
    await expect(store.get(ABSENT)).rejects.toMatchObject({ code: 'SB-ART-001', details: { digest: ABSENT } })
    expect(store.verifySync(ABSENT)).toBe(false)
    expect([...store.list()]).toEqual([])
    store.remove(ABSENT)
  })

  it('refuses damaged bytes, and takes the right ones again', async () => {
    const store = openFolderStore(folder)
    await store.put(BYTES)
    truncateSync(fileOf(DIGEST), 3)
    await expect(store.get(DIGEST)).rejects.toMatchObject({ code: 'SB-ART-002' })
    await store.put(BYTES)
    expect(await store.get(DIGEST)).toEqual(BYTES)
  })

  it('verify removes what is damaged, so that nobody takes it for stored', async () => {
    const store = openFolderStore(folder)
    await store.put(BYTES)
    expect(store.verifySync(DIGEST)).toBe(true)
    writeFileSync(fileOf(DIGEST), 'other bytes')
    expect(store.existsSync(DIGEST)).toBe(true)
    expect(store.verifySync(DIGEST)).toBe(false)
    expect(store.existsSync(DIGEST)).toBe(false)
  })

  it('never makes a path of what is not a digest', async () => {
    const store = openFolderStore(folder)
    writeFileSync(join(folder, '..', 'secret'), 'secret')
    for (const name of ['../secret', '/etc/passwd', '', DIGEST.toUpperCase(), `${DIGEST}/..`]) {
      await expect(store.has(name)).resolves.toBe(false)
      expect(store.existsSync(name)).toBe(false)
      expect(() => store.remove(name)).toThrow(/SB-ART-001/)
      await expect(store.get(name)).rejects.toMatchObject({ code: 'SB-ART-001' })
    }
    expect(existsSync(join(folder, '..', 'secret'))).toBe(true)
  })

  it('removes what it is told to, and old leftovers of killed writers only', async () => {
    const store = openFolderStore(folder)
    await store.put(BYTES)
    const [old, young] = [`${fileOf(DIGEST)}.1.1.tmp`, `${fileOf(DIGEST)}.1.2.tmp`]
    for (const path of [old, young]) writeFileSync(path, 'half')
    utimesSync(old, 1, 1)
    expect([...store.list()]).toEqual([DIGEST])
    expect(store.removeLeftovers(3_600_000)).toBe(1)
    expect(existsSync(young)).toBe(true)
    store.remove(DIGEST)
    expect([...store.list()]).toEqual([])
  })

  it('lets many writers put the same bytes at once', async () => {
    const store = openFolderStore(folder)
    const bytes = new Uint8Array(1 << 20).fill(7)
    const digests = await Promise.all(Array.from({ length: 16 }, () => store.put(bytes)))
    expect(new Set(digests).size).toBe(1)
    expect(readdirSync(join(folder, sha256(bytes).slice(0, 2)))).toEqual([sha256(bytes)])
  })
})
