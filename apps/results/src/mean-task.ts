import type { TaskType } from '@sweepboard/contracts'
import { findTask } from '@sweepboard/tasks'
import { findAggregate } from './aggregate-tasks.ts'

/** Sum and count of main scores by task, one a (subset, split); a null sum is undefined. */
export type TaskSums = Map<string, { sum: number | null; count: number }>

export function addScore(sums: TaskSums, task: string, score: number | null): void {
  const found = sums.get(task)
  if (found === undefined) sums.set(task, { sum: score, count: 1 })
  else {
    found.sum = found.sum === null || score === null ? null : found.sum + score
    found.count += 1
  }
}

/**
 * Scores of the tasks that have one, the tasks whose score is undefined, and MTEB's Mean (Task) of them: a task's score is the flat mean over its entries (protocol 6.1),
 * each task counts once whatever its subsets, and the mean is null where one is missing or undefined (6.3).
 */
export function meanTask(
  sums: TaskSums,
  tasks: readonly string[],
): { scores: Record<string, number>; undefinedTasks: string[]; scoreCount: number; mean: number | null } {
  const scores: Record<string, number> = {}
  const undefinedTasks: string[] = []
  let [total, scoreCount] = [0, 0]
  for (const task of tasks) {
    const score = taskScore(sums, task)
    if (score === null) undefinedTasks.push(task)
    if (typeof score !== 'number') continue
    scores[task] = score
    total += score
    scoreCount += 1
  }
  return { scores, undefinedTasks, scoreCount, mean: scoreCount === tasks.length && scoreCount > 0 ? total / scoreCount : null }
}

/**
 * MTEB's Mean (TaskType): the mean over types of the mean of each type's tasks (protocol 6.3), types as MTEB tells them apart
 * (InstructionReranking is not Reranking). Null where a task has no score or its type is not known, and without tasks.
 */
export function meanTaskType(
  scores: Readonly<Record<string, number>>,
  tasks: readonly string[],
  types: Readonly<Record<string, string>>,
): number | null {
  const byType = new Map<string, { sum: number; count: number }>()
  for (const task of tasks) {
    const [score, type] = [scores[task], types[task]]
    if (score === undefined || type === undefined) return null
    const found = byType.get(type) ?? { sum: 0, count: 0 }
    byType.set(type, { sum: found.sum + score, count: found.count + 1 })
  }
  const means = [...byType.values()].map(({ sum, count }) => sum / count)
  return means.length === 0 ? null : means.reduce((sum, mean) => sum + mean, 0) / means.length
}

/** Types of tasks: as their own data was read, else as the catalog has them; a task known to neither has no key. */
export function typesOf(
  tasks: readonly string[],
  read: readonly { readonly task: string; readonly taskType: TaskType }[],
): Record<string, string> {
  const own = new Map(read.map(({ task, taskType }) => [task, taskType]))
  return Object.fromEntries(
    tasks.flatMap((task) => {
      const type = own.get(task) ?? findTask(task)?.type
      return type === undefined ? [] : [[task, type] as const]
    }),
  )
}

/**
 * Flat mean over a task's entries, of an aggregate over its components' means; null where one of them is undefined, and undefined
 * where there is none, or a component is missing.
 */
function taskScore(sums: TaskSums, task: string): number | null | undefined {
  const found = sums.get(task)
  if (found !== undefined) return found.sum === null ? null : found.sum / found.count
  const { components = [] } = findAggregate(task) ?? {}
  const means = components.map((component) => taskScore(sums, component))
  if (means.length === 0 || means.includes(undefined)) return undefined
  if (means.includes(null)) return null
  return means.reduce<number>((sum, mean) => sum + (mean as number), 0) / means.length
}
