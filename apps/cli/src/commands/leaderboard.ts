import { hasTypes, SweepError, tellApart } from '@sweepboard/contracts'
import { type KindBoard, type Leaderboard, type LeaderboardRow, type ResourceRow, resourceRows } from '@sweepboard/results'
import { closest, findTask, suggestTask } from '@sweepboard/tasks'
import type { Command } from 'commander'
import { RESOURCE_COLUMNS, resourcesOf, resourceValues, showResourceBoard } from '../board-resources.ts'
import {
  boardNotes,
  formatScore,
  isUnclaimed,
  showBoard,
  shownDimensions,
  shownMean,
  shownPrecision,
  shownScore,
} from '../board-table.ts'
import type { CommonOptions } from '../context.ts'
import { csvTable, markdownTable } from '../flat-table.ts'
import { kindRecords, showKinds } from '../kind-table.ts'
import { printJson, printNote, printResult } from '../output.ts'
import { findSweep, openSource, type Source } from '../source.ts'

interface LeaderboardOptions extends CommonOptions {
  readonly tasks?: string[]
  readonly benchmark?: string
  readonly kinds?: string
  readonly sweep?: string
  readonly published: boolean
  readonly resources?: boolean
  readonly csv?: boolean
  readonly md?: boolean
}

export function add(program: Command): void {
  program
    .command('leaderboard')
    .description('The board in the terminal: our scores, and imported published ones beside them.')
    .option('--tasks <names...>', 'only these tasks: names, benchmarks, or lists with commas')
    .option('--benchmark <name>', 'the board of a benchmark: its tasks, over its own splits and subsets alone')
    .option('--kinds <task>', 'instead: top-1/3/5 accuracy by kind of query, for a task with kinds')
    .option('--sweep <name>', 'only the cells of this sweep')
    .option('--no-published', 'leave imported rows out')
    .option('--resources', 'columns of what each recipe took: weights, memory, seconds, rates, latency of one query, energy')
    .option('--csv', 'comma-separated values')
    .option('--md', 'a Markdown table')
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'ask this service instead of a data folder')
    .option('--token-file <file>', 'file with the token (or SWEEPBOARD_TOKEN)')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard leaderboard\n  sweepboard leaderboard --tasks SciFact AILAStatutes --md\n  sweepboard leaderboard --benchmark "MTEB(eng, v2)"\n  sweepboard leaderboard --benchmark "MTEB(cmn, v1):Retrieval"\n  sweepboard leaderboard --sweep first-sweep --csv\n  sweepboard leaderboard --kinds SemanticTrapsEn\n\nMean (Task), in CSV and JSON `mean`, is MTEB\'s: each task counts once, whatever\nits subsets. Mean (TaskType), `meanType` in JSON and `mean_type` in CSV, is the\nmean over types of tasks of the mean of each type\'s tasks. Rows that lack a task\nhave neither and stand below the others; tables show the mean of what they have\nin brackets. On the board of a benchmark a result\nthat lacks a subset the benchmark wants has no score; `lacking` in JSON says\nwhat lacks. --tasks takes benchmarks too: then every result shows, a mean over\nthe subsets it has.',
    )
    .action(leaderboard)
}

async function leaderboard(options: LeaderboardOptions): Promise<void> {
  const { benchmark = null } = options
  if (benchmark !== null && (options.tasks !== undefined || options.kinds !== undefined))
    throw new SweepError('SB-SPEC-004', {
      path: '--benchmark',
      message: 'it names the tasks itself: leave --tasks and --kinds out',
    })
  const source = openSource(options)
  try {
    const sweep = options.sweep ? (await findSweep(source, options.sweep)).id : null
    if (options.kinds === undefined) {
      const board = await source.leaderboard({ tasks: options.tasks ?? [], benchmark, sweep, published: options.published })
      if (options.tasks !== undefined && board.rows.length === 0) await refuseEmpty(source, options.tasks, { sweep, board })
      if (options.tasks !== undefined || benchmark !== null) noteEmpty(board)
      noteLacking(board)
      if (options.resources) printWithResources(options, board, await readResources(source, sweep))
      else
        printAs(options, board, { records: () => records(board), markdown: () => markdown(board), text: () => showBoard(board) })
    } else {
      const board = await source.kinds({ task: options.kinds, sweep })
      const rows = () => kindRecords(board)
      printAs(options, board, { records: rows, markdown: () => markdownTable(rows()), text: () => showKinds(board) })
    }
  } finally {
    source.close()
  }
}

/**
 * Refuses tasks of which none has a score, with the nearest that has one, else the nearest there is: an empty board looks like an empty ledger.
 *
 * @throws SweepError `SB-LEDGER-018`
 */
async function refuseEmpty(
  source: Source,
  asked: readonly string[],
  found: { sweep: string | null; board: Leaderboard },
): Promise<never> {
  const { tasks: scored } = await source.leaderboard({ tasks: [], sweep: found.sweep, published: true })
  const near = (name: string) => closest(name, scored) ?? (findTask(name) === undefined ? suggestTask(name) : null)
  const suggestions = found.board.tasks.flatMap((name) => near(name) ?? [])
  throw new SweepError('SB-LEDGER-018', {
    tasks: asked.join(' '),
    suggestion: suggestions.slice(0, MOST_NOTES).join('", "') || undefined,
  })
}

/** Tasks of the catalog without a score that are named one by one; more come with a benchmark. */
const MOST_NOTES = 5

/** Says which of the tasks asked for nothing is known of: a name mistyped would only empty a column, and with it every mean. */
function noteEmpty({ tasks, rows }: Leaderboard): void {
  const empty = tasks.filter((task) => rows.every(({ scores }) => scores[task] === undefined))
  const isMany = empty.length > MOST_NOTES
  if (isMany) printNote(`note: no score of ${empty.length} of the ${tasks.length} tasks here`)
  for (const task of empty) {
    const isUnknown = findTask(task) === undefined
    if (isMany && !isUnknown) continue
    const near = isUnknown ? suggestTask(task) : null
    printNote(`note: no score of a task "${task}" here${near === null ? '' : `, did you mean "${near}"?`}`)
  }
}

/** Says that places stay empty for want of subsets: a hole looks like no result. */
function noteLacking({ rows }: Leaderboard): void {
  const count = rows.reduce((sum, { lacking = {} }) => sum + Object.keys(lacking).length, 0)
  if (count > 0)
    printNote(
      `note: ${count} ${count === 1 ? 'result lacks' : 'results lack'} subsets that the benchmark wants, so no score of them shows; --json says which`,
    )
}

async function readResources(source: Source, sweep: string | null): Promise<ResourceRow[]> {
  return resourceRows(sweep === null ? await source.scoredCells() : await source.cells(sweep))
}

function printWithResources(options: LeaderboardOptions, board: Leaderboard, resources: readonly ResourceRow[]): void {
  const rows = () => {
    const [head = [], ...plain] = records(board)
    const names = RESOURCE_COLUMNS.map(([name]) => name)
    return [
      [...head, ...names],
      ...plain.map((row, i) => [...row, ...resourceValues(board.rows[i] as LeaderboardRow, resources)]),
    ]
  }
  if (options.json) printJson({ ...board, rows: board.rows.map((row) => ({ ...row, resources: resourcesOf(row, resources) })) })
  else
    printAs(options, board, {
      records: rows,
      markdown: () => markdownTable(rows()),
      text: () => showResourceBoard(board, resources),
    })
}

function printAs(
  options: LeaderboardOptions,
  board: Leaderboard | KindBoard,
  forms: { records: () => string[][]; markdown: () => string; text: () => string },
): void {
  if (options.json) printJson(board)
  else if (options.csv) printResult(csvTable(forms.records()))
  else printResult(options.md ? forms.markdown() : forms.text())
}

function records(board: Leaderboard): string[][] {
  const head = [
    'rank',
    'model',
    'revision',
    'variant',
    'dimensions',
    'precision',
    'similarity',
    'origin',
    'language_not_claimed',
    'mean',
    'mean_type',
    ...board.tasks,
  ]
  const rows = board.rows.map((row) => [
    String(row.rank ?? ''),
    row.model,
    row.revision,
    row.variant,
    String(row.config?.dimensions ?? row.fullDimensions ?? ''),
    row.config?.precision ?? '',
    row.config?.similarity ?? '',
    row.origin,
    board.tasks.filter((task) => isUnclaimed(row, task)).join(' '),
    plainMean(row.mean),
    plainMean(row.meanType),
    ...board.tasks.map((task) => String(row.scores[task] ?? '')),
  ])
  return [head, ...rows]
}

/** Without the noise of adding decimals in binary. */
function plainMean(mean: number | null): string {
  return mean === null ? '' : String(Number(mean.toFixed(7)))
}

function markdown(board: Leaderboard): string {
  const hasMeanType = hasTypes(board)
  const marks = tellApart(board.rows)
  const rows = board.rows.map((row, i) => [
    String(row.rank ?? '·'),
    row.model + marks[i] + withParts(row),
    shownDimensions(row),
    shownPrecision(row),
    row.origin,
    shownMean(row),
    ...(hasMeanType ? [formatScore(row.meanType)] : []),
    ...board.tasks.map((task) => shownScore(row, task)),
  ])
  const head = [
    '#',
    'model',
    'dims',
    'precision',
    'origin',
    'Mean (Task)',
    ...(hasMeanType ? ['Mean (TaskType)'] : []),
    ...board.tasks,
  ]
  const notes = boardNotes(board, board.tasks).map((note) => note.replace(/^\*/, '\\*'))
  return [markdownTable([head, ...rows]), ...notes].join('\n\n')
}

/** ` (no instruction, dot)`: recipe and second stages, and a similarity that is not the recipe's own. */
function withParts({ variant, otherSimilarity }: LeaderboardRow): string {
  const parts = [variant, otherSimilarity].filter(Boolean)
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}
