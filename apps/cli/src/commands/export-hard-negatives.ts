import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { readTextSet, SweepError } from '@sweepboard/contracts'
import { hardNegatives, type RowOfDocument, readRankedJudgments, readRun } from '@sweepboard/scoring'
import { type Command, InvalidArgumentError } from 'commander'
import type { CommonOptions } from '../context.ts'
import { printJson, printResult } from '../output.ts'
import { findSweep, openSource, type Source } from '../source.ts'
import { type CellWithRun, chooseRuns, type RunChoice } from '../stored-runs.ts'

/** Best documents of a list that are looked at, unless the command says otherwise. */
const DEFAULT_DEPTH = 100

interface Options extends CommonOptions, RunChoice {
  readonly depth: number
  readonly sweep?: string
}

export function addHardNegatives(parent: Command): void {
  parent
    .command('hard-negatives')
    .argument('<file>', 'JSONL file to write')
    .description(
      'Write the wrong documents that a stored run ranks above relevant ones: a line {query, positives, negatives, ids} for each query that has any.',
    )
    .requiredOption('--model <name>', 'model as the board names it')
    .requiredOption('--task <name>', 'task with ranked lists; all its scored subsets and splits')
    .option('--depth <n>', 'best documents of each list to look at', asDepth, DEFAULT_DEPTH)
    .option('--revision <revision>', 'revision of the model, where several were run')
    .option('--variant <words>', 'what the board says beside the model; its own recipe and default config otherwise')
    .option('--subset <name>', 'only this subset')
    .option('--split <name>', 'only this split')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard export hard-negatives negatives.jsonl \\\n    --model local/minilm --task SciFact --depth 30\n  sweepboard export hard-negatives negatives.jsonl \\\n    --model local/minilm --task SciFact \\\n    --variant "top 100 by local/reranker"\n\n--sweep, --data, --to, --token-file and --json as for export. What is\ntrained on a benchmark\'s own split is not to be judged by it.',
    )
    .action(async (file: string, _own: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const source = openSource(options)
      try {
        const cells = options.sweep ? await source.cells((await findSweep(source, options.sweep)).id) : await source.scoredCells()
        const summary = await writeNegatives(source, file, chooseRuns(cells, options), options.depth)
        if (options.json) printJson({ file, model: options.model, task: options.task, depth: options.depth, ...summary })
        else
          printResult(
            `${summary.rowCount} of ${summary.queryCount} queries with ${summary.negativeCount} wrong documents above relevant ones in ${file}`,
          )
      } finally {
        source.close()
      }
    })
}

interface Summary {
  /** Queries with a line. */
  rowCount: number
  queryCount: number
  negativeCount: number
  readonly runs: Pick<CellWithRun, 'revision' | 'variant' | 'subset' | 'split' | 'run'>[]
}

/** The whole file or none: it is written aside and renamed. Throws `SB-FILE-007` where it cannot be written. */
async function writeNegatives(source: Source, file: string, cells: readonly CellWithRun[], depth: number): Promise<Summary> {
  const summary: Summary = { rowCount: 0, queryCount: 0, negativeCount: 0, runs: [] }
  const aside = `${file}.${process.pid}.tmp`
  const out = inFile(file, () => openSync(aside, 'w'))
  try {
    for (const cell of cells) await writeCell(source, cell, depth, { out, summary })
    closeSync(out)
    inFile(file, () => renameSync(aside, file))
    return summary
  } catch (error) {
    rmSync(aside, { force: true })
    throw error
  }
}

async function writeCell(
  source: Source,
  cell: CellWithRun,
  depth: number,
  { out, summary }: { out: number; summary: Summary },
): Promise<void> {
  const texts = await source.taskTexts(cell.taskKey)
  const judgments = readRankedJudgments(await source.artifact(cell.judgments))
  const queries = readTextSet(await source.artifact(texts.queries))
  const documents = readTextSet(await source.artifact(texts.documents))
  const textsOf = (found: readonly RowOfDocument[]) => found.map(({ row }) => documents[row])
  const idsOf = (found: readonly RowOfDocument[]) => found.map(({ id }) => id)
  for (const found of hardNegatives(judgments, readRun(await source.artifact(cell.run)), depth)) {
    const { queryId, queryRow, positives, negatives } = found
    const line = {
      query: queries[queryRow],
      positives: textsOf(positives),
      negatives: textsOf(negatives),
      ids: { query: queryId, positives: idsOf(positives), negatives: idsOf(negatives) },
    }
    writeSync(out, `${JSON.stringify(line)}\n`)
    summary.rowCount += 1
    summary.negativeCount += negatives.length
  }
  summary.queryCount += judgments.queryIds.length
  const { revision, variant, subset, split, run } = cell
  summary.runs.push({ revision, variant, subset, split, run })
}

function inFile<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new SweepError('SB-FILE-007', { file, message: (cause as Error).message }, { cause })
  }
}

function asDepth(text: string): number {
  const depth = Number(text)
  if (!Number.isInteger(depth) || depth < 1 || depth > 1000) throw new InvalidArgumentError('it must be 1 to 1000')
  return depth
}
