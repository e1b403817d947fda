import { resolve } from 'node:path'
import { SweepError, type TaskRef } from '@sweepboard/contracts'
import type { NamedTask, SweepSpec } from '@sweepboard/planner'
import {
  closest,
  expandTaskPattern,
  type HubSettings,
  listBenchmarks,
  type ResolvedTask,
  resolveTask,
  suggestTask,
} from '@sweepboard/tasks'
import { isPath, resolvePath } from './spec-path.ts'

/** One (task, subset, split) with the instruction its task gives each side. */
export interface NamedTaskData {
  readonly ref: TaskRef
  readonly instruction: ResolvedTask['instruction']
}

/** Codes for which a member of a glob or benchmark is left out with a warning: no data here, or a type that comes later. */
const SKIPPED = new Set(['SB-TASK-008', 'SB-TASK-016', 'SB-TASK-009'])

/** Finds the data of one task entry. A glob or benchmark skips members it cannot run here, but not all of them. */
export function findTask(
  named: NamedTask,
  place: {
    readonly spec: SweepSpec | null
    readonly specDir: string
    readonly datasets: string | undefined
    readonly hub: HubSettings
  },
): { readonly tasks: readonly NamedTaskData[]; readonly warnings: readonly string[] } {
  const expanded = isPath(named.task)
    ? [{ name: resolvePath(named.task, place.specDir), subsets: null, splits: null }]
    : expandTaskPattern(named.task)
  if (expanded.length === 0) throw new SweepError('SB-SPEC-005', { task: named.task, suggestion: suggestName(named.task) })
  const tasks: NamedTaskData[] = []
  const warnings: string[] = []
  let skipped: SweepError | null = null
  for (const { name, subsets, splits } of expanded) {
    try {
      const found = resolveTask(name, {
        datasetsRoot: place.datasets ? resolve(place.datasets) : undefined,
        subsets: named.subsets ?? subsets ?? undefined,
        splits: named.splits ?? splits ?? undefined,
        limit: place.spec?.limit,
        hub: place.hub,
      })
      tasks.push(...found.refs.map((ref) => ({ ref, instruction: found.instruction })))
      warnings.push(...found.warnings)
    } catch (thrown) {
      if (expanded.length === 1 || !(thrown instanceof SweepError) || !SKIPPED.has(thrown.code)) throw thrown
      skipped ??= thrown
      warnings.push(`${name} is left out of ${named.task}: ${thrown.message}`)
    }
  }
  if (tasks.length === 0 && skipped) throw skipped
  return { tasks, warnings }
}

function suggestName(pattern: string): string | undefined {
  return suggestTask(pattern) ?? closest(pattern, Object.keys(listBenchmarks())) ?? undefined
}
