import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostOf } from '@sweepboard/contracts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openHostFolder } from './host-folder.ts'

describe('openHostFolder', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sb-host-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('keeps the id, counts the starts, and lets in one at a time', async () => {
    const first = await openHostFolder(folder)
    await expect(openHostFolder(folder)).rejects.toMatchObject({
      code: 'SB-WORK-001',
      details: { holder: `process ${process.pid}` },
    })
    await first.release()
    const second = await openHostFolder(folder)
    expect(second.host).toBe(first.host)
    expect([first.boot, second.boot]).toEqual([1, 2])
    await second.release()
  })

  it('is made of a secret that only its owner may read; an id without its secret is given up, one of before is kept', async () => {
    const first = await openHostFolder(folder)
    expect(first.host).toBe(hostOf(first.secret as string))
    expect((await stat(join(folder, 'host.json'))).mode & 0o077).toBe(0)
    await first.release()
    const again = await openHostFolder(folder)
    expect([again.host, again.secret]).toEqual([first.host, first.secret])
    await again.release()
    await writeFile(join(folder, 'host.json'), JSON.stringify({ host: first.host, boot: 3 }))
    const other = await openHostFolder(folder)
    expect(other.host).not.toBe(first.host)
    expect(other.boot).toBe(1)
    await other.release()
    await writeFile(join(folder, 'host.json'), JSON.stringify({ host: 'h0123456789abcdef', boot: 3 }))
    const old = await openHostFolder(folder)
    expect([old.host, old.boot, old.secret]).toEqual(['h0123456789abcdef', 4, null])
    await old.release()
  })

  it('removes what a killed start left half written, and nothing else', async () => {
    const first = await openHostFolder(folder)
    for (const path of ['slots.json.1.1.tmp', 'marks/j1-2-3.json.1.2.tmp', 'marks/j1-2-3.json'])
      await writeFile(join(folder, path), '{"cut')
    await first.release()
    const second = await openHostFolder(folder)
    expect(await readdir(folder)).not.toContain('slots.json.1.1.tmp')
    expect(await readdir(second.marks)).toEqual(['j1-2-3.json'])
    await second.release()
  })
})
