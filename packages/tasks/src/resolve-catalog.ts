import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { SweepError, type TaskRef, TaskType } from '@sweepboard/contracts'
import type { CatalogTask } from './catalog.ts'
import { splitStatistics, subsetLanguages } from './catalog-subset.ts'
import { expectedFile, isRankedFolder, listSplits } from './folder-layout.ts'
import { CachedRepo } from './hub-cache.ts'
import { RELEASE_FOLDERS } from './release-layout.ts'
import type { ResolvedTask, ResolveOptions } from './resolve.ts'

interface PlacedSubset {
  readonly subset: string
  readonly source: TaskRef['source']
  readonly splits: readonly string[]
}

interface Resolving {
  readonly task: CatalogTask
  readonly type: TaskType
  readonly options: ResolveOptions
  readonly warnings: string[]
}

/**
 * The references of a catalog task whose data lies below `datasetsRoot` (`<Task>/` for a task of one subset, else
 * `<Task>/<subset>/`; a parallel bitext has one table for all its subsets in `<Task>/`), or, with `hub` and no such folder,
 * in its repository. Subsets and splits asked for must be there; of those not asked for, the ones that are there are
 * taken, with a warning for the rest. A split outside MTEB's eval_splits is taken when asked for and there.
 */
export function resolveCatalogTask(task: CatalogTask, options: ResolveOptions): ResolvedTask {
  const { name } = task
  const type = TaskType.safeParse(task.type).data
  if (type === undefined) throw new SweepError('SB-TASK-009', { task: name, type: task.type })
  const languages = subsetLanguages(task)
  const resolving: Resolving = { task, type, options, warnings: [] }
  const refs = placeSubsets(resolving, languages).flatMap(({ subset, source, splits }) =>
    splits.map(
      (split): TaskRef => ({
        task: name,
        subset,
        split,
        source,
        ...(type === 'Retrieval' ? {} : { type }),
        mainScore: task.mainScore,
        languages: languages.get(subset) ?? [],
        ignoreIdenticalIds: task.params.ignore_identical_ids === true,
        limit: options.limit ?? null,
        catalog: { revision: task.dataset.revision, ...splitStatistics(task, split) },
      }),
    ),
  )
  const both = task.instruction?.symmetric ?? ''
  const instruction = { query: task.instruction?.query ?? both, document: task.instruction?.document ?? both }
  return { name, type, refs, warnings: resolving.warnings, instruction, components: null }
}

function placeSubsets(resolving: Resolving, languages: ReadonlyMap<string, unknown>): PlacedSubset[] {
  const { task, options, warnings } = resolving
  const { name } = task
  const unknown = (options.subsets ?? []).filter((subset) => !languages.has(subset))
  if (unknown.length > 0) throw new SweepError('SB-TASK-010', { task: name, what: 'subset', name: unknown.join('", "') })
  const wanted = [...new Set(options.subsets ?? languages.keys())]
  const local = wanted.map((subset) => ({ subset, folders: subsetFolders(resolving, subset, languages.size) }))
  const found = local.flatMap(({ subset, folders }) => {
    const folder = folders.find((one) => holdsData(one, resolving, subset))
    return folder === undefined ? [] : [{ subset, folder }]
  })
  if (found.length === 0 && isOnHub(resolving)) return fromHub(resolving, wanted)
  if (found.length === 0) refuseOffline(resolving)
  const missing = local.filter(({ subset }) => !found.some((one) => one.subset === subset))
  if (missing[0] && (options.subsets || found.length === 0)) {
    const { subset, folders } = missing[0]
    throw new SweepError('SB-TASK-008', {
      task: name,
      path: absentPath(resolving, { subset, folder: folders[0] }, languages.size),
    })
  }
  if (missing.length > 0)
    warnings.push(
      `${name}: ${missing.length} of ${languages.size} subsets have no data in ${join(resolve(options.datasetsRoot ?? ''), name)}, left out`,
    )
  return found.map(({ subset, folder }) => ({
    subset,
    source: { kind: 'folder', path: folder },
    splits: chooseSplits(resolving, subset, folder),
  }))
}

/** Where a subset may lie, in the order they are looked at. */
function subsetFolders({ task, options }: Resolving, subset: string, subsetCount: number): string[] {
  if (options.datasetsRoot === undefined) return []
  const folder = resolve(options.datasetsRoot, task.name)
  const releases = (RELEASE_FOLDERS[task.name] ?? []).map((path) => resolve(options.datasetsRoot as string, path))
  const own = subsetCount === 1 ? [folder] : [join(folder, subset)]
  return [...own, ...(task.params.parallel_subsets === true || releases.length > 0 ? [folder] : []), ...releases]
}

function holdsData(folder: string, { type }: Resolving, subset: string): boolean {
  return isRankedFolder(folder) || listSplits(folder, type, subset).length > 0
}

/** The path a refusal names: the first thing on the way to the data that is not there. */
function absentPath(
  { task, type, options }: Resolving,
  { subset, folder }: { subset: string; folder: string | undefined },
  subsetCount: number,
): string {
  if (options.datasetsRoot === undefined || folder === undefined) return `ROOT/${task.name}`
  const root = resolve(options.datasetsRoot, task.name)
  if (!existsSync(root)) return root
  const file = expectedFile(type, task.evalSplits[0] ?? 'test')
  return subsetCount > 1 && !options.subsets ? join(root, '<subset>', file) : join(root, subsetCount > 1 ? subset : '', file)
}

/** Whether the task's repository may be read: told to, and, offline, with its revision in the cache. */
function isOnHub({ task, options: { hub } }: Resolving): boolean {
  const { path, revision } = task.dataset
  if (!hub || path === null) return false
  return hub === true || !hub.offline || new CachedRepo(hub.cacheDir, path).list(revision).length > 0
}

/** Without a folder to look in, what is missing is the cache's copy: `SB-TASK-016` says so, and where it was looked for. */
function refuseOffline({ task, options: { hub, datasetsRoot } }: Resolving): void {
  const { path: repo, revision } = task.dataset
  if (datasetsRoot !== undefined || repo === null || typeof hub !== 'object') return
  throw new SweepError('SB-TASK-016', { repo, revision, what: `data of ${task.name}`, cache: hub.cacheDir })
}

/** Every subset of the hub repository; its splits are known when it is read. */
function fromHub({ task, options }: Resolving, subsets: readonly string[]): PlacedSubset[] {
  const source = { kind: 'hub' as const, repo: task.dataset.path as string, revision: task.dataset.revision }
  const splits = [...new Set(options.splits ?? task.evalSplits)]
  return subsets.map((subset) => ({ subset, source, splits }))
}

function chooseSplits({ task, type, options, warnings }: Resolving, subset: string, folder: string): string[] {
  const present = listSplits(folder, type, subset)
  const wanted = [...new Set(options.splits ?? task.evalSplits)]
  const found = wanted.filter((split) => present.includes(split))
  const absent = wanted.filter((split) => !present.includes(split))
  if (absent.length === 0) return found
  const strange = absent.filter((split) => !task.evalSplits.includes(split))
  if (strange.length > 0) throw new SweepError('SB-TASK-010', { task: task.name, what: 'split', name: strange.join('", "') })
  if (options.splits || found.length === 0) {
    const file = isRankedFolder(folder) ? join('qrels', `${absent[0]}.tsv`) : expectedFile(type, absent[0] as string)
    throw new SweepError('SB-TASK-008', { task: task.name, path: join(folder, file) })
  }
  const what = isRankedFolder(folder) ? 'judgments' : 'data'
  warnings.push(`${task.name} (${subset}): no ${what} for split ${absent.join(', ')} in ${folder}, left out`)
  return found
}
