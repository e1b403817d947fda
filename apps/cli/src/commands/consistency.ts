import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import type { ComparedEngine, ConsistencyRow } from '@sweepboard/ledger'
import { type NamedModel, readSpec, refuseMistakes } from '@sweepboard/planner'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { WEIGHT_TYPES, type WeightType } from '../consistency-bounds.ts'
import { type ConsistencyNumbers, measure, stepCount } from '../consistency-measure.ts'
import { describeConsistency, digits } from '../consistency-report.ts'
import { type ConsistencySide, type EngineFacts, findSide } from '../consistency-side.ts'
import { type ConsistencyTexts, probeTexts, taskTexts } from '../consistency-texts.ts'
import { type ConsistencyVerdict, judge } from '../consistency-verdict.ts'
import { type CommonOptions, codeVersion, dataFolder } from '../context.ts'
import { parseEngine } from '../engine-option.ts'
import { findTask } from '../find-task.ts'
import { fingerprintsIn } from '../folder-source.ts'
import { readHubSettings } from '../hub.ts'
import { wholeNumber } from '../number-option.ts'
import { printJson, printNote, printResult } from '../output.ts'
import { CountPrinter } from '../progress.ts'
import { untilSignal } from '../signals.ts'
import { openSource } from '../source.ts'
import { renderTable, terminalWidth } from '../table.ts'
import { openWriter } from '../writer.ts'

interface ConsistencyOptions extends CommonOptions {
  readonly engineA?: string
  readonly engineB?: string
  readonly like?: string
  readonly task?: string
  readonly texts: string
  readonly datasets?: string
  readonly offline?: boolean
  readonly minCosine?: number
  readonly minComposite?: number
  readonly dtype?: WeightType
  readonly worst: string
  readonly threads?: string
  readonly allowEnv: readonly string[]
  readonly store: boolean
  readonly history?: boolean
}

export function add(program: Command): void {
  program
    .command('consistency')
    .argument('[a]', 'model as a sweep file names it (hub id, built-in name or ./folder), or a sweep file with two models')
    .argument('[b]', 'the other one; the same model by another engine where it is left out')
    .description(
      'Two engines of one model over the same texts: cosine, distance, norms, rank agreement. Exit 1 when they disagree.',
    )
    .option('--engine-a <engine>', 'onnx[,dtype=q8], random, or openai|tei|ollama|rerank-api=URL[,model=NAME,key=$VARIABLE,...]')
    .option('--engine-b <engine>', 'engine of B, as --engine-a')
    .option('--like <model>', 'known model whose recipe fills in what neither folder nor server says')
    .option('--task <name>', "a task's texts in place of the built-in probe set")
    .option('--texts <n>', 'documents taken of a task, and a fifth as many queries', wholeNumber(3), '1000')
    .option('--datasets <root>', 'folder with <Task>/ or <Task>/<subset>/ in BEIR layout')
    .option('--offline', 'no network but for the engines named')
    .option('--min-cosine <x>', 'least cosine any text may have, in place of the bounds of the weight type', cosine)
    .option('--min-composite <x>', 'least composite of two rerankers', cosine)
    .addOption(new Option('--dtype <type>', 'judge by the bounds of this weight type').choices(WEIGHT_TYPES))
    .option('--worst <n>', 'texts named that lie farthest apart', wholeNumber(0), '10')
    .option('--threads <n>', 'threads inside one operator', wholeNumber(1))
    .option('--allow-env <names...>', 'environment variables that may be read for API keys', [])
    .option('--no-store', 'record nothing')
    .option('--history', 'what was recorded, the newest first; of model A where it is named')
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'record with this service instead of a data folder')
    .option('--token-file <file>', 'file with the token (or SWEEPBOARD_TOKEN)')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  sweepboard consistency ./models/minilm --engine-b onnx,dtype=q8
  sweepboard consistency ./models/bge-m3 --engine-b openai=http://gpu-box:8000/v1,model=BAAI/bge-m3 --task SciFact
  sweepboard consistency local/pocket-static-en ./examples/models/pocket-static-en --json
  sweepboard consistency two-models.yaml --min-cosine 0.999
  sweepboard consistency --history`,
    )
    .action(consistency)
}

async function consistency(
  a: string | undefined,
  b: string | undefined,
  options: ConsistencyOptions,
  command: Command,
): Promise<void> {
  if (options.history) return showHistory(a, options)
  if (a === undefined) command.error("error: missing required argument 'a'")
  const { entries, specDir, task } = readEntries(a as string, b, options)
  const interrupt = new AbortController()
  void untilSignal().then(() => interrupt.abort())
  const texts = await findTexts(options.task ?? task, { options, specDir, signal: interrupt.signal })
  const allowed = new Set(options.allowEnv)
  const readEnv = (name: string) => (allowed.has(name) ? process.env[name] : undefined)
  const fingerprints = () => fingerprintsIn(dataFolder(options))
  const place = { specDir, readEnv, fingerprints }
  const sides = { a: await findSide(entries[0], texts, place), b: await findSide(entries[1], texts, place) }
  for (const warning of new Set([...sides.a.warnings, ...sides.b.warnings])) printNote(`note: ${warning}`)
  const numbers = await measured(sides, texts, { options, readEnv, signal: interrupt.signal })
  const verdict = judge(numbers, {
    minCosine: options.minCosine,
    minComposite: options.minComposite,
    dtype: options.dtype,
  })
  const row = rowOf(sides, { texts, numbers, verdict })
  if (options.store) await store(row, options)
  process.exitCode = verdict.holds ? 0 : 1
  if (options.json) return printJson(row)
  printResult(describeConsistency(sides, { textsName: texts.name, numbers, verdict }))
}

interface Entries {
  readonly entries: readonly [NamedModel, NamedModel]
  readonly specDir: string
  /** A sweep file's first task. */
  readonly task: string | undefined
}

function readEntries(a: string, b: string | undefined, { engineA, engineB, like }: ConsistencyOptions): Entries {
  if (/\.ya?ml$/.test(a)) return readFile(a)
  const entry = (model: string, engine: string | undefined, option: string): NamedModel => ({
    model,
    ...(engine === undefined ? {} : { engine: parseEngine(engine, option) }),
    ...(like === undefined ? {} : { recipe: { like } }),
  })
  const entries = [entry(a, engineA, '--engine-a'), entry(b ?? a, engineB, '--engine-b')] as const
  if (b === undefined && engineA === engineB)
    throw new SweepError('SB-MODEL-012', { a, b: a, message: 'they are one and the same; name --engine-b or a second model' })
  return { entries, specDir: process.cwd(), task: undefined }
}

function readFile(file: string): Entries {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new SweepError('SB-SPEC-007', { file }, { cause })
  }
  const { models, spec, tasks, mistakes } = readSpec(text, file)
  refuseMistakes(file, mistakes)
  const entries = models.map(({ value }) => ({
    ...value,
    ...(value.engine === undefined && spec?.engine !== undefined ? { engine: spec.engine } : {}),
    recipe: { ...spec?.recipe, ...value.recipe },
  }))
  const [first, second, ...more] = entries
  if (first === undefined || second === undefined || more.length > 0)
    throw new SweepError('SB-SPEC-004', { path: 'models', message: `two are compared, ${file} names ${entries.length}` })
  return { entries: [first, second], specDir: dirname(resolve(file)), task: tasks[0]?.value.task }
}

async function findTexts(
  task: string | undefined,
  by: { readonly options: ConsistencyOptions; readonly specDir: string; readonly signal: AbortSignal },
): Promise<ConsistencyTexts> {
  if (task === undefined) return probeTexts()
  const hub = readHubSettings(by.options)
  const { tasks, warnings } = findTask({ task }, { spec: null, specDir: by.specDir, datasets: by.options.datasets, hub })
  for (const warning of warnings) printNote(`note: ${warning}`)
  const [first, ...more] = tasks
  if (first === undefined) throw new SweepError('SB-SPEC-005', { task })
  if (more.length > 0)
    printNote(`note: of ${tasks.length} data sets only ${first.ref.task} (${first.ref.subset}, ${first.ref.split}) is read`)
  return taskTexts(first, { limit: Number(by.options.texts), hub, signal: by.signal })
}

async function measured(
  sides: { readonly a: ConsistencySide; readonly b: ConsistencySide },
  texts: ConsistencyTexts,
  by: { options: ConsistencyOptions; readEnv: (name: string) => string | undefined; signal: AbortSignal },
): Promise<ConsistencyNumbers> {
  const { options, readEnv, signal } = by
  const what = sides.a.kind === 'scores' ? 'pairs' : 'texts'
  const progress = new CountPrinter(what, stepCount(texts, sides.a.kind))
  try {
    return await measure(sides.a, sides.b, texts, {
      readEnv,
      signal,
      threads: options.threads === undefined ? undefined : Number(options.threads),
      worst: Number(options.worst),
      onStep: () => progress.step(),
    })
  } finally {
    progress.finish()
  }
}

function rowOf(
  sides: { readonly a: ConsistencySide; readonly b: ConsistencySide },
  by: { readonly texts: ConsistencyTexts; readonly numbers: ConsistencyNumbers; readonly verdict: ConsistencyVerdict },
): ConsistencyRow {
  const { texts, numbers, verdict } = by
  const compared = ({ load }: ConsistencySide, { engine, version, dtype, provider }: EngineFacts): ComparedEngine => ({
    model: load.model,
    revision: load.revision,
    load: load.key,
    engine,
    version,
    dtype,
    provider,
  })
  const { a, b, ...rest } = numbers
  const agreement = numbers.kind === 'embeddings' ? numbers.vectors.cosine.mean : numbers.scores.composite
  return {
    at: new Date().toISOString(),
    a: compared(sides.a, a),
    b: compared(sides.b, b),
    kind: numbers.kind,
    texts: texts.name,
    holds: verdict.holds,
    agreement: Number.isNaN(agreement) ? null : agreement,
    // through JSON, so that what is undefined is null in the row, in the answer and on the wire alike
    verdict: JSON.parse(JSON.stringify(verdict)),
    numbers: JSON.parse(JSON.stringify(rest)),
    code: codeVersion(),
  }
}

async function store(row: ConsistencyRow, options: ConsistencyOptions): Promise<void> {
  const writer = openWriter(options, { mayCreate: true })
  try {
    await writer.recordConsistency(row)
  } finally {
    writer.close()
  }
}

async function showHistory(model: string | undefined, options: ConsistencyOptions): Promise<void> {
  const source = openSource(options)
  try {
    const rows = await source.consistency(model)
    if (options.json) return printJson(rows)
    const engine = ({ engine: name, version, dtype }: ComparedEngine) => `${name} ${version} ${dtype}`
    const cells = rows.map((row) => [
      row.at.slice(0, 19).replace('T', ' '),
      row.a.model === row.b.model ? row.a.model : `${row.a.model} / ${row.b.model}`,
      engine(row.a),
      engine(row.b),
      row.texts,
      row.agreement === null ? 'undefined' : digits(row.agreement),
      row.holds ? 'yes' : 'NO',
    ])
    const titles = [
      { title: 'when', min: 19 },
      { title: 'model', min: 12 },
      { title: 'A', min: 10 },
      { title: 'B', min: 10 },
      { title: 'texts', min: 10, isOptional: true },
      { title: 'agreement', align: 'right' as const },
      { title: 'consistent' },
    ]
    printResult(renderTable(titles, cells, terminalWidth()))
  } finally {
    source.close()
  }
}

function cosine(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= -1 && value <= 1)) throw new InvalidArgumentError('It must be a number from -1 to 1.')
  return value
}
