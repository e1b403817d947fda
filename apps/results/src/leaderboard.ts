import { type Config, isDefaultConfig } from '@sweepboard/contracts'
import type { BoardCell, PublishedScore } from '@sweepboard/ledger'

export interface LeaderboardRow {
  readonly model: string
  readonly revision: string
  /** Recipe label beside the model, e.g. `no instruction`; empty for the model's own recipe. */
  readonly variant: string
  readonly config: Config | null
  /** Length of the full vector; null where the file of a published row does not say. */
  readonly fullDimensions: number | null
  readonly isDefault: boolean
  readonly origin: 'ours' | 'published'
  /** Main score by task: flat mean over its (split, subset) entries (protocol 6.1); a missing task has no key. */
  readonly scores: Readonly<Record<string, number>>
  readonly mean: number | null
  /** Rank by mean among rows that have every task; null below that line. Equal means share the better rank. */
  readonly rank: number | null
}

export interface Leaderboard {
  readonly tasks: readonly string[]
  readonly mainScores: Readonly<Record<string, string>>
  readonly rows: readonly LeaderboardRow[]
}

interface Draft extends Omit<LeaderboardRow, 'scores' | 'mean' | 'rank'> {
  readonly entries: Map<string, (number | null)[]>
}

/**
 * The board: one row per (model, revision, recipe variant, config, origin). Published rows stand beside ours for the tasks
 * ours name, over the same subsets and splits (without one of them the task is missing), never merged. Rows lacking a task come
 * last, unranked; undefined scores count as missing. `tasks` names the columns; null takes those of our cells, or without any
 * those published.
 */
export function buildLeaderboard(
  ours: readonly BoardCell[],
  published: readonly PublishedScore[],
  tasksNamed: readonly string[] | null,
): Leaderboard {
  const named = new Set(tasksNamed ?? (ours.length > 0 ? ours : published).map((row) => row.task))
  const drafts = new Map<string, Draft>()
  const add = (key: string, head: Omit<Draft, 'entries'>, task: string, score: number | null) => {
    const draft = drafts.get(key) ?? { ...head, entries: new Map() }
    draft.entries.set(task, [...(draft.entries.get(task) ?? []), score])
    drafts.set(key, draft)
  }
  for (const cell of ours) {
    if (!named.has(cell.task)) continue
    const { model, revision, variant, config } = cell
    const isDefault = variant === '' && isDefaultConfig(config, cell.recipe.similarity)
    add(
      `ours ${cell.recipeKey} ${variant} ${cell.configKey}`,
      { model, revision, variant, config, fullDimensions: cell.recipe.dimensions, isDefault, origin: 'ours' },
      cell.task,
      cell.mainScore,
    )
  }
  // A published mean over other subsets or splits than ours would look like a gap: it is taken over the ones we scored.
  const entriesOfOurs = new Map<string, Set<string>>()
  for (const { task, subset, split } of ours)
    entriesOfOurs.set(task, (entriesOfOurs.get(task) ?? new Set()).add(`${split} ${subset}`))
  for (const row of published) {
    if (!named.has(row.task)) continue
    if (entriesOfOurs.get(row.task)?.has(`${row.split} ${row.subset}`) === false) continue
    const { model, revision } = row
    add(
      `published ${model} ${revision}`,
      { model, revision, variant: '', config: null, fullDimensions: null, isDefault: true, origin: 'published' },
      row.task,
      row.mainScore,
    )
  }
  const tasks = [...named].sort()
  for (const draft of drafts.values()) {
    for (const [task, scores] of draft.entries)
      if (draft.origin === 'published' && scores.length < (entriesOfOurs.get(task)?.size ?? 0)) draft.entries.delete(task)
  }
  const rows = [...drafts.values()].filter((draft) => draft.entries.size > 0).map((draft) => finish(draft, tasks))
  rows.sort(
    (a, b) =>
      Number(b.mean !== null) - Number(a.mean !== null) ||
      (b.mean ?? 0) - (a.mean ?? 0) ||
      Object.keys(b.scores).length - Object.keys(a.scores).length ||
      (a.model < b.model ? -1 : 1),
  )
  const mainScores = Object.fromEntries(ours.map((cell) => [cell.task, cell.mainScoreName]))
  return {
    tasks,
    mainScores,
    rows: rows.map((row) => ({
      ...row,
      rank:
        row.mean === null ? null : 1 + rows.filter((other) => other.mean !== null && other.mean > (row.mean as number)).length,
    })),
  }
}

function finish({ entries, ...head }: Draft, tasks: readonly string[]): LeaderboardRow {
  const scores: Record<string, number> = {}
  for (const [task, values] of entries) {
    const sum = values.reduce<number | null>((total, value) => (total === null || value === null ? null : total + value), 0)
    if (sum !== null) scores[task] = sum / values.length
  }
  const own = tasks.map((task) => scores[task])
  const mean =
    own.every((score) => score !== undefined) && own.length > 0 ? own.reduce((sum, score) => sum + score, 0) / own.length : null
  return { ...head, scores, mean, rank: null }
}
