import { describe, expect, it } from 'vitest'
import { Ledger, openDatabase } from '../src/index.ts'
import { group, load, submit, task } from './fixture.ts'

describe('the counts of a big sweep', () => {
  it('are kept for a while, and added up anew when the sweep changes its state', () => {
    const db = openDatabase(':memory:')
    let asked = 0
    const prepare = db.prepare.bind(db)
    db.prepare = ((sql: string) => {
      if (!sql.includes("sum(c.state = 'scored')")) return prepare(sql)
      const statement = prepare(sql)
      return {
        get: (...values: unknown[]) => {
          asked += 1
          const until = performance.now() + 25
          while (performance.now() < until);
          return statement.get(...values)
        },
      }
    }) as typeof db.prepare
    const ledger = Ledger.over(db)
    submit(ledger, 's1', [group(load('a'), task('t1'))])
    const first = ledger.sweepStatus('s1')
    expect(ledger.sweepStatus('s1').cells).toEqual(first.cells)
    expect(ledger.sweeps()[0]?.cells).toEqual(first.cells)
    expect(asked).toBe(1)
    ledger.control('s1', 'cancel')
    expect(ledger.sweepStatus('s1').state).toBe('cancelled')
    expect(asked).toBe(2)
  })
})
