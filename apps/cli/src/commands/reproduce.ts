import { SweepError } from '@sweepboard/contracts'
import { parseDuration } from '@sweepboard/planner'
import { judgeScores, type ScoreTable, sayWhose, whoseNumbers } from '@sweepboard/results'
import { type Command, InvalidArgumentError } from 'commander'
import { printJson, printResult } from '../output.ts'
import { needTable, type PublishedOptions, publishedTables, readScoreTable } from '../published-tables.ts'
import { DISTANCE_IS, distanceTable, sayVerdict } from '../verdict-words.ts'

interface ReproduceOptions extends PublishedOptions {
  readonly from?: string
  readonly against?: string
  readonly tolerance: number
  readonly budget?: number
}

export function add(program: Command): void {
  program
    .command('reproduce')
    .argument('[model]', 'model whose published score is to be met; what the file says of itself where --from is given')
    .argument('[task]', 'task of the catalog')
    .description('Ours against the published score: PASS or FAIL, the gap, and whose numbers they are.')
    .option('--from <file>', 'judge this MTEB result file')
    .option('--published <dir>', 'folder of published MTEB result files, instead of what was imported')
    .option('--against <model>', 'published model to be met, name or name@revision; the model itself otherwise')
    .option('--tolerance <x>', 'largest gap of the main score that passes', score, 0.015)
    .option('--budget <time>', 'time the evaluation may take, e.g. 10m', seconds)
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'take published scores from this service')
    .option('--token-file <file>', 'file with the token (or SWEEPBOARD_TOKEN)')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard reproduce Qwen/Qwen3-Embedding-8B AILAStatutes --from AILAStatutes.json --published ../mteb-results',
    )
    .action(reproduce)
}

async function reproduce(model: string | undefined, task: string | undefined, options: ReproduceOptions): Promise<void> {
  if (options.from === undefined) throw new SweepError('SB-CORE-002', { what: 'reproduce without --from' })
  const given = readScoreTable(options.from)
  if (task !== undefined && task !== given.task)
    throw new SweepError('SB-FILE-002', { file: options.from, message: `it is of ${given.task}, not of ${task}` })
  const tables = await publishedTables(given.task, options)
  const wanted = options.against ?? model ?? given.table.model
  const published = needTable(tables, { model: wanted, task: given.task, datasetRevision: given.table.datasetRevision })
  judge(given.table, { task: given.task, published, tables, options })
}

interface Judged {
  readonly task: string
  readonly published: ScoreTable
  /** Every published model's scores of the task. */
  readonly tables: readonly ScoreTable[]
  readonly options: ReproduceOptions
}

function judge(ours: ScoreTable, { task, published, tables, options }: Judged): void {
  const { tolerance, budget: budgetSeconds = null } = options
  const verdict = judgeScores(ours, published, { tolerance, budgetSeconds })
  const distances = whoseNumbers(ours, tables)
  const whose = sayWhose(distances, published, verdict.outcome === 'FAIL')
  process.exitCode = verdict.outcome === 'PASS' ? 0 : 1
  if (options.json) {
    const against = { model: published.model, revision: published.revision, dataset_revision: published.datasetRevision }
    printJson({ task, against, ...verdict, whose, distance: DISTANCE_IS, distances })
    return
  }
  for (const line of sayVerdict(verdict, published, task)) printResult(line)
  printResult(`\nWhose numbers they are (${DISTANCE_IS}):\n${distanceTable(distances)}`)
  if (whose !== null) printResult(whose)
}

function score(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value < 1)) throw new InvalidArgumentError('It must be a number from 0 to 1.')
  return value
}

function seconds(text: string): number {
  const ms = parseDuration(text)
  if (ms === null) throw new InvalidArgumentError('It must be a duration such as 10m or 1h30m.')
  return ms / 1000
}
