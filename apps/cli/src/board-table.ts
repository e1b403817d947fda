import { briefVariant, hasTypes, ownMean, tellApart } from '@sweepboard/contracts'
import type { Leaderboard, LeaderboardRow } from '@sweepboard/results'
import { cutNames, leastWidth } from './cut-names.ts'
import { displayWidth } from './display-width.ts'
import { type Column, renderTable, terminalWidth } from './table.ts'

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

/** What each row is called, no two rows of equal size and precision alike: recipe and second stages briefly, and a similarity not the recipe's own. */
export function rowNames({ rows }: Leaderboard): string[] {
  const marks = tellApart(rows)
  return rows.map(({ model, variant, otherSimilarity }, i) => {
    const parts = [briefVariant(variant), otherSimilarity].filter(Boolean)
    return model + marks[i] + (parts.length > 0 ? ` [${parts.join(' · ')}]` : '')
  })
}

/** Mean (Task); of a row that lacks a task the mean of what it has, in brackets. */
export function shownMean(row: LeaderboardRow): string {
  const own = ownMean(row)
  return own === null ? formatScore(row.mean) : `(${formatScore(own)})`
}

/** A row's score of a task with its marks. */
export function shownScore(row: LeaderboardRow, task: string): string {
  if (row.undefinedTasks?.includes(task)) return 'undef'
  return formatScore(row.scores[task]) + (isUnclaimed(row, task) ? '*' : '')
}

/** What the marks say that stand in the shown columns. */
export function boardNotes({ rows }: Leaderboard, tasks: readonly string[]): string[] {
  const some = (holds: (row: LeaderboardRow, task: string) => boolean) =>
    rows.some((row) => tasks.some((task) => holds(row, task)))
  return [
    rows.some((row) => ownMean(row) !== null) ? '(…) mean of the tasks the row has, so not ranked' : '',
    some(isUnclaimed) ? `* ${UNCLAIMED}` : '',
    some((row, task) => row.undefinedTasks?.includes(task) === true) ? 'undef: scored, but the metric is undefined there' : '',
  ].filter(Boolean)
}

/** Columns that a name of the board takes where there is room, and at most where tasks wait for some. */
const NAME = { comfortable: 48, narrow: 20 }
const TASK = { most: 16, usual: 10, least: 8 }
/** Tasks worth more than whole names. */
const FIRST_TASKS = 2
const GAP = 2

/**
 * The leaderboard as a terminal table: rank, model, what was derived, Mean (Task), one column per task while there is room. The origin is left
 * out where all rows have one, Mean (TaskType) where all tasks are of one type and where room is short.
 */
export function showBoard(board: Leaderboard, width = terminalWidth()): string {
  if (board.rows.length === 0) return 'No scores yet.'
  const names = rowNames(board)
  const hasOrigins = new Set(board.rows.map(({ origin }) => origin)).size > 1
  const cells = (shown: (row: LeaderboardRow) => string) => board.rows.map(shown)
  const ranks = cells((row) => (row.rank === null ? '·' : String(row.rank)))
  const fixed: readonly (readonly [column: Column, texts: readonly string[]])[] = [
    [{ title: 'dims', align: 'right' }, cells(shownDimensions)],
    [{ title: 'precision' }, cells(shownPrecision)],
    ...(hasOrigins ? [[{ title: 'origin' }, cells(({ origin }) => origin)] as const] : []),
    [{ title: 'Mean (Task)', align: 'right' }, cells(shownMean)],
  ]
  const taken = [ranks, ...fixed.map(([column, texts]) => [column.title, ...texts])].reduce(
    (sum, texts) => sum + GAP + Math.max(...texts.map(displayWidth)),
    0,
  )
  const { heads, hasMeanType } = chooseColumns(board, names, width - taken)
  const meanTypes = [{ title: 'Mean (TaskType)', align: 'right' }, cells((row) => formatScore(row.meanType))] as const
  const tasks = board.tasks.slice(0, heads.length)
  const all: typeof fixed = [
    [{ title: '#', align: 'right' }, ranks],
    [{ title: 'model', min: 14, isName: true }, names],
    ...fixed,
    ...(hasMeanType ? [meanTypes] : []),
    ...tasks.map((task, i) => [{ title: heads[i] as string, align: 'right' }, cells((row) => shownScore(row, task))] as const),
  ]
  const table = renderTable(
    all.map(([column]) => column),
    board.rows.map((_, i) => all.map(([, texts]) => texts[i] as string)),
    width,
  )
  const hidden = board.tasks.length - tasks.length
  const more = `${hidden} more task${hidden === 1 ? '' : 's'}: widen the terminal, or use --json or --csv.`
  return [table, ...(hidden > 0 ? [more] : []), ...boardNotes(board, tasks)].join('\n')
}

/** Heads of the task columns that fit beside the names in `room`, and whether Mean (TaskType) does. */
function chooseColumns(board: Leaderboard, names: readonly string[], room: number): { heads: string[]; hasMeanType: boolean } {
  const longest = Math.min(NAME.comfortable, Math.max(...names.map(displayWidth)))
  const needed = Math.max(Math.min(longest, NAME.narrow), leastWidth(names, Math.min(longest, 14)))
  const places = (left: number, width: number) => Math.min(board.tasks.length, Math.max(0, Math.floor(left / (width + GAP))))
  const first = Math.min(FIRST_TASKS, places(room - needed, TASK.least))
  const typeWidth = hasTypes(board) ? displayWidth('Mean (TaskType)') + GAP : 0
  const hasMeanType = typeWidth > 0 && room - typeWidth - longest >= first * (TASK.usual + GAP)
  const left = room - (hasMeanType ? typeWidth : 0)
  const tasks = board.tasks.slice(0, Math.max(first, places(left - longest, TASK.usual)))
  const share = (name: number) => Math.floor((left - name) / Math.max(1, tasks.length)) - GAP
  const wide = Math.min(TASK.most, Math.max(share(longest), Math.min(TASK.usual, share(needed)), TASK.least))
  return { heads: cutNames(tasks, Math.max(wide, leastWidth(tasks, TASK.least))), hasMeanType }
}

/** What is said of a score in a language that the model does not claim. */
export const UNCLAIMED = 'language not claimed by the model'

/** Whether a row has a score of a task in a language that its model does not claim. */
export function isUnclaimed(row: LeaderboardRow, task: string): boolean {
  return row.unclaimed[task] !== undefined && row.scores[task] !== undefined
}
