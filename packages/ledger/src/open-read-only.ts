import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import Database from 'better-sqlite3'
import {
  type BoardCell,
  boardCells,
  type CountedScore,
  type KnownFingerprint,
  knownFingerprints,
  knowsTask,
  type PublishedScore,
  publishedEntries,
  publishedMeans,
  publishedOver,
  publishedTasks,
  tasksOfSweep,
} from './board.ts'
import { allScoredCells, type CellView, cells } from './cells.ts'
import { type ConsistencyFilter, type ConsistencyRow, consistencyRows } from './consistency.ts'
import { Handle } from './handle.ts'
import {
  type CellsOrigin,
  cellsOrigin,
  type FirstSweep,
  firstSweeps,
  type ModelCell,
  modelCells,
  modelNames,
  type PublishedEntry,
  publishedOf,
} from './model-cells.ts'
import { compareSchema, lockFolder, openDatabase, readHolder } from './open.ts'
import { type PublishedFile, type PublishedFilter, type PublishedRow, publishedFiles, publishedRows } from './published.ts'
import { type SweepStatus, sweepStatus, sweeps } from './status.ts'
import { judgedTasks, type TaskCell, taskCells } from './task-cells.ts'
import { type TaskTexts, taskTexts } from './task-texts.ts'

/**
 * A ledger to look at while somebody else may hold its folder: SQLite's write-ahead log lets readers in beside the one
 * writer. Each method sees one moment.
 */
export class LedgerReader {
  readonly #h: Handle

  constructor(handle: Handle) {
    this.#h = handle
  }

  #read<T>(work: (h: Handle) => T): T {
    return this.#h.db.transaction(() => work(this.#h)).deferred()
  }

  sweeps(): SweepStatus[] {
    return this.#read(sweeps)
  }

  /** Throws `SB-LEDGER-002`. */
  sweepStatus(id: string): SweepStatus {
    return this.#read((h) => sweepStatus(h, id))
  }

  /** Throws `SB-LEDGER-002`. */
  cells(sweep: string): CellView[] {
    return this.#read((h) => cells(h, sweep))
  }

  allScoredCells(): CellView[] {
    return this.#read(allScoredCells)
  }

  boardCells(sweep: string | null): BoardCell[] {
    return this.#read((h) => boardCells(h, sweep))
  }

  taskCells(task: string, sweep: string | null): TaskCell[] {
    return this.#read((h) => taskCells(h, task, sweep))
  }

  /** Names of all models, our own and imported, in order. */
  modelNames(): string[] {
    return this.#read(modelNames)
  }

  /** Scored cells of these models, of all tasks or of one, in the order they were scored. */
  modelCells(models: readonly string[], task: string | null = null): ModelCell[] {
    return this.#read((h) => modelCells(h, models, task))
  }

  /** How cells of one recipe and config came about, given by their groups (of one or more). */
  cellsOrigin(groups: readonly number[], configKey: string): CellsOrigin {
    return this.#read((h) => cellsOrigin(h, groups, configKey))
  }

  /** The first sweep that named each cell of these groups. */
  firstSweeps(groups: readonly number[]): FirstSweep[] {
    return this.#read((h) => firstSweeps(h, groups))
  }

  /** Imported main scores of these models, of all tasks or of one, in order of import. */
  publishedOf(models: readonly string[], task: string | null = null): PublishedEntry[] {
    return this.#read((h) => publishedOf(h, models, task))
  }

  /** Tasks outside the catalog with scores by query, in order of name, and their judgments. */
  judgedTasks(): { readonly task: string; readonly judgments: string }[] {
    return this.#read(judgedTasks)
  }

  /** Throws `SB-LEDGER-010`. */
  taskTexts(key: string): TaskTexts {
    return this.#read((h) => taskTexts(h, key))
  }

  /** Throws `SB-LEDGER-002`. */
  tasksOfSweep(sweep: string): string[] {
    return this.#read((h) => tasksOfSweep(h, sweep))
  }

  knowsTask(name: string): boolean {
    return this.#read((h) => knowsTask(h, name))
  }

  publishedTasks(): string[] {
    return this.#read(publishedTasks)
  }

  publishedMeans(task: string, splits: readonly string[] | null): PublishedScore[] {
    return this.#read((h) => publishedMeans(h, task, splits))
  }

  publishedOver(
    task: string,
    wanted: { readonly splits: readonly string[]; readonly subsets: readonly string[] },
  ): CountedScore[] {
    return this.#read((h) => publishedOver(h, task, wanted))
  }

  publishedEntries(entry: { task: string; split: string; subset: string }): PublishedScore[] {
    return this.#read((h) => publishedEntries(h, entry))
  }

  publishedFiles(afterId: number, limit: number): PublishedFile[] {
    return this.#read((h) => publishedFiles(h, afterId, limit))
  }

  publishedRows(filter?: PublishedFilter): PublishedRow[] {
    return this.#read((h) => publishedRows(h, filter))
  }

  /** The newest first. */
  consistencyRows(filter?: ConsistencyFilter): (ConsistencyRow & { readonly id: number })[] {
    return this.#read((h) => consistencyRows(h, filter))
  }

  knownFingerprints(): KnownFingerprint[] {
    return this.#read(knownFingerprints)
  }

  close(): void {
    this.#h.db.close()
  }
}

/**
 * Opens a data folder for reading, without its lock. A database of an older sweepboard is migrated first, which takes the lock
 * for a moment.
 * @throws SweepError `SB-LEDGER-009` where no ledger is there, `SB-FILE-001` where it cannot be read, `SB-LEDGER-004` where a newer sweepboard wrote it, `SB-LEDGER-001`
 *   where it is older and in use
 */
export function openReadOnly(folder: string, holder: string): LedgerReader {
  const file = join(folder, 'ledger.db')
  if (!existsSync(file)) throw new SweepError('SB-LEDGER-009', { folder })
  const db = openFile(file)
  const schema = compareSchema(db)
  if (schema.state === 'current') return new LedgerReader(new Handle(db))
  db.close()
  if (schema.state === 'newer') throw new SweepError('SB-LEDGER-004', { found: schema.applied })
  const lock = lockFolder(folder, holder)
  try {
    openDatabase(file).close()
  } finally {
    lock.release()
  }
  return new LedgerReader(new Handle(openFile(file)))
}

function openFile(file: string): Database.Database {
  try {
    return new Database(file, { readonly: true })
  } catch (cause) {
    throw new SweepError('SB-FILE-001', { file, message: (cause as Error).message }, { cause })
  }
}

/** Who holds a data folder at this moment, in the holder's own words; null where nobody does. Takes no lock that outlives the call. */
export function folderHolder(folder: string): string | null {
  const file = join(folder, 'lock.db')
  if (!existsSync(file)) return null
  const lock = new Database(file, { readonly: true, timeout: 0 })
  try {
    lock.prepare('select count(*) from sqlite_master').get()
    return null
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code !== 'SQLITE_BUSY') throw thrown
    return readHolder(folder)
  } finally {
    lock.close()
  }
}
