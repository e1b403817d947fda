/**
 * Mean over the tasks that a row without all of them has a score of; null of a row that has all, and of one that has none. It is over other
 * tasks than the means of other rows: to be shown marked, never to be ranked by.
 */
export function ownMean({
  mean,
  scores,
}: {
  readonly mean: number | null
  readonly scores: Readonly<Record<string, number>>
}): number | null {
  const own = Object.values(scores)
  return mean !== null || own.length === 0 ? null : own.reduce((sum, score) => sum + score, 0) / own.length
}

/** Whether tasks are of several types; a mean over types says something else than one over tasks only then. */
export function hasTypes({
  tasks,
  types,
}: {
  readonly tasks: readonly string[]
  readonly types: Readonly<Record<string, string>>
}): boolean {
  return tasks.every((task) => types[task] !== undefined) && new Set(tasks.map((task) => types[task])).size > 1
}
