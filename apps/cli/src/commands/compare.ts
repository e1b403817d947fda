import { comparePairing } from '@sweepboard/results'
import type { Command } from 'commander'
import { comparisonRecords, showComparison } from '../comparison-table.ts'
import type { CommonOptions } from '../context.ts'
import { csvTable, markdownTable } from '../flat-table.ts'
import { printJson, printResult } from '../output.ts'
import { ROW_WORDS } from '../row-words.ts'
import { artifactOrNull, openSource } from '../source.ts'

interface CompareOptions extends CommonOptions {
  readonly tasks?: string[]
  readonly csv?: boolean
  readonly md?: boolean
}

export function add(program: Command): void {
  program
    .command('compare')
    .argument('<a>', 'a row of the board')
    .argument('<b>', 'the row it is compared with')
    .description(
      'Which of two rows of the board is better, or that it cannot be told: differences task by task with intervals and p, by paired tests over the queries.',
    )
    .option('--tasks <names...>', 'only these tasks: names, benchmarks, or lists with commas')
    .option('--csv', 'comma-separated values')
    .option('--md', 'a Markdown table')
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'ask this service instead of a data folder')
    .option('--token-file <file>', 'file with the token (or SWEEPBOARD_TOKEN)')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  sweepboard compare bge-m3 Qwen/Qwen3-Embedding-0.6B
  sweepboard compare bge-m3 "bge-m3 [256 dims, int8]" --tasks SciFact
  sweepboard compare minilm "minilm [published]" --to http://gpu-box:4400

${ROW_WORDS}

Compared is what both have: tasks, subsets and splits that one lacks are left
out and named. The interval (95 %, paired bootstrap) and p (paired
randomisation) are over the queries: would it hold for other queries of these
tasks. Published scores are not stored by query: of them the difference alone
is known.`,
    )
    .action(compare)
}

async function compare(a: string, b: string, options: CompareOptions): Promise<void> {
  const source = openSource(options)
  try {
    const pairing = await source.pairing({ a, b, tasks: options.tasks ?? [] })
    const comparison = await comparePairing(pairing, (digest) => artifactOrNull(source, digest))
    if (options.json) printJson(comparison)
    else if (options.csv) printResult(csvTable(comparisonRecords(comparison)))
    else if (options.md) printResult(markdownTable(comparisonRecords(comparison)))
    else printResult(showComparison(comparison))
  } finally {
    source.close()
  }
}
