import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
