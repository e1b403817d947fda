import { HISTORY_LIMIT, judgeHistory } from '@sweepboard/results'
import { type Command, InvalidArgumentError } from 'commander'
import type { CommonOptions } from '../context.ts'
import { showHistory } from '../history-table.ts'
import { printJson, printResult } from '../output.ts'
import { ROW_WORDS } from '../row-words.ts'
import { artifactOrNull, openSource } from '../source.ts'

interface HistoryOptions extends CommonOptions {
  readonly limit: number
}

export function add(program: Command): void {
  program
    .command('history')
    .argument('<model>', 'a model, or a row of the board')
    .argument('<task>', 'name of a task')
    .description(
      'All results of a model on a task, the oldest first: when, by which sweep, engine and code, and what changed from one to the next.',
    )
    .option('--limit <n>', `the newest results, 1 to ${HISTORY_LIMIT.most}`, asLimit, HISTORY_LIMIT.usual)
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'ask this service instead of a data folder')
    .option('--token-file <file>', 'file with the token (or SWEEPBOARD_TOKEN)')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  sweepboard history bge-m3 SciFact
  sweepboard history "bge-m3 [256 dims]" SciFact --limit 20
  sweepboard history minilm STSBenchmark --json --to http://gpu-box:4400

Each result is held against the one before it of the same config: of another
revision, engine, recipe or code, else the score would be the same one and
not computed twice. The difference is over the subsets and data of both, and
tested over their queries. Published results stand below, with their revision.

${ROW_WORDS}`,
    )
    .action(history)
}

async function history(model: string, task: string, options: HistoryOptions): Promise<void> {
  const source = openSource(options)
  try {
    const found = await source.history({ model, task, limit: options.limit })
    const judged = await judgeHistory(found, (digest) => artifactOrNull(source, digest))
    if (options.json) printJson(judged)
    else printResult(showHistory(judged))
  } finally {
    source.close()
  }
}

function asLimit(text: string): number {
  const limit = Number(text)
  if (!/^\d+$/.test(text) || limit < 1 || limit > HISTORY_LIMIT.most)
    throw new InvalidArgumentError(`It must be a whole number, 1 to ${HISTORY_LIMIT.most}.`)
  return limit
}
