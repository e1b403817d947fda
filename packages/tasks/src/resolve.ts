import { SweepError, type TaskRef } from '@sweepboard/contracts'
import { findTask, type SideTexts, suggestTask } from './catalog.ts'
import { resolveCatalogTask } from './resolve-catalog.ts'
import { resolveFolderTask } from './resolve-folder.ts'
import { shippedFolder } from './shipped.ts'

export interface ResolveOptions {
  /** Folder with `<Task>/` or `<Task>/<subset>/` below it. */
  readonly datasetsRoot?: string | undefined
  /** Folder that `./tasks/mine` is relative to; the working folder by default. */
  readonly baseFolder?: string | undefined
  /** Take only these; absent = all that the task has (and, of catalog tasks, the root holds). */
  readonly subsets?: readonly string[] | undefined
  readonly splits?: readonly string[] | undefined
  /** First n judged queries, their relevant documents and the first n others. */
  readonly limit?: number | undefined
}

/** A named task with its data found, one reference per subset and split. */
export interface ResolvedTask {
  readonly name: string
  readonly refs: readonly TaskRef[]
  readonly warnings: readonly string[]
  /** What an instruction model receives per side; `''` = nothing. */
  readonly instruction: Required<Pick<SideTexts, 'query' | 'document'>>
}

/** Whether a task entry names a folder: `./x`, `../x`, `/x`, `.` and `..`. */
export function isTaskFolder(name: string): boolean {
  return /^(\.{0,2}\/|\.{1,2}$)/.test(name)
}

/**
 * Finds the data of a task: a folder (`./tasks/mine`), a shipped task, or a task of the catalog below `datasetsRoot`.
 * Looks at folders and `task.json` only; corpora are read by `prepareTask`.
 * @throws SweepError `SB-SPEC-005` unknown name; `SB-TASK-008` no data; `SB-TASK-009` a type other than Retrieval, or an
 *   aggregate; `SB-TASK-010` unknown subset or split; `SB-TASK-001` mistakes in `task.json`
 */
export function resolveTask(name: string, options: ResolveOptions = {}): ResolvedTask {
  if (isTaskFolder(name)) return resolveFolderTask({ kind: 'folder', name }, options)
  if (shippedFolder(name) !== null) return resolveFolderTask({ kind: 'shipped', name }, options)
  const task = findTask(name)
  if (!task) throw new SweepError('SB-SPEC-005', { task: name, suggestion: suggestTask(name) })
  return resolveCatalogTask(task, options)
}
