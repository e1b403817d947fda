import { SweepError, type TaskRef, type TaskType } from '@sweepboard/contracts'
import { findTask, type SideTexts, suggestTask } from './catalog.ts'
import type { HubSettings } from './hub-settings.ts'
import { resolveAggregate } from './resolve-aggregate.ts'
import { resolveCatalogTask } from './resolve-catalog.ts'
import { resolveFolderTask } from './resolve-folder.ts'
import { shippedFolder } from './shipped.ts'

export interface ResolveOptions {
  /** Folder with `<Task>/` or `<Task>/<subset>/` below it. */
  readonly datasetsRoot?: string | undefined
  /**
   * Take tasks without a folder below `datasetsRoot` from their hub repositories, at the catalog's revision; with settings that are
   * offline only those of which the cache holds that revision.
   */
  readonly hub?: boolean | HubSettings | undefined
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
  readonly type: TaskType
  readonly refs: readonly TaskRef[]
  readonly warnings: readonly string[]
  /** What an instruction model receives per side; `''` = nothing. Types without sides have the same text on both. */
  readonly instruction: Required<Pick<SideTexts, 'query' | 'document'>>
  /** Of an aggregate: its component tasks, whose references `refs` are; its score is the mean of theirs. Null elsewhere. */
  readonly components: readonly string[] | null
}

/** Whether a task entry names a folder: `./x`, `../x`, `/x`, `.` and `..`. */
export function isTaskFolder(name: string): boolean {
  return /^(\.{0,2}\/|\.{1,2}$)/.test(name)
}

/**
 * Finds the data of a task: a folder (`./tasks/mine`), a shipped task, or a task of the catalog below `datasetsRoot` or, with
 * `hub`, in its repository. Looks at folders and `task.json` only; data is read, and fetched, by `prepareTask`.
 * @throws SweepError `SB-SPEC-005` unknown name; `SB-TASK-008` no data; `SB-TASK-016` none in the hub's cache, offline and without `datasetsRoot`; `SB-TASK-009` a type that is not evaluated; `SB-TASK-010` unknown subset or split; `SB-TASK-001` mistakes in `task.json`
 */
export function resolveTask(name: string, options: ResolveOptions = {}): ResolvedTask {
  if (isTaskFolder(name)) return resolveFolderTask({ kind: 'folder', name }, options)
  if (shippedFolder(name) !== null) return resolveFolderTask({ kind: 'shipped', name }, options)
  const task = findTask(name)
  if (!task) throw new SweepError('SB-SPEC-005', { task: name, suggestion: suggestTask(name) })
  return task.loading === 'aggregate' ? resolveAggregate(task, options) : resolveCatalogTask(task, options)
}
