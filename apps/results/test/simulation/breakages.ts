import { sha256 } from '@sweepboard/contracts'
import type { LeaseRow, Ledger, SqliteDatabase } from '@sweepboard/ledger'
import type { Breakage } from './breakage.ts'

/** Replaces one method of a ledger; `original` is the shipped one. */
export function instead<
  K extends
    | 'claim'
    | 'commit'
    | 'end'
    | 'expire'
    | 'control'
    | 'leaseEncode'
    | 'leasePairs'
    | 'openLeases'
    | 'deleteGarbage'
    | 'forget'
    | 'retiredEncodings'
    | 'prepared'
    | 'submit'
    | 'todoChunks'
    | 'unpairedGroups',
>(ledger: Ledger, method: K, make: (original: Ledger[K]) => Ledger[K]): void {
  ledger[method] = make((ledger[method] as (...args: never[]) => unknown).bind(ledger) as Ledger[K])
}

export const run = (db: SqliteDatabase, sql: string, ...values: (string | number | null)[]) => db.prepare(sql).run(...values)

/** A suspect chunk is computed beside others. */
function noQuarantine(ledger: Ledger): void {
  instead(ledger, 'claim', (original) => (asked) => {
    const answer = original(asked)
    return answer.state === 'granted' && answer.work.kind === 'encode'
      ? { state: 'granted', work: { ...answer.work, alone: false } }
      : answer
  })
}

/** Ways to build it wrong that protocol section 14 names, each as small as possible; every one must be found. */
export const BREAKAGES: Readonly<Record<string, Breakage>> = {
  'claim granted to anyone': {
    ledger: (ledger, db) =>
      instead(ledger, 'claim', (original) => (asked) => {
        run(db, 'update lease set run = null, host = null where id = ?', asked.lease)
        return original(asked)
      }),
  },
  'claim by host instead of run': {
    firstSeed: 30,
    ledger: (ledger, db) =>
      instead(ledger, 'claim', (original) => (asked) => {
        run(db, 'update lease set run = ? where id = ? and host = ?', asked.run, asked.lease, asked.host)
        return original(asked)
      }),
  },
  'commit overwrites': {
    firstSeed: 28,
    ledger: (ledger, db) =>
      instead(ledger, 'commit', (original) => (commits, exists) => {
        for (const { encoding, n, digest } of commits) {
          if (exists(digest))
            run(db, 'update chunk set digest = ? where encoding = ? and n = ? and digest is not null', digest, encoding, n)
        }
        return original(commits, exists)
      }),
  },
  'commit without a look at the file': {
    ledger: (ledger) => instead(ledger, 'commit', (original) => (commits) => original(commits, () => true)),
  },
  'no expiry by silence': { graceBeats: 1e9 },
  'ticket completed before the outbox write': { worker: { ticketBeforeOutbox: true } },
  'outbox entry removed before the acknowledgement': { worker: { entryBeforeAck: true } },
  'outbox leases not named': { worker: { outboxNotNamed: true } },
  'claim named late': { worker: { claimNamedLate: true } },
  'no claim seq': {
    ledger: (ledger, db) =>
      instead(ledger, 'claim', (original) => (asked) => {
        const answer = original(asked)
        run(db, 'update lease set claimSeq = -1 where id = ?', asked.lease)
        return answer
      }),
  },
  'completeness by an early counter': {
    database: (db) =>
      db.exec(`create trigger early after update of digest on chunk when new.digest is not null begin
        update encoding set complete = 1 where id = new.encoding; end`),
  },
  'ready without attached': {
    database: (db) => db.exec('create trigger vacuous after insert on grp begin update grp set ready = 1 where id = new.id; end'),
  },
  'ready at commits only': {
    ledger: (ledger, db) =>
      instead(ledger, 'prepared', (original) => (done) => {
        const before = db.prepare('select id from grp where taskKey = ? and attached = 0').all(done.key) as { id: number }[]
        original(done)
        for (const { id } of before) {
          run(db, 'update grp set ready = 0 where id = ?', id)
          run(db, 'update want set ready = 0 where grp = ?', id)
        }
      }),
  },
  'gc without a second look': {
    firstSeed: 90,
    database: (db) => db.exec('create trigger keep before delete on garbage begin select raise(ignore); end'),
    ledger: (ledger) =>
      instead(ledger, 'deleteGarbage', () => (digests, unlink) => {
        for (const digest of digests) unlink(digest)
        return { deleted: 0 }
      }),
  },
  'cancel keeps leases': {
    ledger: (ledger, db) =>
      instead(ledger, 'control', (original) => (sweep, action) => {
        if (action === 'cancel')
          run(db, `update sweep set state = 'cancelled' where id = ? and state in ('running', 'paused')`, sweep)
        else original(sweep, action)
      }),
  },
  'stop ignored': { firstSeed: 35, worker: { ignoresStop: true } },
  'stop not answered': {
    coordinator: (coordinator) => {
      const beat = coordinator.beat.bind(coordinator)
      coordinator.beat = (sent) => ({ ...beat(sent), stop: [] })
    },
  },
  'crashes by silence': {
    ledger: (ledger, db) =>
      instead(ledger, 'expire', (original) => (lease) => {
        const chunks = db.prepare('select encoding, n from chunk where lease = ?').all(lease) as { encoding: number; n: number }[]
        const row = ledger.lease(lease)
        for (let again = 0; row?.run && again < 3; again += 1)
          for (const { encoding, n } of chunks)
            run(db, 'insert or ignore into crash values (?, ?, ?)', encoding, n, `${lease}${again}`)
        if (row?.run) ledger.end({ ...EMPTY_END, ledger: ledger.id, host: '', lease, crashed: chunks }, () => true)
        return original(lease)
      }),
  },
  'no mark': { worker: { noMark: true } },
  'end before its commits': { worker: { endFirst: true } },
  'scorer trusts artifacts': { worker: { scorerTrusts: true } },
  'retry deletes rows': {
    ledger: (ledger, db) =>
      instead(ledger, 'control', (original) => (sweep, action) => {
        if (action === 'retry')
          run(db, `delete from cell where state = 'failed' and grp in (select grp from want where sweep = ?)`, sweep)
        original(sweep, action)
      }),
  },
  'retry computes scored cells again': {
    ledger: (ledger, db) =>
      instead(ledger, 'control', (original) => (sweep, action) => {
        if (action === 'retry') run(db, `delete from cell where grp in (select grp from want where sweep = ?)`, sweep)
        original(sweep, action)
      }),
  },
  'grace not restarted with the service': {
    coordinator: (coordinator, ledger) => {
      const original = coordinator.beat.bind(coordinator)
      let isFirst = true
      coordinator.beat = (beat) => {
        const answer = original(beat)
        const silent = isFirst ? ledger.openLeases().filter(({ host }) => host !== null && host !== beat.host) : []
        isFirst = false
        for (const { id } of silent) ledger.expire(id)
        return answer
      }
    },
  },
  'no window': {
    ledger: (ledger) =>
      instead(ledger, 'openLeases', (original) => () => original().filter(({ run: claimed }) => claimed !== null)),
  },
  /** A suspect chunk is leased with others. */
  'no isolation': {
    isInStep: true,
    ledger: (ledger) =>
      instead(
        ledger,
        'todoChunks',
        (original) => (lane, sweep) => [...original(lane, sweep)].map((chunk) => ({ ...chunk, crashes: 0 })),
      ),
  },
  'no quarantine': { isInStep: true, ledger: (ledger) => noQuarantine(ledger) },
  'two leases for a chunk': {
    ledger: (ledger, db) =>
      instead(ledger, 'leaseEncode', (original) => (want) => {
        const [encoding, n] = want.chunks[0] ?? [0, 0]
        const next = db
          .prepare('select encoding, n, lease from chunk where encoding = ? and n > ? and lease is not null')
          .get(encoding, n) as { encoding: number; n: number } | undefined
        if (next === undefined) return original(want)
        run(db, 'update chunk set lease = null where encoding = ? and n = ?', next.encoding, next.n)
        return original({ ...want, chunks: [...want.chunks, [next.encoding, next.n]] })
      }),
  },
  'failures accepted from closed leases': {
    ledger: (ledger, db) =>
      instead(ledger, 'end', (original) => (sent, isWhole) => {
        if (ledger.lease(sent.lease) === undefined) {
          for (const { encoding, n, kind } of sent.failures) {
            if (kind === 'engine')
              run(
                db,
                `update chunk set tries = tries + 1, failed = iif(tries >= 1, '{}', null), lease = null where encoding = ? and n = ?`,
                encoding,
                n,
              )
          }
        }
        original(sent, isWhole)
      }),
  },
  'no reconciler': { ledger: (ledger) => instead(ledger, 'expire', () => () => false) },
  'no boot order': {
    coordinator: (coordinator) => {
      const beat = coordinator.beat.bind(coordinator)
      const claim = coordinator.claim.bind(coordinator)
      coordinator.beat = (sent) => beat({ ...sent, boot: 1 })
      coordinator.claim = (asked) => claim({ ...asked, boot: 1 })
    },
  },
  'completeness in a second transaction': {
    ledger: (ledger, db) => {
      const later = new Set<number>()
      const setComplete = (encoding: number, complete: 0 | 1) => {
        run(db, 'update encoding set complete = ? where id = ?', complete, encoding)
        run(
          db,
          `update grp set ready = attached and not exists (select 1 from grp_encoding ge join encoding e on e.id = ge.encoding
          where ge.grp = grp.id and e.complete = 0)`,
        )
        run(db, 'update want set ready = (select ready from grp where id = want.grp)')
      }
      instead(ledger, 'commit', (original) => (commits, exists) => {
        const partial = new Set(
          (db.prepare('select id from encoding where complete = 0').all() as { id: number }[]).map(({ id }) => id),
        )
        const verdicts = original(commits, exists)
        for (const { encoding } of commits) {
          if (!partial.has(encoding) || db.prepare('select 1 from encoding where id = ? and complete = 0').get(encoding)) continue
          setComplete(encoding, 0)
          later.add(encoding)
        }
        return verdicts
      })
      instead(ledger, 'openLeases', (original) => () => {
        for (const encoding of later) setComplete(encoding, 1)
        later.clear()
        return original()
      })
    },
  },
  'failure keeps leases': {
    ledger: (ledger, db) =>
      instead(ledger, 'end', (original) => (sent, isWhole) => {
        const leases = db.prepare('select * from lease where id <> ?').all(sent.lease) as LeaseRow[]
        const chunks = db.prepare('select encoding, n, lease from chunk where lease is not null').all() as Leased[]
        original(sent, isWhole)
        for (const row of leases.filter(({ id }) => ledger.lease(id) === undefined)) {
          const columns = Object.keys(row)
          run(db, `insert into lease (${columns}) values (${columns.map(() => '?')})`, ...Object.values(row))
          run(db, 'update grp set lease = ? where id = ?', row.id, row.grp)
          for (const { encoding, n } of chunks.filter(({ lease }) => lease === row.id))
            run(db, `update chunk set lease = ? where encoding = ? and n = ? and ${FREE}`, row.id, encoding, n)
        }
      }),
  },
  'ticket id from the chunk': {
    ledger: (ledger, db) =>
      instead(ledger, 'leaseEncode', (original) => (want) => {
        const id = `j${sha256(String(want.chunks[0])).slice(0, 20)}`
        const drawn = original(want)
        run(db, 'update lease set id = ? where id = ?', id, drawn)
        run(db, 'update chunk set lease = ? where lease = ?', id, drawn)
        return id
      }),
  },
}

interface Leased {
  readonly encoding: number
  readonly n: number
  readonly lease: string
}

const FREE = 'digest is null and lease is null and failed is null'
const EMPTY_END = { boot: 0, results: [], failures: [], scoreFailures: [], missing: [], crashed: [] }
