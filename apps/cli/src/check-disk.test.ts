import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkDisk, type DiskFacts, readDisk } from './check-disk.ts'
import { checkOpenFiles } from './check-machine.ts'

const GOOD: DiskFacts = { folder: '/d', type: 0xef53, freeBytes: 50e9, freeInodes: 1e6, inodes: 2e6, bytesPerSecond: 400e6 }

describe('checkDisk', () => {
  it.each<[string, Partial<DiskFacts>, RegExp]>([
    ['little room', { freeBytes: 5e8 }, /0\.47 GiB free/],
    ['few inodes', { freeInodes: 100 }, /100 inodes/],
    ['tmpfs', { type: 0x01021994 }, /in memory/],
    ['NFS', { type: 0x6969 }, /NFS/],
    ['a slow disk', { bytesPerSecond: 3e6 }, /3\.0 MB\/s/],
  ])('%s is a warning with a fix', (_, over, words) => {
    const [found, ...others] = checkDisk({ ...GOOD, ...over })
    expect(others).toEqual([])
    expect(found).toMatchObject({
      check: 'disk',
      state: 'warning',
      message: expect.stringMatching(words),
      fix: expect.any(String),
    })
  })

  it('a good one, and one that makes inodes as it needs them', () => {
    expect(checkDisk(GOOD)).toEqual([{ check: 'disk', state: 'ok', message: '/d: 47 GiB free, 400 MB/s', fix: null }])
    expect(checkDisk({ ...GOOD, inodes: 0, freeInodes: 0 })[0]?.state).toBe('ok')
  })

  it('reads a real disk, and leaves nothing on it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sb-disk-'))
    const facts = readDisk(folder)
    expect(facts.freeBytes).toBeGreaterThan(0)
    expect(facts.bytesPerSecond).toBeGreaterThan(0)
    expect(readdirSync(folder)).toEqual([])
    rmSync(folder, { recursive: true })
  })
})

describe('checkOpenFiles', () => {
  it.each([
    ['Max open files            1024                 524288               files', 'warning'],
    ['Max open files            65536                524288               files', 'ok'],
    ['Max open files            unlimited            unlimited            files', 'ok'],
    ['', 'ok'],
  ])('%j', (limits, state) => {
    expect(checkOpenFiles(limits).state).toBe(state)
  })
})
