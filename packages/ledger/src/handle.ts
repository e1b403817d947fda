import { SweepError } from '@sweepboard/contracts'
import type Database from 'better-sqlite3'

export type SqliteDatabase = Database.Database

/** What a transaction changed, for the board's live events and for the queue; drained by `Ledger.takeEvents`. */
export type LedgerEvent =
  | { readonly kind: 'lease-closed'; readonly lease: string; readonly lane: string; readonly host: string | null }
  | { readonly kind: 'sweep'; readonly sweep: string; readonly state: string }
  | { readonly kind: 'cell'; readonly group: number; readonly config: string; readonly state: 'scored' | 'failed' }
  | { readonly kind: 'chunk'; readonly encoding: number; readonly n: number; readonly state: 'done' | 'failed' | 'todo' }
  | { readonly kind: 'task'; readonly task: string; readonly state: 'prepared' | 'failed' | 'wanted' }

/** First want of (lane, sweep) that had something to encode when last looked at. */
export interface Cursor {
  readonly rank: number
  readonly grp: number
}

type Value = string | number | null | Uint8Array

/**
 * The same statement, which SQLite (3.54) compiles only once. It does so anew with every value that is bound to a parameter beside a column of a table
 * with partial indexes, or to a limit, as the value may imply the condition of one: 10 to 150 µs a call. Into an expression it does not look, and a sign makes
 * the parameter one; a value of any type stays what it is, and so do the plans.
 */
export function compiledOnce(sql: string): string {
  return sql.replaceAll(/(=|<|>|limit) \?/g, '$1 +?')
}

/** One open database with its prepared statements, and what the transaction under way has touched. */
export class Handle {
  readonly db: SqliteDatabase
  readonly random: ((bytes: number) => Uint8Array) | undefined
  readonly wallClock: () => string
  /** lane -> sweep -> cursor; only ever a shortcut, so forgetting it is always right. */
  readonly cursors = new Map<string, Map<string, Cursor>>()
  /** Summed chunk evidence of complete encodings. */
  readonly encodingEvidence = new Map<number, unknown>()
  /** Parsed config sets by id. */
  readonly configSets = new Map<string, unknown>()
  /** Counts of big sweeps, by sweep. */
  readonly sweepCounts = new Map<
    string,
    { readonly state: string; readonly at: number; readonly costMs: number; readonly counts: unknown }
  >()
  /** Groups whose wants closed in this transaction: their leases may have become unwanted. */
  readonly touched = new Set<number>()
  events: LedgerEvent[] = []
  scoresVersion = 0
  readonly #statements = new Map<string, Database.Statement>()

  constructor(
    db: SqliteDatabase,
    options: { random?: ((bytes: number) => Uint8Array) | undefined; wallClock?: (() => string) | undefined } = {},
  ) {
    this.db = db
    this.random = options.random
    this.wallClock = options.wallClock ?? (() => new Date().toISOString())
  }

  #statement(sql: string): Database.Statement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.db.prepare(compiledOnce(sql))
      this.#statements.set(sql, statement)
    }
    return statement
  }

  all<R>(sql: string, ...values: Value[]): R[] {
    return this.#statement(sql).all(...values) as R[]
  }

  get<R>(sql: string, ...values: Value[]): R | undefined {
    return this.#statement(sql).get(...values) as R | undefined
  }

  /** Number of rows changed. */
  run(sql: string, ...values: Value[]): number {
    return this.#statement(sql).run(...values).changes
  }

  has(sql: string, ...values: Value[]): boolean {
    return this.#statement(sql).get(...values) !== undefined
  }

  /** One transaction, whole or not at all. Throws `SB-LEDGER-005` where SQLite cannot write. */
  transact<T>(work: () => T): T {
    if (this.db.inTransaction) throw new SweepError('SB-CORE-001', { message: 'a transaction inside a transaction' })
    const eventCount = this.events.length
    this.touched.clear()
    try {
      return this.db.transaction(work).immediate()
    } catch (thrown) {
      this.events.length = eventCount
      this.cursors.clear()
      const code = (thrown as { code?: unknown }).code
      if (typeof code === 'string' && /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN)/.test(code)) {
        throw new SweepError('SB-LEDGER-005', { message: (thrown as Error).message }, { cause: thrown })
      }
      throw thrown
    }
  }
}
