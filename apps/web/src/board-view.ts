import type { Leaderboard, LeaderboardRow } from '@sweepboard/results'

/** What the reader chose; '' = everything. */
export interface BoardFilter {
  readonly find: string
  readonly origin: string
  readonly precision: string
  readonly dimensions: string
}

export interface BoardRow extends LeaderboardRow {
  readonly key: string
  /** Lengths of full vectors are not in the answer: `full`, or the number cut to; null for published rows. */
  readonly dimensions: string | null
  readonly taskCount: number
}

/** The rows a reader sees, and what surrounds them. */
export interface BoardView {
  readonly tasks: readonly string[]
  readonly ranked: readonly BoardRow[]
  /** Rows lacking a task: below the line, unranked. */
  readonly incomplete: readonly BoardRow[]
  /** Rows before the filter. */
  readonly total: number
  /** By task, lowest and highest score of the ranked rows shown; baselines would stretch the scale and are left out. */
  readonly ranges: ReadonlyMap<string, { readonly low: number; readonly high: number }>
}

/** A random or lexical yardstick, named so by MTEB. */
export function isBaseline(row: Pick<LeaderboardRow, 'model'>): boolean {
  return row.model.startsWith('mteb/baseline-')
}

export function toBoardRow(row: LeaderboardRow): BoardRow {
  const dimensions = row.config === null ? null : row.config.dimensions === null ? 'full' : String(row.config.dimensions)
  return {
    ...row,
    key: JSON.stringify([row.origin, row.model, row.revision, row.variant, row.config]),
    dimensions,
    taskCount: Object.keys(row.scores).length,
  }
}

/** Filters the board; ranks stay those of the whole board, since a filter does not make a model better. */
export function viewBoard(board: Leaderboard, filter: BoardFilter): BoardView {
  const wanted = filter.find.trim().toLowerCase()
  const rows = board.rows.map(toBoardRow).filter((row) => {
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
  return { tasks: board.tasks, ranked, incomplete: rows.filter((row) => row.rank === null), total: board.rows.length, ranges }
}

/** Values that occur, for the filter's choices: numbers descending, words in order, `full` first. */
export function choices(board: Leaderboard): { readonly precisions: string[]; readonly dimensions: string[] } {
  const rows = board.rows.map(toBoardRow)
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
