import { SweepError } from '@sweepboard/contracts'
import { type CatalogTask, findTask } from './catalog.ts'
import type { ResolvedTask, ResolveOptions } from './resolve.ts'
import { resolveCatalogTask } from './resolve-catalog.ts'

/**
 * A task without data of its own: the references of its components, all of which must be there, since its score is the
 * mean of their main scores and MTEB gives none when one is missing (mteb/abstasks/aggregated_task.py).
 */
export function resolveAggregate(task: CatalogTask, options: ResolveOptions): ResolvedTask {
  const { name } = task
  for (const subset of options.subsets ?? [])
    if (subset !== 'default') throw new SweepError('SB-TASK-010', { task: name, what: 'subset', name: subset })
  const components = task.componentTasks ?? []
  const resolved = components.map((component) => resolveCatalogTask(findTask(component) as CatalogTask, options))
  const [first] = resolved
  if (first === undefined) throw new SweepError('SB-TASK-009', { task: name, type: 'aggregate' })
  return {
    name,
    type: first.type,
    refs: resolved.flatMap(({ refs }) => refs),
    warnings: resolved.flatMap(({ warnings }) => warnings),
    instruction: first.instruction,
    components,
  }
}
