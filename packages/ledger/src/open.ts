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
 * Throws `SB-LEDGER-001` naming the holder.
 */
export function lockFolder(folder: string, holder: string): { release(): void } {
  mkdirSync(folder, { recursive: true })
  const side = join(folder, 'lock.holder')
  const lock = new Database(join(folder, 'lock.db'), { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    throw new SweepError('SB-LEDGER-001', { folder, holder: readHolder(folder) }, { cause })
  }
  writeFileSync(side, `${holder}\n`)
  return { release: () => void lock.close() }
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
