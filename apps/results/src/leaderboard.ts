import { type Config, isDefaultConfig, recipeName, type Similarity } from '@sweepboard/contracts'
import type { BoardCell } from '@sweepboard/ledger'
import { findAggregate, foldAggregates, unfoldAggregates } from './aggregate-tasks.ts'
import type { Lacking } from './benchmark-board.ts'
import { addScore, meanTask, meanTaskType, type TaskSums, typesOf } from './mean-task.ts'
import type { Entry, PublishedLookup } from './published-index.ts'
import { otherSimilarity } from './system-name.ts'

export interface LeaderboardRow {
  readonly model: string
  readonly revision: string
  /** Recipe label beside the model, e.g. `no instruction`; empty for the model's own recipe. */
  readonly variant: string
  readonly config: Config | null
  /** Length of the full vector; null where there is none (bm25, rerankers) and where the file of a published row does not say. */
  readonly fullDimensions: number | null
  readonly isDefault: boolean
  /** Similarity that was scored by, where it is not the recipe's own. */
  readonly otherSimilarity?: Similarity
  readonly origin: 'ours' | 'published'
  /** Names the row's recipe among resource rows; null for published rows. */
  readonly recipe: string | null
  /** By task, its languages that the model, or the reranker over it, does not claim: "language not claimed". */
  readonly unclaimed: Readonly<Record<string, readonly string[]>>
  /** Main score by task: flat mean over its (split, subset) entries (protocol 6.1); a missing task has no key. */
  readonly scores: Readonly<Record<string, number>>
  /** Tasks with a result of which the main score is undefined; only where there are some. */
  readonly undefinedTasks?: readonly string[]
  /** MTEB's Mean (Task): the mean of the tasks' scores; null where a task is missing (protocol 6.3). */
  readonly mean: number | null
  /** MTEB's Mean (TaskType): the mean over types of the mean of a type's tasks; null where a task is missing or of unknown type. */
  readonly meanType: number | null
  /** By task, what the row lacks of the entries a benchmark wants; on the board of one alone, and only where something lacks. */
  readonly lacking?: Readonly<Record<string, Lacking>>
  /** Rank by mean among rows that have every task; null below that line. Equal means share the better rank. */
  readonly rank: number | null
}

export interface Leaderboard {
  readonly tasks: readonly string[]
  readonly mainScores: Readonly<Record<string, string>>
  /** MTEB's type of each task; a task that is neither ours nor in the catalog has no key. */
  readonly types: Readonly<Record<string, string>>
  readonly rows: readonly LeaderboardRow[]
}

/** A row before it has a place among others. */
export interface ScoredRow {
  readonly row: Omit<LeaderboardRow, 'rank' | 'meanType'>
  readonly scoreCount: number
}

/** A board in order, each row with its rank. */
export interface Ranking extends Omit<Leaderboard, 'rows'> {
  readonly rows: readonly { readonly scored: ScoredRow; readonly meanType: number | null; readonly rank: number | null }[]
}

/** Entries of ours by task: over which (split, subset) of it published scores are compared. */
export type EntriesByTask = ReadonlyMap<string, readonly Entry[]>

/** Where published rows come from: `scorePublished` over a lookup, or what was kept of it. */
export interface PublishedSource {
  tasks(): readonly string[]
  rows(tasks: readonly string[], entriesOfOurs: EntriesByTask): readonly ScoredRow[]
}

interface Draft {
  readonly head: Omit<LeaderboardRow, 'scores' | 'undefinedTasks' | 'mean' | 'meanType' | 'rank' | 'unclaimed'>
  readonly unclaimed: Map<string, readonly string[]>
  readonly sums: TaskSums
}

/**
 * The board: one row per (model, revision, recipe variant, config, origin). Published rows stand beside ours for the tasks
 * ours name, over the same subsets and splits (without one of them the task is missing), never merged. Rows lacking a task come
 * last, unranked; undefined scores count as missing. `tasksNamed` are the columns; null takes those of our cells, or without any
 * those published, components of an aggregate that are all there as one column. `published` null leaves imported scores out.
 */
export function buildLeaderboard(
  ours: readonly BoardCell[],
  published: PublishedSource | null,
  tasksNamed: readonly string[] | null,
): Leaderboard {
  return toLeaderboard(rankRows(ours, published, tasksNamed))
}

export function toLeaderboard({ rows, ...head }: Ranking): Leaderboard {
  return { ...head, rows: rows.map(({ scored, meanType, rank }) => ({ ...scored.row, meanType, rank })) }
}

/** The same board with its rows as they were scored. */
export function rankRows(
  ours: readonly BoardCell[],
  published: PublishedSource | null,
  tasksNamed: readonly string[] | null,
): Ranking {
  const own = ours.map((cell) => cell.task)
  const tasks = [...new Set(tasksNamed ?? (own.length > 0 ? foldAggregates(own) : (published?.tasks() ?? [])))].sort()
  const rows = finishAll(draftOurs(ours, new Set(unfoldAggregates(tasks))), tasks).concat(
    published?.rows(tasks, entriesOf(ours)) ?? [],
  )
  rows.sort(
    (a, b) =>
      Number(b.row.mean !== null) - Number(a.row.mean !== null) ||
      (b.row.mean ?? 0) - (a.row.mean ?? 0) ||
      b.scoreCount - a.scoreCount ||
      (a.row.model < b.row.model ? -1 : 1),
  )
  const types = typesOf(tasks, ours)
  let rank = 0
  const ranked = rows.map((scored, i) => {
    const { mean, scores } = scored.row
    // Sorted by mean: a row shares the rank of the one before it where their means are equal.
    if (mean !== null && mean !== rows[i - 1]?.row.mean) rank = i + 1
    return { scored, meanType: mean === null ? null : meanTaskType(scores, tasks, types), rank: mean === null ? null : rank }
  })
  const mainScores = Object.fromEntries(ours.map((cell) => [cell.task, cell.mainScoreName]))
  for (const task of tasks) {
    const aggregate = findAggregate(task)
    if (aggregate?.components.some((component) => component in mainScores)) mainScores[task] = aggregate.mainScore
  }
  return { tasks, mainScores, types, rows: ranked }
}

/** Rows of imported scores. A mean over other subsets or splits than ours would look like a gap: it is taken over the ones we scored. */
export function scorePublished(
  published: PublishedLookup,
  tasks: readonly string[],
  entriesOfOurs: EntriesByTask,
): readonly ScoredRow[] {
  const drafts = new Map<string, Map<string, Draft>>()
  const draftOf = (model: string, revision: string): Draft => {
    const revisions = drafts.get(model) ?? new Map<string, Draft>()
    if (revisions.size === 0) drafts.set(model, revisions)
    let draft = revisions.get(revision)
    if (draft === undefined) {
      const head = {
        model,
        revision,
        variant: '',
        config: null,
        fullDimensions: null,
        isDefault: true,
        origin: 'published',
        recipe: null,
      } as const
      draft = { head, sums: new Map(), unclaimed: new Map() }
      revisions.set(revision, draft)
    }
    return draft
  }
  for (const task of tasks) {
    const entries = entriesOfOurs.get(task)
    if (entries === undefined) {
      for (const { model, revision, score } of published.means(task)) addScore(draftOf(model, revision).sums, task, score)
      continue
    }
    for (const entry of entries)
      for (const { model, revision, score } of published.entries(entry)) addScore(draftOf(model, revision).sums, task, score)
    for (const revisions of drafts.values())
      for (const { sums } of revisions.values()) if ((sums.get(task)?.count ?? 0) < entries.length) sums.delete(task)
  }
  return finishAll(
    [...drafts.values()].flatMap((revisions) => [...revisions.values()]),
    tasks,
  )
}

function entriesOf(ours: readonly BoardCell[]): EntriesByTask {
  const found = new Map<string, Map<string, Entry>>()
  for (const { task, subset, split } of ours) {
    const entries = found.get(task) ?? new Map<string, Entry>()
    found.set(task, entries.set(`${split} ${subset}`, { task, subset, split }))
  }
  return new Map([...found].map(([task, entries]) => [task, [...entries.values()]]))
}

function draftOurs(ours: readonly BoardCell[], tasks: ReadonlySet<string>): Iterable<Draft> {
  const drafts = new Map<string, Draft>()
  for (const cell of ours) {
    if (!tasks.has(cell.task)) continue
    const { model, revision, variant, config } = cell
    const key = `${cell.recipeKey} ${cell.configKey} ${variant}`
    let draft = drafts.get(key)
    if (draft === undefined) {
      const isDefault = variant === '' && isDefaultConfig(config, cell.recipe.similarity)
      const fullDimensions = vectorLength(cell.recipe)
      const recipe = recipeName(cell)
      const named = { model, revision, variant, config, fullDimensions, isDefault, ...otherSimilarity(cell) }
      const head = { ...named, origin: 'ours', recipe } as const
      draft = { head, sums: new Map(), unclaimed: new Map() }
      drafts.set(key, draft)
    }
    addScore(draft.sums, cell.task, cell.mainScore)
    noteUnclaimed(draft, cell)
  }
  return drafts.values()
}

/** Length of a recipe's full vector; null for token lists and rerankers, which have none. */
export function vectorLength({ dimensions }: Pick<BoardCell['recipe'], 'dimensions'>): number | null {
  return dimensions === 1 ? null : dimensions
}

function noteUnclaimed({ unclaimed }: Draft, cell: BoardCell): void {
  if (cell.unclaimed.length === 0) return
  unclaimed.set(cell.task, [...new Set([...(unclaimed.get(cell.task) ?? []), ...cell.unclaimed])])
}

/** Drafts with at least one entry on a task of the board, as rows. */
function finishAll(drafts: Iterable<Draft>, tasks: readonly string[]): ScoredRow[] {
  return [...drafts].filter(({ sums }) => sums.size > 0).map((draft) => finish(draft, tasks))
}

function finish({ head, sums, unclaimed }: Draft, tasks: readonly string[]): ScoredRow {
  const { scores, undefinedTasks, scoreCount, mean } = meanTask(sums, tasks)
  const told = undefinedTasks.length === 0 ? {} : { undefinedTasks }
  return { row: { ...head, unclaimed: Object.fromEntries(unclaimed), scores, ...told, mean }, scoreCount }
}
