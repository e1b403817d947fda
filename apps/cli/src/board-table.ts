import { briefVariant, tellApart } from '@sweepboard/contracts'
import type { Leaderboard, LeaderboardRow } from '@sweepboard/results'
import { type Column, displayWidth, renderTable, terminalWidth } from './table.ts'

/** Four decimals, half to even over the shown digits of the double, `·` for missing. */
export function formatScore(score: number | undefined | null): string {
  if (score === undefined || score === null) return '·'
  return score.toFixed(4)
}

/** Length of the vectors that were compared; `?` where a published file does not say, `–` for a reranker and for bm25, which have none. */
export function shownDimensions({ config, fullDimensions }: Pick<LeaderboardRow, 'config' | 'fullDimensions'>): string {
  return String(config?.dimensions ?? fullDimensions ?? (config === null ? '?' : '–'))
}

/** Number type of the vectors that were compared, with the signs of `shownDimensions`. */
export function shownPrecision({ config, fullDimensions }: Pick<LeaderboardRow, 'config' | 'fullDimensions'>): string {
  if (config === null) return '?'
  return fullDimensions === null ? '–' : config.precision
}

/** The leaderboard as a terminal table: rank, model, what was derived, both means (of one task, one), one column per task while there is room. */
export function showBoard(board: Leaderboard, width = terminalWidth()): string {
  if (board.rows.length === 0) return 'No scores yet.'
  const marks = tellApart(board.rows)
  const names = board.rows.map(({ model, variant }, i) => model + marks[i] + (variant ? ` [${briefVariant(variant)}]` : ''))
  // Rows must be told apart before more tasks are worth their room.
  const nameRoom = Math.min(48, Math.max(20, ...names.map(displayWidth)))
  const hasTypes = board.tasks.length > 1
  const taskRoom = Math.max(0, Math.floor((width - 47 - (hasTypes ? 17 : 0) - nameRoom) / 12))
  const tasks = board.tasks.slice(0, taskRoom)
  const columns: Column[] = [
    { title: '#', align: 'right' },
    { title: 'model', min: 14 },
    { title: 'dims', align: 'right' },
    { title: 'precision' },
    { title: 'origin' },
    { title: 'Mean (Task)', align: 'right' },
    ...(hasTypes ? [{ title: 'Mean (TaskType)', align: 'right' as const, isOptional: true }] : []),
    ...tasks.map((task) => ({ title: task.length > 16 ? `${task.slice(0, 15)}…` : task, align: 'right' as const })),
  ]
  const rows = board.rows.map((row, i) => [
    row.rank === null ? '·' : String(row.rank),
    names[i] as string,
    shownDimensions(row),
    shownPrecision(row),
    row.origin,
    formatScore(row.mean),
    ...(hasTypes ? [formatScore(row.meanType)] : []),
    ...tasks.map((task) => formatScore(row.scores[task]) + (isUnclaimed(row, task) ? '*' : '')),
  ])
  const hidden = board.tasks.length - tasks.length
  const note = hidden > 0 ? `\n${hidden} more task${hidden === 1 ? '' : 's'}: widen the terminal, or use --json or --csv.` : ''
  const unclaimed = tasks.some((task) => board.rows.some((row) => isUnclaimed(row, task))) ? `\n* ${UNCLAIMED}` : ''
  return renderTable(columns, rows, width) + note + unclaimed
}

/** What is said of a score in a language that the model does not claim. */
export const UNCLAIMED = 'language not claimed by the model'

/** Whether a row has a score of a task in a language that its model does not claim. */
export function isUnclaimed(row: LeaderboardRow, task: string): boolean {
  return row.unclaimed[task] !== undefined && row.scores[task] !== undefined
}
