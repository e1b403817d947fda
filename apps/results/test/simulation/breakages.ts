import type { Ledger, SqliteDatabase } from '@sweepboard/ledger'
import type { Breakage } from './breakage.ts'

/** Replaces one method of a ledger; `original` is the shipped one. */
function instead<
  K extends
    | 'claim'
    | 'commit'
    | 'end'
    | 'expire'
    | 'control'
    | 'leaseEncode'
    | 'openLeases'
    | 'deleteGarbage'
    | 'prepared'
    | 'submit'
    | 'todoChunks',
>(ledger: Ledger, method: K, make: (original: Ledger[K]) => Ledger[K]): void {
  ledger[method] = make((ledger[method] as (...args: never[]) => unknown).bind(ledger) as Ledger[K])
}

const run = (db: SqliteDatabase, sql: string, ...values: (string | number | null)[]) => db.prepare(sql).run(...values)

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
    ledger: (ledger, db) =>
      instead(ledger, 'claim', (original) => (asked) => {
        run(db, 'update lease set run = ? where id = ? and host = ?', asked.run, asked.lease, asked.host)
        return original(asked)
      }),
  },
  'commit overwrites': {
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
  'completeness by the first commit': {
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
  'stop ignored': { worker: { ignoresStop: true } },
  'stop not answered': {
    coordinator: (coordinator) => {
      const beat = coordinator.beat.bind(coordinator)
      coordinator.beat = (sent) => ({ ...beat(sent), stop: [] })
    },
  },
  'crashes counted by silence': {
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
  'no mark on disk': { worker: { noMark: true } },
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
  'grace not restarted with the service': { now: (ms, sinceBoot) => (sinceBoot === 0 ? -1e9 : ms) },
  'no window': {
    ledger: (ledger) =>
      instead(ledger, 'openLeases', (original) => () => original().filter(({ run: claimed }) => claimed !== null)),
  },
  'no isolation of suspects': {
    tailKillers: true,
    ledger: (ledger) => {
      instead(ledger, 'claim', (original) => (asked) => {
        const answer = original(asked)
        return answer.state === 'granted' && answer.work.kind === 'encode'
          ? { state: 'granted', work: { ...answer.work, alone: false } }
          : answer
      })
      instead(
        ledger,
        'todoChunks',
        (original) => (lane, sweep) => [...original(lane, sweep)].map((chunk) => ({ ...chunk, crashes: 0 })),
      )
    },
  },
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
  'failures of closed leases count': {
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
}

const EMPTY_END = { boot: 0, results: [], failures: [], scoreFailures: [], missing: [], crashed: [] }
