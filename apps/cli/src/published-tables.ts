import { basename } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import { findTable, listResultFiles, readResultFile, type ScoreTable, toScoreTables } from '@sweepboard/results'
import type { CommonOptions } from './context.ts'
import { openSource } from './source.ts'

export interface PublishedOptions extends CommonOptions {
  /** Folder of MTEB result files, read instead of what was imported. */
  readonly published?: string
}

/** Every published model's scores of one task: from `--published DIR`, else from what was imported here or into the service. */
export async function publishedTables(task: string, options: PublishedOptions): Promise<ScoreTable[]> {
  if (options.published === undefined) {
    const source = openSource(options)
    try {
      return toScoreTables(await source.publishedRows(task))
    } finally {
      source.close()
    }
  }
  const root = options.published
  // Files are named after their task; a name that is no part of a path is written with `_`.
  const wanted = `${task.replace(/[/\\]/g, '__').replace(/ /g, '_')}.json`
  const files = listResultFiles(root).filter((file) => basename(file) === wanted)
  const rows = files.flatMap((file) => {
    const read = readResultFile(file, root)
    return 'rows' in read ? read.rows.filter((row) => row.task === task) : []
  })
  return toScoreTables(rows)
}

/** The one result file a person hands in, of this task where one is named. Throws `SB-FILE-001` or `-002`. */
export function readScoreTable(file: string, wanted?: string): { readonly table: ScoreTable; readonly task: string } {
  const read = readResultFile(file, file)
  if ('error' in read) throw read.error
  const [table] = toScoreTables(read.rows)
  const task = read.rows[0]?.task
  if (table === undefined || task === undefined) throw new SweepError('SB-FILE-002', { file, message: 'it has no score' })
  if (wanted !== undefined && wanted !== task)
    throw new SweepError('SB-FILE-002', { file, message: `it is of ${task}, not of ${wanted}` })
  return { table, task }
}

/** The published table of a model. Throws `SB-FILE-004`, naming those there are. */
export function needTable(
  tables: readonly ScoreTable[],
  of: { model: string; task: string; datasetRevision: string },
): ScoreTable {
  const found = findTable(tables, of.model, of.datasetRevision)
  if (found !== null) return found
  const names = [...new Set(tables.map((table) => table.model))]
  throw new SweepError('SB-FILE-004', { ...of, suggestion: names.length > 0 ? names.join(', ') : undefined })
}
