import { SweepError, type TaskRef } from '@sweepboard/contracts'
import { readBitext } from './bitext-rows.ts'
import { type CatalogTask, findTask } from './catalog.ts'
import { columnOf, PARALLEL_HOOKS, pairColumns } from './hub-bitext.ts'
import { PAIR_HOOKS } from './hub-pairs.ts'
import { HubRepo } from './hub-repo.ts'
import { RETRIEVAL_HOOKS } from './hub-retrieval.ts'
import type { HubSettings } from './hub-settings.ts'
import type { MistakeList } from './mistake-list.ts'
import { type RankedTables, readRankedTables } from './ranked-tables.ts'
import { readTable } from './read-tables.ts'
import { filtered, type Table } from './table.ts'
import type { TypedData } from './task-data.ts'
import { taskSettings } from './task-settings.ts'

/**
 * Reads a catalog task's subset and split from its hub repository as MTEB loads it: the catalog's `loading` kind, then the
 * task's own hook where it has one (protocol 5.1 to 5.3).
 * @throws SweepError `SB-TASK-013` to `SB-TASK-016` while fetching; `SB-TASK-017` when the repository has another layout
 */
export async function readHubTask(
  ref: TaskRef & { source: { kind: 'hub' } },
  { hub, onNote }: { readonly hub: HubSettings; readonly onNote?: ((note: string) => void) | undefined },
  mistakes: MistakeList,
): Promise<TypedData> {
  const task = findTask(ref.task)
  const { repo: name, revision } = ref.source
  // A reference may come from another machine: with this one's token only the catalog's own data is fetched.
  const isCatalogs = task?.dataset.path === name && task.dataset.revision === revision && task.type === (ref.type ?? 'Retrieval')
  if (task === undefined || !isCatalogs) {
    const message = 'it is not what the catalog names for this task'
    throw new SweepError('SB-TASK-017', { repo: name, task: ref.task, message })
  }
  const repo = await HubRepo.open({ settings: hub, task: ref.task, onNote }, name, revision)
  const settings = taskSettings(ref)
  const { type } = settings
  if (type === 'Retrieval' || type === 'Reranking' || type === 'InstructionReranking') {
    const hook = RETRIEVAL_HOOKS[task.name]
    if (hook) return { type, ranked: await hook(repo, ref, mistakes) }
    if (task.loading !== 'retrieval-configs') return unknownLoading(task)
    return { type, ranked: await readRankedTables(rankedTables(repo, ref), mistakes) }
  }
  if (type === 'BitextMining' && (settings.isParallel || PARALLEL_HOOKS[task.name])) {
    const { table, columns } = PARALLEL_HOOKS[task.name]?.(repo, ref) ?? parallel(repo, ref)
    return { type, bitext: await readBitext(table, columns, mistakes) }
  }
  return readTable(ref, settings, pairTable(repo, ref, task), mistakes)
}

/** Configs of a retrieval-style repository (protocol 5.1); `<subset>-` stands before each but for `default`. */
function rankedTables(repo: HubRepo, { subset, split }: TaskRef): RankedTables {
  const named = (part: string) => (subset === 'default' ? part : `${subset}-${part}`)
  const whenThere = (part: string) => (repo.hasConfig(named(part)) ? repo.tableOfOnlySplit(named(part), split) : null)
  const plainQrels = repo.hasConfig('default') ? 'default' : 'qrels'
  return {
    corpus: repo.tableOfOnlySplit(named('corpus'), split),
    queries: repo.tableOfOnlySplit(repo.hasConfig('query') ? 'query' : named('queries'), split),
    qrels: repo.tableOfOnlySplit(subset === 'default' ? plainQrels : named('qrels'), split),
    topRanked: whenThere('top_ranked'),
    instruction: whenThere('instruction'),
    qrelDiff: repo.hasConfig('qrel_diff') ? repo.tableOfOnlySplit('qrel_diff', 'qrel_diff') : null,
  }
}

function parallel(repo: HubRepo, { subset, split }: TaskRef): { table: Table; columns: readonly [string, string] } {
  return { table: columnOf(repo.table(repo.defaultConfig(), split)), columns: pairColumns(subset) }
}

function pairTable(repo: HubRepo, { subset, split }: TaskRef, task: CatalogTask): Table {
  const table = loadedTable(repo, { task, subset, split })
  return PAIR_HOOKS[task.name]?.(table) ?? table
}

function loadedTable(repo: HubRepo, { task, subset, split }: { task: CatalogTask; subset: string; split: string }): Table {
  if (task.loading === 'config-per-subset') return repo.table(subset, split)
  if (task.loading === 'single-config') return repo.table(repo.defaultConfig(), split)
  if (task.loading === 'fast-lang-column') return filtered(repo.table(repo.defaultConfig(), split), (row) => row.lang === subset)
  return unknownLoading(task)
}

function unknownLoading(task: CatalogTask): never {
  const { name, loading, dataset } = task
  throw new SweepError('SB-TASK-017', { repo: dataset.path, task: name, message: `its own loader ("${loading}") is not known` })
}
