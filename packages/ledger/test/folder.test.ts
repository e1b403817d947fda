import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Ledger } from '../src/index.ts'
import { group, load, memory, submit, task } from './fixture.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a data folder', () => {
  it('belongs to one process, which is named to the next', () => {
    const first = Ledger.open({ folder, holder: 'serve, pid 7' })
    expect(() => Ledger.open({ folder, holder: 'run, pid 8' })).toThrow(/SB-LEDGER-001.*serve, pid 7/)
    first.close()
    Ledger.open({ folder, holder: 'run, pid 8' }).close()
  })

  it('whose lock cannot be taken for another reason than a holder is not said to be in use', () => {
    writeFileSync(join(folder, 'lock.db'), 'no database, '.repeat(100))
    expect(() => Ledger.open({ folder, holder: 'a' })).toThrow(/SB-FILE-007.*lock.db.*not a database/)
    rmSync(join(folder, 'lock.db'))
    mkdirSync(join(folder, 'lock.db'))
    expect(() => Ledger.open({ folder, holder: 'a' })).toThrow(/SB-FILE-007.*lock.db/)
  })

  it('keeps its id and its sweeps', () => {
    const first = Ledger.open({ folder, holder: 'a' })
    submit(first, 's1', [group(load('m'), task('t'))])
    const { id } = first
    first.close()
    const second = Ledger.open({ folder, holder: 'b' })
    expect(second.id).toBe(id)
    expect(second.sweeps().map((sweep) => sweep.id)).toEqual(['s1'])
    second.close()
  })

  it('written by a newer version is refused, and left free', () => {
    const migrations = join(folder, 'newer')
    cpSync(new URL('../../../migrations', import.meta.url), migrations, { recursive: true })
    const journalFile = join(migrations, 'meta', '_journal.json')
    const journal = JSON.parse(readFileSync(journalFile, 'utf8'))
    journal.entries.push({ ...journal.entries[0], idx: 99, when: Date.parse('2999-01-01'), tag: '9999_future' })
    writeFileSync(journalFile, JSON.stringify(journal))
    writeFileSync(join(migrations, '9999_future.sql'), 'create table future (id integer)')
    Ledger.open({ folder, holder: 'newer', migrationsFolder: migrations }).close()
    expect(() => Ledger.open({ folder, holder: 'older' })).toThrow(/SB-LEDGER-004/)
    Ledger.open({ folder, holder: 'newer', migrationsFolder: migrations }).close()
  })
})

describe('published rows', () => {
  const row = {
    model: 'm',
    revision: 'r',
    task: 't',
    subset: 'default',
    split: 'test',
    mainScore: 0.5,
    metrics: { ndcg_at_10: 0.5, nauc: null },
    languages: ['eng-Latn'],
    mtebVersion: '2',
    datasetRevision: 'd',
    evaluationTime: 1,
    origin: 'a.json',
  }

  it('are kept once each, the later import wins, and can be filtered', () => {
    const ledger = memory()
    expect(ledger.importPublished([row, { ...row, model: 'n' }, { ...row, task: 'u', split: 'dev' }])).toEqual({ count: 3 })
    ledger.importPublished([{ ...row, mainScore: 0.75 }])
    expect(ledger.publishedRows()).toHaveLength(3)
    expect(ledger.publishedRows({ model: 'm', tasks: ['t'] })).toEqual([{ ...row, mainScore: 0.75 }])
    expect(ledger.publishedRows({ split: 'dev' }).map((one) => one.task)).toEqual(['u'])
    expect(ledger.publishedRows({ tasks: [] })).toEqual([])
  })
})
