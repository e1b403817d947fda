import type { Ledger, SqliteDatabase } from '@sweepboard/ledger'
import type { Breakage } from './breakage.ts'
import { instead, run } from './breakages.ts'

type Rows = Record<string, string | number | null>[]

/** While vectors are chosen and forgotten, the rows of a table are other than they are; afterwards those left are put back. */
function pretending(change: string, undo: { read: string; write: string }): NonNullable<Breakage['ledger']> {
  return (ledger, db) => {
    const pretend = <A extends unknown[], R>(original: (...args: A) => R) => {
      return (...args: A): R => {
        const rows = db.prepare(undo.read).all() as Rows
        run(db, change)
        try {
          return original(...args)
        } finally {
          for (const row of rows) run(db, undo.write, ...Object.values(row))
        }
      }
    }
    instead(ledger, 'retiredEncodings', pretend)
    instead(ledger, 'forget', pretend)
  }
}

/** Does something to the database after each forgetting, with the encodings that went. */
function afterwards(spoil: (db: SqliteDatabase, forgotten: readonly number[]) => void): NonNullable<Breakage['ledger']> {
  return (ledger: Ledger, db) =>
    instead(ledger, 'forget', (original) => (encodings, rule) => {
      const answer = original(encodings, rule)
      spoil(db, answer.forgotten)
      return answer
    })
}

/** Ways to build forgetting wrong, each as small as possible; every one must be found. */
const PLANTED: Readonly<Record<string, Breakage>> = {
  'forgets what an open want needs': {
    ledger: pretending('update want set open = 0', {
      read: 'select sweep, grp from want where open = 1',
      write: 'update want set open = 1 where sweep = ? and grp = ?',
    }),
  },
  'forgets what a paused sweep needs': {
    ledger: pretending(`update sweep set state = 'cancelled' where state = 'paused'`, {
      read: `select id from sweep where state = 'paused'`,
      write: `update sweep set state = 'paused' where id = ?`,
    }),
  },
  'forgets what another sweep keeps': {
    ledger: pretending(`update sweep set keep = 'none'`, {
      read: 'select keep, id from sweep',
      write: 'update sweep set keep = ? where id = ?',
    }),
  },
  'forgets half an encoding': {
    ledger: (ledger, db) =>
      instead(ledger, 'forget', (original) => (encodings, rule) => {
        const last = db
          .prepare('select encoding, max(n) as n, digest from chunk where digest is not null group by encoding')
          .all()
        const answer = original(encodings, rule)
        for (const { encoding, n, digest } of last as { encoding: number; n: number; digest: string }[]) {
          if (n > 0 && answer.forgotten.includes(encoding))
            run(db, 'update chunk set digest = ? where encoding = ? and n = ?', digest, encoding, n)
        }
        return answer
      }),
  },
  'forgotten and still complete': {
    ledger: afterwards((db, forgotten) => {
      for (const id of forgotten) run(db, 'update encoding set complete = 1 where id = ?', id)
    }),
  },
  'forgets scores with their vectors': {
    ledger: afterwards((db, forgotten) => {
      for (const id of forgotten) run(db, 'delete from cell where grp in (select grp from grp_encoding where encoding = ?)', id)
    }),
  },
  'forgotten chunks are gone': {
    ledger: afterwards((db, forgotten) => {
      for (const id of forgotten) run(db, 'delete from chunk where encoding = ?', id)
    }),
  },
}

/** All with retention in every seed. */
export const FORGET_BREAKAGES: Readonly<Record<string, Breakage>> = Object.fromEntries(
  Object.entries(PLANTED).map(([name, breakage]) => [name, { retentionRate: 1, ...breakage }]),
)
