import { findTask, listTasks } from '@sweepboard/tasks'

/** A task without data of its own: its score is the mean of its components' main scores, and missing where one of theirs is. */
export interface Aggregate {
  readonly name: string
  readonly components: readonly string[]
  readonly mainScore: string
}

/** The aggregate of that name; null for any other task. */
export function findAggregate(name: string): Aggregate | null {
  const task = findTask(name)
  return task?.componentTasks ? { name, components: task.componentTasks, mainScore: task.mainScore } : null
}

/** Columns of a board: components that are all there give way to their aggregate, as in MTEB's tables. */
export function foldAggregates(tasks: readonly string[]): string[] {
  const there = new Set(tasks)
  for (const { name } of listTasks()) {
    const found = findAggregate(name)
    if (found === null || !found.components.every((component) => there.has(component))) continue
    for (const component of found.components) there.delete(component)
    there.add(name)
  }
  return [...there]
}

/** Tasks whose cells the columns are made of. */
export function unfoldAggregates(columns: readonly string[]): string[] {
  return columns.flatMap((name) => [name, ...(findAggregate(name)?.components ?? [])])
}
