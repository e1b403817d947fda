import type { CatalogTask } from './catalog.ts'

const pairLanguages = (pair: string) => pair.split('-').map((language) => language.replace('_', '-'))

/**
 * Languages (`iso639_3-Script`) of every subset of a task, in MTEB's order of subsets. Monolingual tasks have the one
 * subset `default`; FloresBitextMining has 41,412.
 */
export function subsetLanguages(task: CatalogTask): ReadonlyMap<string, readonly string[]> {
  const { subsets } = task
  if (subsets.encoding === 'map') return new Map(Object.entries(subsets.map))
  const names =
    subsets.encoding === 'pair-names'
      ? subsets.names
      : subsets.members.flatMap((a) => subsets.members.filter((b) => b !== a).map((b) => `${a}-${b}`))
  return new Map(names.map((name) => [name, pairLanguages(name)]))
}

/**
 * Query and document counts of one split of a task with one subset, for tasks of pairs the number of pairs on both sides; nulls where the catalog does not know them, as for
 * every multi-subset task: MTEB's statistics are sums over the subsets.
 */
export function splitStatistics(task: CatalogTask, split: string): { queryCount: number | null; documentCount: number | null } {
  const stats = subsetLanguages(task).size === 1 ? task.stats?.[split] : undefined
  const pairs = stats?.num_queries === undefined ? stats?.num_samples : undefined
  return { queryCount: stats?.num_queries ?? pairs ?? null, documentCount: stats?.num_documents ?? pairs ?? null }
}
