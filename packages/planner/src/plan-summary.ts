import { configKey, encodingKey, type Plan, pairKey, type TaskRef, taskKey } from '@sweepboard/contracts'

/** What a plan will cost, as far as the catalog tells before any data is read. */
export interface PlanSummary {
  readonly sweep: string
  readonly cellCount: number
  readonly groupCount: number
  readonly models: readonly string[]
  readonly tasks: readonly string[]
  readonly loadCount: number
  /** Distinct (encoding key, side of a task), and lists to rerank: each is computed once whatever the number of configs. */
  readonly encodingCount: number
  /**
   * Texts to encode and pairs to score by the catalog's statistics; null where a task outside the catalog is named, or a
   * task is cut by `limit` to documents that only its data tells.
   */
  readonly textCount: number | null
  readonly memoryBytes: number
  readonly warnings: readonly string[]
}

export function summarizePlan(plan: Plan): PlanSummary {
  const encodings = new Map<string, number | null>()
  for (const { task, model, sides, rerank, derive } of plan.groups) {
    if (derive !== undefined) continue
    if (rerank !== undefined) {
      const queryCount = countsOf(task).query
      const pairs = `${rerank.parent?.group} ${rerank.parent && configKey(rerank.parent.config)} ${pairKey(rerank.load.key, rerank.recipe)}`
      encodings.set(pairs, queryCount === null ? null : queryCount * rerank.depth)
      continue
    }
    const counts = countsOf(task)
    for (const side of ['query', 'document'] as const) {
      encodings.set(`${taskKey(task)} ${side} ${encodingKey(model.load.key, sides[side])}`, counts[side])
    }
  }
  const counts = [...encodings.values()]
  const loads = plan.groups.map(({ model, rerank }) => rerank?.load ?? model.load)
  return {
    sweep: plan.sweep,
    cellCount: plan.groups.reduce((sum, group) => sum + group.configs.length, 0),
    groupCount: plan.groups.length,
    models: [...new Set(plan.groups.map((group) => group.model.load.model))],
    tasks: [...new Set(plan.groups.map((group) => group.task.task))],
    loadCount: new Set(loads.map(({ key }) => key)).size,
    encodingCount: encodings.size,
    textCount: counts.some((count) => count === null) ? null : counts.reduce<number>((sum, count) => sum + (count as number), 0),
    memoryBytes: Math.max(0, ...loads.map(({ memoryBytes }) => memoryBytes)),
    warnings: plan.warnings,
  }
}

/** Texts of both sides, before equal ones count once. The relevant documents that a limit keeps beside its first n are not in the catalog. */
function countsOf({ limit, type, catalog }: TaskRef): { query: number | null; document: number | null } {
  const { queryCount = null, documentCount = null } = catalog ?? {}
  if (limit === null) return { query: queryCount, document: documentCount }
  const cut = (count: number | null) => (count === null ? null : Math.min(count, limit))
  const isCutAlike = type === 'STS' || type === 'PairClassification' || (documentCount ?? Number.POSITIVE_INFINITY) <= limit
  return { query: cut(queryCount), document: isCutAlike ? cut(documentCount) : null }
}
