import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SweepError } from '@sweepboard/contracts'
import Database from 'better-sqlite3'
import type { SqliteDatabase } from './handle.ts'

const MIGRATIONS = fileURLToPath(new URL('../../../migrations', import.meta.url))

/**
 * Holds a data folder for this process: an exclusive transaction on `lock.db`, which ends with the process however it dies.
 * Throws `SB-LEDGER-001` naming the holder, `SB-ART-004` where its disk is full, `SB-FILE-007` where it cannot be written otherwise.
 */
export function lockFolder(folder: string, holder: string): { release(): void } {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'lock.db')
  let lock: SqliteDatabase | null = null
  try {
    lock = new Database(file, { timeout: 0 })
    lock.exec('BEGIN EXCLUSIVE')
    writeFileSync(join(folder, 'lock.holder'), `${holder}\n`)
  } catch (cause) {
    lock?.close()
    throw refusedLock(cause as NodeJS.ErrnoException, { folder, file })
  }
  const held = lock
  return { release: () => void held.close() }
}

/** A lock that somebody else has, or none that could be taken: SQLite says both as failures of the same statement. */
function refusedLock(cause: NodeJS.ErrnoException, { folder, file }: { folder: string; file: string }): SweepError {
  const { code = '', message } = cause
  if (/^SQLITE_(BUSY|LOCKED)/.test(code))
    return new SweepError('SB-LEDGER-001', { folder, holder: readHolder(folder) }, { cause })
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') return new SweepError('SB-ART-004', { folder }, { cause })
  return new SweepError('SB-FILE-007', { file, message }, { cause })
}

/** What the last holder of a folder wrote of itself. */
export function readHolder(folder: string): string {
  try {
    return readFileSync(join(folder, 'lock.holder'), 'utf8').trim() || 'another process'
  } catch {
    return 'another process'
  }
}

/** Opens and migrates a database; `file` may be `:memory:`. Throws `SB-LEDGER-004` where a newer sweepboard wrote it. */
export function openDatabase(file: string, migrationsFolder: string = MIGRATIONS): SqliteDatabase {
  const db = new Database(file)
  try {
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = NORMAL')
    db.pragma('foreign_keys = ON')
    const schema = compareSchema(db, migrationsFolder)
    if (schema.state === 'newer') throw new SweepError('SB-LEDGER-004', { found: schema.applied })
    if (schema.state === 'older') migrate(db, migrationsFolder)
    return db
  } catch (thrown) {
    db.close()
    throw thrown
  }
}

/**
 * drizzle's CommonJS files, read when there is something to migrate: Node parses its package.json of 179 kB anew for each of
 * its 100 ES modules, which cost every start of every process 0.4 s.
 */
function migrate(db: SqliteDatabase, migrationsFolder: string): void {
  const require = createRequire(import.meta.url)
  const driver: typeof import('drizzle-orm/better-sqlite3') = require('drizzle-orm/better-sqlite3')
  const migrator: typeof import('drizzle-orm/better-sqlite3/migrator') = require('drizzle-orm/better-sqlite3/migrator')
  migrator.migrate(driver.drizzle(db), { migrationsFolder })
}

/** Whether this program's migrations are the ones a database has; `applied` is the time stamp of its newest, in ms. */
export function compareSchema(
  db: SqliteDatabase,
  migrationsFolder: string = MIGRATIONS,
): { readonly state: 'older' | 'current' | 'newer'; readonly applied: number | null } {
  const known = db.prepare(`select 1 from sqlite_master where name = '__drizzle_migrations'`).get()
  if (known === undefined) return { state: 'older', applied: null }
  const journal: { entries: { when: number }[] } = JSON.parse(
    readFileSync(join(migrationsFolder, 'meta', '_journal.json'), 'utf8'),
  )
  const newest = Math.max(0, ...journal.entries.map((entry) => entry.when))
  const { applied } = db.prepare('select max(created_at) as applied from __drizzle_migrations').get() as {
    applied: number | null
  }
  return { state: applied === null || applied < newest ? 'older' : applied > newest ? 'newer' : 'current', applied }
}
