import type { Leaderboard } from '@sweepboard/results'
import type { Command } from 'commander'
import { formatScore, showBoard, shownDimensions } from '../board-table.ts'
import type { CommonOptions } from '../context.ts'
import { printJson, printResult } from '../output.ts'
import { findSweep, openSource } from '../source.ts'

interface LeaderboardOptions extends CommonOptions {
  readonly tasks?: string[]
  readonly sweep?: string
  readonly published: boolean
  readonly csv?: boolean
  readonly md?: boolean
}

export function add(program: Command): void {
  program
    .command('leaderboard')
    .description('The board in the terminal: our scores, and imported published ones beside them.')
    .option('--tasks <names...>', 'only these tasks: names, or lists with commas')
    .option('--sweep <name>', 'only the cells of this sweep')
    .option('--no-published', 'leave imported rows out')
    .option('--csv', 'comma-separated values')
    .option('--md', 'a Markdown table')
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'ask this service instead of a data folder')
    .option('--token-file <file>', 'file with the token (or SWEEPBOARD_TOKEN)')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard leaderboard\n  sweepboard leaderboard --tasks SciFact AILAStatutes --md\n  sweepboard leaderboard --sweep first-sweep --csv',
    )
    .action(leaderboard)
}

async function leaderboard(options: LeaderboardOptions): Promise<void> {
  const source = openSource(options)
  try {
    const sweep = options.sweep ? (await findSweep(source, options.sweep)).id : undefined
    const board = await source.leaderboard({
      tasks: options.tasks ?? [],
      sweep: sweep ?? null,
      published: options.published,
    })
    if (options.json) printJson(board)
    else if (options.csv)
      printResult(
        delimited(board)
          .map((row) => row.map(csvField).join(','))
          .join('\n'),
      )
    else if (options.md) printResult(markdown(board))
    else printResult(showBoard(board))
  } finally {
    source.close()
  }
}

function delimited(board: Leaderboard): string[][] {
  const head = ['rank', 'model', 'revision', 'variant', 'dimensions', 'precision', 'similarity', 'origin', 'mean', ...board.tasks]
  const rows = board.rows.map((row) => [
    String(row.rank ?? ''),
    row.model,
    row.revision,
    row.variant,
    String(row.config?.dimensions ?? row.fullDimensions ?? ''),
    row.config?.precision ?? '',
    row.config?.similarity ?? '',
    row.origin,
    row.mean === null ? '' : String(Number(row.mean.toFixed(7))), // without the noise of adding decimals in binary
    ...board.tasks.map((task) => String(row.scores[task] ?? '')),
  ])
  return [head, ...rows]
}

/** RFC 4180, and a leading apostrophe where a spreadsheet would take a hostile name for a formula. */
function csvField(text: string): string {
  const safe = /^[=+@\t\r]/.test(text) || /^-\D/.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function markdown(board: Leaderboard): string {
  const cell = (text: string) => text.replace(/[\\|<>*_`[\]]/g, '\\$&').replace(/\s+/g, ' ')
  const rows = board.rows.map((row) => [
    String(row.rank ?? '·'),
    cell(row.variant ? `${row.model} (${row.variant})` : row.model),
    shownDimensions(row),
    row.config?.precision ?? '?',
    row.origin,
    formatScore(row.mean),
    ...board.tasks.map((task) => formatScore(row.scores[task])),
  ])
  const head = ['#', 'model', 'dims', 'precision', 'origin', 'mean', ...board.tasks.map(cell)]
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}
