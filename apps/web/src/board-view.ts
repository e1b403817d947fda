import { hasTypes, ownMean } from '@sweepboard/contracts/board-means'
import { tellApart } from '@sweepboard/contracts/tell-apart'
import type { Leaderboard, LeaderboardRow, ResourceRow } from '@sweepboard/results'

/** What the reader chose; '' = everything. */
export interface BoardFilter {
  readonly find: string
  readonly origin: string
  readonly precision: string
  readonly dimensions: string
}

export interface BoardRow extends LeaderboardRow {
  readonly key: string
  /** As the filter names it: `full`, or the number cut to; null for rows without vectors and published ones. */
  readonly dimensions: string | null
  /** Length of the vectors compared: `–` where there are none (bm25, rerankers), `?` where a published file does not say. */
  readonly shownDimensions: string
  readonly shownPrecision: string
  /** What of its config differs from the model's own: `64 dims · int8`; empty where nothing does. */
  readonly details: string
  /** What its recipe took; null while not asked for, and for published rows. */
  readonly resources: ResourceRow | null
  readonly taskCount: number
  /** Mean of the tasks it has, of a row that lacks some. */
  readonly ownMean: number | null
}

/** The rows a reader sees, and what surrounds them. */
export interface BoardView {
  readonly tasks: readonly string[]
  /** Whether the tasks are of several types: the mean over types repeats the other mean where not. */
  readonly hasTypes: boolean
  readonly ranked: readonly BoardRow[]
  /** Rows lacking a task: below the line, unranked. */
  readonly incomplete: readonly BoardRow[]
  /** Rows before the filter. */
  readonly total: number
  /** By task, lowest and highest score of the ranked rows shown; baselines would stretch the scale and are left out. */
  readonly ranges: ReadonlyMap<string, { readonly low: number; readonly high: number }>
}

const NONE: ReadonlyMap<string, ResourceRow> = new Map()

/** A random or lexical yardstick, named so by MTEB. */
export function isBaseline(row: Pick<LeaderboardRow, 'model'>): boolean {
  return row.model.startsWith('mteb/baseline-')
}

/** A row with what is shown of it; `resources` by recipe; `mark` tells it from rows that read alike. */
export function toBoardRow(row: LeaderboardRow, resources: ReadonlyMap<string, ResourceRow> = NONE, mark = ''): BoardRow {
  const { config, fullDimensions } = row
  const isCut = config !== null && config.dimensions !== null
  return {
    ...row,
    key: JSON.stringify([row.origin, row.model, row.revision, row.variant, config, row.recipe]),
    dimensions: isCut ? String(config.dimensions) : config === null || fullDimensions === null ? null : 'full',
    details: [mark, detailsOf(row)].filter(Boolean).join(' · '),
    shownDimensions: String(config?.dimensions ?? fullDimensions ?? (config === null ? '?' : '–')),
    shownPrecision: config === null ? '?' : fullDimensions === null ? '–' : config.precision,
    resources: resources.get(row.recipe ?? '') ?? null,
    taskCount: Object.keys(row.scores).length,
    ownMean: ownMean(row),
  }
}

function detailsOf({ config, otherSimilarity }: LeaderboardRow): string {
  if (config === null) return ''
  const parts = [
    config.dimensions === null ? '' : `${config.dimensions} dims`,
    config.precision === 'float32' ? '' : config.precision,
    otherSimilarity ?? '',
  ]
  return parts.filter(Boolean).join(' · ')
}

/** Filters the board; ranks stay those of the whole board, since a filter does not make a model better. */
export function viewBoard(board: Leaderboard, filter: BoardFilter, resources: readonly ResourceRow[] = []): BoardView {
  const byRecipe = new Map(resources.map((row) => [row.recipe, row]))
  const wanted = filter.find.trim().toLowerCase()
  const marks = tellApart(board.rows)
  const rows = board.rows
    .map((row, i) => toBoardRow(row, byRecipe, marks[i]))
    .filter((row) => {
      if (wanted && !`${row.model} ${row.variant}`.toLowerCase().includes(wanted)) return false
      if (filter.origin && row.origin !== filter.origin) return false
      if (filter.precision && row.config?.precision !== filter.precision) return false
      return !filter.dimensions || row.dimensions === filter.dimensions
    })
  const ranked = rows.filter((row) => row.rank !== null)
  const ranges = new Map(
    board.tasks.flatMap((task) => {
      const scores = ranked.flatMap((row) => (isBaseline(row) ? [] : (row.scores[task] ?? [])))
      return scores.length > 1 ? [[task, { low: Math.min(...scores), high: Math.max(...scores) }] as const] : []
    }),
  )
  const incomplete = rows.filter((row) => row.rank === null)
  return { tasks: board.tasks, hasTypes: hasTypes(board), ranked, incomplete, total: board.rows.length, ranges }
}

/** Values that occur, for the filter's choices: numbers descending, words in order, `full` first. */
export function choices(board: Leaderboard): { readonly precisions: string[]; readonly dimensions: string[] } {
  const rows = board.rows.map((row) => toBoardRow(row))
  const distinct = (values: (string | null | undefined)[]) => [...new Set(values.filter((value) => value != null))]
  const size = (value: string) => (value === 'full' ? Number.POSITIVE_INFINITY : Number(value))
  return {
    precisions: distinct(rows.map((row) => row.config?.precision)).sort(),
    dimensions: distinct(rows.map((row) => row.dimensions)).sort((a, b) => (size(b) > size(a) ? 1 : -1)),
  }
}

/** Rows of `fresh` that are new, gone, moved or changed against `shown`. */
export function changedRows(shown: Leaderboard, fresh: Leaderboard): number {
  const before = new Map(shown.rows.map((row, at) => [toBoardRow(row).key, JSON.stringify([at, row.scores, row.rank])]))
  const after = fresh.rows.map((row, at) => [toBoardRow(row).key, JSON.stringify([at, row.scores, row.rank])] as const)
  const kept = new Set(after.map(([key]) => key))
  const gone = [...before.keys()].filter((key) => !kept.has(key)).length
  return gone + after.filter(([key, state]) => before.get(key) !== state).length
}
