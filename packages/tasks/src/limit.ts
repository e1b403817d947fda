import type { TaskData } from './task-data.ts'

/**
 * The task cut to its first n judged queries, their relevant documents (grade above 0) and the first n other documents,
 * both sides in file order. Judgments of the kept queries stay whole: a relevant document outside the corpus still counts.
 */
export function limitTask(data: TaskData, n: number): TaskData {
  const queries = data.queries.slice(0, n)
  const relevant = new Set(
    queries.flatMap((query) => [...query.grades].filter(([, grade]) => grade > 0).map(([document]) => document)),
  )
  let others = 0
  const documents = data.documents.filter(({ id }) => {
    if (relevant.has(id)) return true
    others += 1
    return others <= n
  })
  return { ...data, queries, documents }
}
