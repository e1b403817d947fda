import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { SweepError, type TaskRef } from '@sweepboard/contracts'
import type { CatalogTask } from './catalog.ts'
import { splitStatistics, subsetLanguages } from './catalog-subset.ts'
import type { ResolvedTask, ResolveOptions } from './resolve.ts'
import { listSplits } from './resolve-folder.ts'

interface PlacedSubset {
  readonly subset: string
  readonly folder: string
  readonly present: readonly string[]
}

/**
 * The references of a catalog task whose data lies below `datasetsRoot`: `<Task>/` for a task of one subset, else
 * `<Task>/<subset>/`. Subsets and splits asked for must be there; of those not asked for, the ones that are there are
 * taken, with a warning for the rest. A split outside MTEB's eval_splits is taken when asked for and there.
 */
export function resolveCatalogTask(task: CatalogTask, options: ResolveOptions): ResolvedTask {
  const { name } = task
  const type = task.loading === 'aggregate' ? 'aggregate' : task.type
  if (type !== 'Retrieval') throw new SweepError('SB-TASK-009', { task: name, type })
  const languages = subsetLanguages(task)
  const warnings: string[] = []
  const places = placeSubsets(task, options, warnings)
  const refs = places.flatMap((place) =>
    chooseSplits(task, place, { options, warnings }).map(
      (split): TaskRef => ({
        task: name,
        subset: place.subset,
        split,
        source: { kind: 'folder', path: place.folder },
        mainScore: task.mainScore,
        languages: languages.get(place.subset) ?? [],
        ignoreIdenticalIds: task.params.ignore_identical_ids === true,
        limit: options.limit ?? null,
        catalog: { revision: task.dataset.revision, ...splitStatistics(task, split) },
      }),
    ),
  )
  return {
    name,
    refs,
    warnings,
    instruction: { query: task.instruction?.query ?? '', document: task.instruction?.document ?? '' },
  }
}

function placeSubsets(task: CatalogTask, options: ResolveOptions, warnings: string[]): PlacedSubset[] {
  const { name } = task
  const known = [...subsetLanguages(task).keys()]
  const unknown = (options.subsets ?? []).filter((subset) => !known.includes(subset))
  if (unknown.length > 0) throw new SweepError('SB-TASK-010', { task: name, what: 'subset', name: unknown.join('", "') })
  if (options.datasetsRoot === undefined) throw new SweepError('SB-TASK-008', { task: name, path: `ROOT/${name}` })

  const folder = resolve(options.datasetsRoot, name)
  const wanted = [...new Set(options.subsets ?? known)]
  const places = wanted.map((subset) => ({ subset, folder: known.length === 1 ? folder : join(folder, subset) }))
  const found = places.filter((place) => existsSync(join(place.folder, 'corpus.jsonl')))
  const missing = places.filter((place) => !found.includes(place))
  if (missing[0] && (options.subsets || found.length === 0)) {
    const isAnySubset = known.length > 1 && !options.subsets
    const path = isAnySubset ? join(folder, '<subset>', 'corpus.jsonl') : join(missing[0].folder, 'corpus.jsonl')
    throw new SweepError('SB-TASK-008', { task: name, path: existsSync(folder) ? path : folder })
  }
  if (missing.length > 0)
    warnings.push(`${name}: ${missing.length} of ${known.length} subsets have no data in ${folder}, left out`)
  return found.map((place) => ({ ...place, present: listSplits(place.folder) }))
}

function chooseSplits(
  task: CatalogTask,
  place: PlacedSubset,
  { options, warnings }: { options: ResolveOptions; warnings: string[] },
) {
  const { subset, folder, present } = place
  const wanted = [...new Set(options.splits ?? task.evalSplits)]
  const found = wanted.filter((split) => present.includes(split))
  const absent = wanted.filter((split) => !present.includes(split))
  if (absent.length === 0) return found
  const strange = absent.filter((split) => !task.evalSplits.includes(split))
  if (strange.length > 0) throw new SweepError('SB-TASK-010', { task: task.name, what: 'split', name: strange.join('", "') })
  if (options.splits || found.length === 0)
    throw new SweepError('SB-TASK-008', { task: task.name, path: join(folder, 'qrels', `${absent[0]}.tsv`) })
  warnings.push(`${task.name} (${subset}): no judgments for split ${absent.join(', ')} in ${folder}, left out`)
  return found
}
