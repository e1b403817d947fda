import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import type { ComparedEngine, ConsistencyRow } from '@sweepboard/ledger'
import { type NamedModel, readSpec, refuseMistakes } from '@sweepboard/planner'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { WEIGHT_TYPES, type WeightType } from '../consistency-bounds.ts'
import { describeConsistency, digits } from '../consistency-report.ts'
import { compareTwo } from '../consistency-run.ts'
import { type CommonOptions, dataFolder } from '../context.ts'
import { parseRunningEngine } from '../engine-option.ts'
import { fingerprintsIn } from '../folder-source.ts'
import { readHubSettings } from '../hub.ts'
import { wholeNumber } from '../number-option.ts'
import { printJson, printResult } from '../output.ts'
import { untilSignal } from '../signals.ts'
import { openSource } from '../source.ts'
import { renderTable, terminalWidth } from '../table.ts'
import { openWriter } from '../writer.ts'

interface ConsistencyOptions extends CommonOptions {
  readonly engineA?: string
  readonly engineB?: string
  readonly like?: string
  readonly task?: string
  readonly probeSet?: boolean
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
    .option(
      '--engine-a <engine>',
      'onnx[,dtype=q8], random, or KIND=URL[,model=NAME,key=$VARIABLE,...] with KIND openai, tei, ollama or rerank-api',
    )
    .option('--engine-b <engine>', 'engine of B, as --engine-a')
    .option('--like <model>', 'known model whose recipe fills in what neither folder nor server says')
    .option('--task <name>', "a task's texts in place of the built-in probe set")
    .option('--probe-set', 'the built-in probe set, even where a sweep file names tasks')
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
  sweepboard consistency ./models/bge-m3 --task SciFact \\
    --engine-b openai=http://gpu-box:8000/v1,model=BAAI/bge-m3
  sweepboard consistency local/pocket-static-en ./models/pocket-static-en --json
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
  const allowed = new Set(options.allowEnv)
  const compared = await compareTwo(entries, {
    specDir,
    task: options.probeSet === true ? undefined : (options.task ?? task),
    readEnv: (name) => (allowed.has(name) ? process.env[name] : undefined),
    fingerprints: () => fingerprintsIn(dataFolder(options)),
    datasets: options.datasets,
    hub: readHubSettings(options),
    limit: Number(options.texts),
    worst: Number(options.worst),
    threads: options.threads === undefined ? undefined : Number(options.threads),
    minCosine: options.minCosine,
    minComposite: options.minComposite,
    dtype: options.dtype,
    signal: interrupt.signal,
  })
  const { row, sides, numbers, verdict } = compared
  if (options.store) await store(row, options)
  process.exitCode = verdict.holds ? 0 : 1
  if (options.json) return printJson(row)
  printResult(describeConsistency(sides, { textsName: row.texts, numbers, verdict }))
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
    ...(engine === undefined ? {} : { engine: parseRunningEngine(engine, option) }),
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
