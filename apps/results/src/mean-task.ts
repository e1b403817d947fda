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
 * Scores of the tasks that have one, and MTEB's Mean (Task) of them: a task's score is the flat mean over its entries (protocol 6.1),
 * each task counts once whatever its subsets, and the mean is null where one is missing or undefined (6.3).
 */
export function meanTask(
  sums: TaskSums,
  tasks: readonly string[],
): { scores: Record<string, number>; scoreCount: number; mean: number | null } {
  const scores: Record<string, number> = {}
  let [total, scoreCount] = [0, 0]
  for (const task of tasks) {
    const score = taskScore(sums, task)
    if (score === null) continue
    scores[task] = score
    total += score
    scoreCount += 1
  }
  return { scores, scoreCount, mean: scoreCount === tasks.length && scoreCount > 0 ? total / scoreCount : null }
}

/** Flat mean over a task's entries, of an aggregate over its components' means; null where one is missing or undefined. */
function taskScore(sums: TaskSums, task: string): number | null {
  const found = sums.get(task)
  if (found !== undefined) return found.sum === null ? null : found.sum / found.count
  const { components = [] } = findAggregate(task) ?? {}
  const means = components.map((component) => taskScore(sums, component))
  if (means.length === 0 || means.some((mean) => mean === null)) return null
  return means.reduce<number>((sum, mean) => sum + (mean as number), 0) / means.length
}
