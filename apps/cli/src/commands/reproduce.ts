import { join } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import { type NamedModel, parseDuration, readSpec, refuseMistakes } from '@sweepboard/planner'
import { judgeScores, type PartEffect, type ScoreTable, sayExplanation, sayWhose, whoseNumbers } from '@sweepboard/results'
import { type Command, InvalidArgumentError } from 'commander'
import { dataFolder } from '../context.ts'
import { openEmbedded } from '../embedded.ts'
import { parseRunningEngine } from '../engine-option.ts'
import { isRerankingModel } from '../find-reranker.ts'
import { fingerprintsIn } from '../folder-source.ts'
import { readHubSettings } from '../hub.ts'
import { wholeNumber } from '../number-option.ts'
import { printJson, printNote, printResult } from '../output.ts'
import { needTable, type PublishedOptions, publishedTables, readScoreTable } from '../published-tables.ts'
import type { NamedVariant } from '../recipe-variants.ts'
import { Reproduction, type Sample } from '../reproduce-run.ts'
import { openRunLog } from '../run-log.ts'
import { DISTANCE_IS, distanceTable, effectTable, sampleIs, sayVerdict } from '../verdict-words.ts'

interface ReproduceOptions extends PublishedOptions {
  readonly from?: string
  readonly against?: string
  readonly tolerance: number
  readonly budget?: number
  readonly datasets?: string
  readonly subsets?: string[]
  readonly engine?: string
  readonly recipe?: string
  readonly instruction: string
  readonly sample?: string
  readonly explain?: boolean
  readonly slots: string
  readonly threads?: string
  readonly allowEnv: string[]
  readonly offline?: boolean
}

export function add(program: Command): void {
  program
    .command('reproduce')
    .argument('[model]', 'model or folder; with --from what the file says of itself where left out')
    .argument('[task]', 'task of the catalog')
    .description(
      'Ours against the published score: PASS or FAIL, the gap, whose numbers they are, and which part of the recipe explains the gap.',
    )
    .option('--from <file>', 'judge this MTEB result file; nothing is computed')
    .option('--published <dir>', 'folder of published MTEB result files, instead of what was imported')
    .option('--against <model>', 'published model to be met, name or name@revision; the model itself otherwise')
    .option('--tolerance <x>', 'largest gap of the main score that passes', score, 0.015)
    .option('--budget <time>', 'time that loading, encoding and scoring may take, e.g. 10m', seconds)
    .option('--datasets <root>', 'folder with <Task>/ or <Task>/<subset>/ in BEIR layout')
    .option('--subsets <names...>', 'only these subsets of the task')
    .option('--engine <engine>', 'as in a sweep file, e.g. onnx,dtype=q8 or openai=http://host:8000/v1,model=name')
    .option('--recipe <yaml>', 'laid over the recipe, as in a sweep file, e.g. "{pooling: mean, maxTokens: 256}"')
    .option('--instruction <text>', 'default, none, or the instruction', 'default')
    .option('--explain', 'try the parts of the recipe even when the score passes')
    .option('--sample <n>', 'queries on which the parts are tried, instead of as many as it takes', wholeNumber(1))
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'with --from: take published scores from this service')
    .option('--token-file <file>', 'file with the token (or SWEEPBOARD_TOKEN)')
    .option('--slots <list>', 'what computes here, e.g. cpu or 2xcpu,endpoint', 'cpu,endpoint')
    .option('--threads <n>', 'threads of one CPU slot', wholeNumber(1))
    .option('--allow-env <names...>', 'environment variables the engine may name for API keys', [])
    .option('--offline', 'never use the network but for a server the engine names')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard reproduce ./all-MiniLM-L6-v2 SciFact \\\n    --published ../mteb-results --datasets ~/beir\n  sweepboard reproduce Qwen/Qwen3-Embedding-8B AILAStatutes \\\n    --from AILAStatutes.json --published ../mteb-results',
    )
    .action((model, task, options) => (options.from === undefined ? run(model, task, options) : judgeFile(model, task, options)))
}

async function judgeFile(model: string | undefined, task: string | undefined, options: ReproduceOptions): Promise<void> {
  const given = readScoreTable(options.from as string, task)
  const tables = await publishedTables(given.task, options)
  const wanted = options.against ?? model ?? given.table.model
  const published = needTable(tables, { model: wanted, task: given.task, datasetRevision: given.table.datasetRevision })
  show(judge(given.table, { task: given.task, published, tables, options }), options)
}

/** Computes our own score first, then, where it misses, tries one part of the recipe at a time. */
async function run(model: string | undefined, task: string | undefined, options: ReproduceOptions): Promise<void> {
  if (model === undefined || task === undefined) throw new InvalidArgumentError('MODEL and TASK are needed without --from.')
  const folder = dataFolder(options)
  const log = openRunLog(folder)
  const interrupt = new AbortController()
  const onSignal = () => interrupt.abort()
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  const allowed = new Set(options.allowEnv)
  const named = namedVariant(model, options)
  await refuseReranker(named)
  const known = await fingerprintsIn(folder)
  const { slots, allowEnv, threads } = options
  const hub = readHubSettings({ offline: options.offline })
  const embedded = await openEmbedded({
    folder,
    slots,
    port: 0,
    allowEnv,
    hub,
    log: log.write,
    ...(threads && { threads: Number(threads) }),
  })
  try {
    const place = {
      specDir: process.cwd(),
      readEnv: (name: string) => (allowed.has(name) ? process.env[name] : undefined),
      fingerprints: async () => known,
    }
    const { datasets, subsets } = options
    const artifactFolder = join(folder, 'artifacts')
    const parts = { named, task, subsets, datasets, hub, place, artifactFolder, signal: interrupt.signal }
    const reproduction = new Reproduction(embedded, { ...parts, isQuiet: options.json === true })
    const ours = await reproduction.ours()
    const tables = await publishedTables(ours.task, { ...options, data: folder })
    const wanted = options.against ?? ours.table.model
    const published = needTable(tables, { model: wanted, task: ours.task, datasetRevision: ours.table.datasetRevision })
    const judged = judge(ours.table, { task: ours.task, published, tables, options })
    const gap = judged.verdict.gap
    const isMissed = gap !== null && gap !== 0 && (options.explain || Math.abs(gap) > options.tolerance)
    if (isMissed && !options.json) printNote('trying one part of the recipe at a time')
    const explained = isMissed
      ? await reproduction.explain(-gap, published.model, options.sample ? Number(options.sample) : null)
      : null
    show(judged, options, explained && { ...explained, gap: -(gap as number) })
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
    await embedded.stop()
    log.close()
  }
}

/** Recipes are varied over vectors. Throws `SB-MODEL-014` for a reranker, whose scores a sweep computes and `--from` judges. */
async function refuseReranker({ model, engine, recipe }: NamedVariant): Promise<void> {
  const named = { model, ...(engine && { engine }), ...(recipe && { recipe }) }
  if (await isRerankingModel(named, null, process.cwd())) throw new SweepError('SB-MODEL-014', { model })
}

/** The command line's model as a sweep file would name it. Throws `SB-SPEC-001` for a recipe that is none. */
function namedVariant(model: string, { engine, recipe, instruction }: ReproduceOptions): NamedVariant {
  const text = `sweep: reproduce\ntasks: [any]\nmodels:\n  - model: ${JSON.stringify(model)}\n    recipe: ${recipe ?? '{}'}\n`
  const read = readSpec(text, '--recipe')
  refuseMistakes('--recipe', read.mistakes)
  const found = read.models[0]?.value as NamedModel
  return {
    model,
    engine: engine === undefined ? undefined : parseRunningEngine(engine, '--engine'),
    recipe: found.recipe,
    instruction,
  }
}

interface JudgePlace {
  readonly task: string
  readonly published: ScoreTable
  /** Every published model's scores of the task. */
  readonly tables: readonly ScoreTable[]
  readonly options: ReproduceOptions
}

type Judged = ReturnType<typeof judge>

function judge(ours: ScoreTable, { task, published, tables, options }: JudgePlace) {
  const { tolerance, budget: budgetSeconds = null } = options
  const verdict = judgeScores(ours, published, { tolerance, budgetSeconds })
  const distances = whoseNumbers(ours, tables)
  return { task, ours, published, verdict, distances }
}

interface Explained {
  readonly effects: readonly PartEffect[]
  readonly sample: Sample
  /** Published minus ours. */
  readonly gap: number
}

function show(
  { task, ours, published, verdict, distances }: Judged,
  options: ReproduceOptions,
  explained?: Explained | null,
): void {
  process.exitCode = verdict.outcome === 'PASS' ? 0 : 1
  // Who knows a part of the recipe that does it does not suspect the weights.
  const isOpen = verdict.outcome === 'FAIL' && (explained?.effects[0]?.explained ?? 0) < 0.8
  const whose = sayWhose(distances, published, isOpen)
  const sentence = explained ? sayExplanation(explained.effects, explained.gap) : null
  if (options.json) {
    const name = ({ model, revision, datasetRevision }: ScoreTable) => ({ model, revision, dataset_revision: datasetRevision })
    const explanation = explained && { sentence, sample: explained.sample, parts: explained.effects }
    const whoseNumbers = { whose, distance: DISTANCE_IS, distances }
    printJson({
      task,
      model: name(ours),
      against: name(published),
      ...verdict,
      ...whoseNumbers,
      explanation: explanation ?? null,
    })
    return
  }
  for (const line of sayVerdict(verdict, published, task)) printResult(line)
  if (explained) {
    printResult(`\nOne part of the recipe at a time, on ${sampleIs(explained.sample, explained.gap)}:`)
    printResult(effectTable(explained.effects))
    printResult(sentence as string)
  }
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
