import Database from 'better-sqlite3'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { commitAll, group, leaseAll, load, memory, prepared, scoreNext, submit, task } from '../test/fixture.ts'
import { compiledOnce } from './handle.ts'
import { openDatabase } from './open.ts'

/** Everything that a sweep's way asks of the database, as SQLite gets it. */
function statementsOfSweep(): string[] {
  const prepare = vi.spyOn(Database.prototype, 'prepare')
  const ledger = memory()
  submit(ledger, 's1', [group(load('a'), task('t1'))])
  submit(ledger, 's2', [group(load('a'), task('t1')), group(load('b'), task('t1'))])
  ledger.prepared(prepared(task('t1'), ['q', 1], ['d', 2]))
  ledger.laneBacklogs()
  commitAll(ledger, leaseAll(ledger, 's1', load('a')))
  expect(ledger.unpairedGroups('s1', 1)).toEqual([])
  scoreNext(ledger, 's1', 0.5)
  ledger.sweepStatus('s1')
  ledger.control('s2', 'cancel')
  ledger.cells('s2')
  return [...new Set(prepare.mock.calls.map(([sql]) => sql))]
}

describe('a statement that SQLite compiles only once', () => {
  afterEach(() => vi.restoreAllMocks())

  it('has the plan of the statement as it was written, as all of a sweep have', () => {
    const signed = statementsOfSweep().filter((sql) => sql.includes('+?'))
    expect(signed.length).toBeGreaterThan(40)
    const db = openDatabase(':memory:')
    const planOf = (sql: string) => {
      const rows = db.prepare<unknown[], { detail: string }>(`explain query plan ${sql}`)
      return rows.all(...Array.from(sql.matchAll(/\?/g), () => 1)).map(({ detail }) => detail)
    }
    expect(signed.map(planOf)).toEqual(signed.map((sql) => planOf(sql.replaceAll('+?', '?'))))
  })

  it('compares and keeps values of every type as they are', () => {
    const db = new Database(':memory:')
    db.exec('create table one (t text, i integer, r real, b blob)')
    const values = ['007', 7, 0.1, Uint8Array.of(0, 255)]
    db.prepare('insert into one values (null, null, null, null)').run()
    db.prepare(compiledOnce('update one set t = ?, i = ?, r = ?, b = ?')).run(...values)
    const found = db.prepare(compiledOnce('select * from one where t = ? and i >= ? and r <= ? and b = ? limit ?')).raw()
    expect(found.all(...values, 1)).toEqual([['007', 7, 0.1, Buffer.of(0, 255)]])
    expect(db.prepare(compiledOnce('select t from one where t = ?')).all(7)).toEqual([])
    expect(db.prepare(compiledOnce('select t from one where i = ? or t is ?')).all('7', null)).toEqual([{ t: '007' }])
  })
})
