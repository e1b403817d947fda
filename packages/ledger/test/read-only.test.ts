import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { folderHolder, Ledger, openReadOnly } from '../src/index.ts'
import { group, load, submit, task } from './fixture.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('openReadOnly', () => {
  it('reads what the holder of the folder writes, as it writes it', () => {
    const holder = Ledger.open({ folder, holder: 'serve, pid 7' })
    const reader = openReadOnly(folder, 'status')
    expect(reader.sweeps()).toEqual([])
    submit(holder, 's1', [group(load('m'), task('t'))])
    expect(reader.sweeps().map((sweep) => sweep.id)).toEqual(['s1'])
    expect(reader.tasksOfSweep('s1')).toEqual(['t'])
    expect(reader.cells('s1').map((cell) => cell.state)).toEqual(['waiting'])
    expect(reader.boardCells(null)).toEqual([])
    expect(() => reader.tasksOfSweep('none')).toThrow('SB-LEDGER-002')
    reader.close()
    holder.close()
  })

  it('reads a folder nobody holds, and leaves it free', () => {
    Ledger.open({ folder, holder: 'a' }).close()
    const reader = openReadOnly(folder, 'status')
    Ledger.open({ folder, holder: 'b' }).close()
    reader.close()
  })

  it('refuses a folder without a ledger', () => {
    expect(() => openReadOnly(folder, 'status')).toThrow('SB-LEDGER-009')
  })

  it('migrates an older database where the folder is free, and names the holder where it is not', () => {
    const migrationsFolder = join(folder, 'older')
    cpSync(new URL('../../../migrations', import.meta.url), migrationsFolder, { recursive: true })
    const journalFile = join(migrationsFolder, 'meta', '_journal.json')
    const journal = JSON.parse(readFileSync(journalFile, 'utf8'))
    writeFileSync(journalFile, JSON.stringify({ ...journal, entries: journal.entries.slice(0, 1) }))
    const older = Ledger.open({ folder, holder: 'serve, pid 7', migrationsFolder })
    expect(() => openReadOnly(folder, 'status')).toThrow(/SB-LEDGER-001.*serve, pid 7/)
    older.close()
    const reader = openReadOnly(folder, 'status')
    expect(reader.sweeps()).toEqual([])
    reader.close()
  })
})

describe('folderHolder', () => {
  it('names who holds a folder, only while it is held', () => {
    expect(folderHolder(folder)).toBeNull()
    const holder = Ledger.open({ folder, holder: 'serve, pid 7' })
    expect(folderHolder(folder)).toBe('serve, pid 7')
    holder.close()
    expect(folderHolder(folder)).toBeNull()
  })
})
