import type { TaskRef, TaskType } from '@sweepboard/contracts'
import { findTask } from './catalog.ts'
import { readTaskFile } from './task-file.ts'

/** What reading a task's data needs to know beside where it lies. */
export interface TaskSettings {
  readonly type: TaskType
  readonly minScore: number
  readonly maxScore: number
  /** One table with a column per language; subset `A-B` matches column A against column B. */
  readonly isParallel: boolean
}

/** MTEB's range of scores where a task says nothing. */
const DEFAULT_RANGE = { minScore: 0, maxScore: 5 }

/** From the catalog for its tasks, else from `task.json`. */
export function taskSettings(ref: TaskRef): TaskSettings {
  const type = ref.type ?? 'Retrieval'
  const params = ref.catalog === null && ref.source.kind !== 'hub' ? undefined : findTask(ref.task)?.params
  if (params)
    return {
      type,
      minScore: Number(params.min_score ?? DEFAULT_RANGE.minScore),
      maxScore: Number(params.max_score ?? DEFAULT_RANGE.maxScore),
      isParallel: params.parallel_subsets === true,
    }
  const file = ref.source.kind === 'folder' && type === 'STS' ? readTaskFile(ref.task, ref.source.path) : {}
  return {
    type,
    minScore: file.minScore ?? DEFAULT_RANGE.minScore,
    maxScore: file.maxScore ?? DEFAULT_RANGE.maxScore,
    isParallel: false,
  }
}
