import type { Card, Machine } from './machine.ts'
import type { ModelFolder } from './machine-models.ts'

/** A model for the first sweep, before anybody looked whether it can be served here. */
export interface Candidate {
  readonly model: string
  readonly engine?: string | { readonly [engine: string]: { readonly url: string } }
  /** Why it is there, for the comment behind it. */
  readonly why: string
}

/** A candidate that was looked at; `trouble` says why it cannot run here, null = it can. */
export interface Judged extends Candidate {
  readonly trouble: string | null
}

/** Embedding models of one family in three sizes: the largest that fits is worth its time. */
const FAMILY = ['Qwen/Qwen3-Embedding-8B', 'Qwen/Qwen3-Embedding-4B', 'Qwen/Qwen3-Embedding-0.6B'] as const
/** Which of the installed launchers is taken, on a GPU and without one. */
const ON_GPU = ['vllm', 'sglang', 'tei', 'infinity']
const ON_CPU = ['tei', 'infinity']
/** Folders that are looked at: each is read whole for its digest. */
const MOST_FOLDERS = 4

const SHIPPED: readonly Candidate[] = [
  { model: 'local/pocket-static-en', why: 'comes with sweepboard; ONNX on the CPU' },
  { model: 'mteb/baseline-bm25s', why: 'comes with sweepboard; words, no vectors' },
]

/** Models for a first sweep here: the named ones, or the shipped ones and what is served, lies here, and fits. */
export function candidatesFor(machine: Machine, named: readonly string[]): Candidate[] {
  const launcher = launcherOn(machine)
  const served = machine.servers.map(({ model, engine, url, server }) => ({
    model,
    engine: { [engine]: { url } },
    why: `${server} serves it here`,
  }))
  if (named.length > 0)
    return named.map((model) => served.find((one) => one.model === model) ?? namedCandidate(model, { machine, launcher }))
  const folders = machine.folders.slice(0, MOST_FOLDERS).map((folder) => folderCandidate(folder, launcher))
  const known = new Set(machine.folders.map(({ hubId }) => hubId))
  const family = launcher === null || machine.cards.length === 0 ? [] : FAMILY.filter((model) => !known.has(model))
  return [
    ...SHIPPED,
    ...served,
    ...folders,
    ...family.map((model) => ({ model, engine: launcher ?? '', why: `started by ${launcher}` })),
  ]
}

/** Name of the launcher that would start servers here; null where none is installed. */
export function launcherOn({ cards, launchers }: Pick<Machine, 'cards' | 'launchers'>): string | null {
  return (cards.length > 0 ? ON_GPU : ON_CPU).find((name) => launchers.includes(name)) ?? null
}

function namedCandidate(model: string, by: { machine: Machine; launcher: string | null }): Candidate {
  if (SHIPPED.some((one) => one.model === model) || /^[./]/.test(model)) return { model, why: 'named with --models' }
  const folder = by.machine.folders.find(({ hubId }) => hubId === model)
  if (folder !== undefined) return { ...folderCandidate(folder, by.launcher), why: `${model}, named with --models` }
  return { model, ...(by.launcher !== null && { engine: by.launcher }), why: 'named with --models' }
}

function folderCandidate({ path, hubId, hasOnnx }: ModelFolder, launcher: string | null): Candidate {
  const why = hubId === null ? 'lies here' : `${hubId} of the Hugging Face cache`
  return { model: path, ...(!hasOnnx && launcher !== null && { engine: launcher }), why }
}

/** The sweep file: what runs, what does not and why, and what to try next. */
export function writeFirstSpec(
  machine: Machine,
  models: readonly Judged[],
  {
    file,
    fleet,
  }: { readonly file: string /** Commands of a service, a worker and `submit`. */; readonly fleet: readonly string[] },
): string {
  const running = models.filter(({ trouble }) => trouble === null)
  const others = models.filter(({ trouble }) => trouble !== null)
  return `${[
    `# A first sweep, written by \`sweepboard init\` for ${machine.hostname}: ${describeMachine(machine)}.`,
    `#   npx sweepboard plan ${file}     what would run`,
    `#   npx sweepboard run ${file}      runs it here and shows the board`,
    '# With a service, and a worker on this and every other host:',
    ...fleet.map((command) => `#   ${command}`),
    'sweep: first-look',
    'tasks: [SemanticTrapsEn]   # comes with sweepboard; `sweepboard tasks` lists all others, e.g. SciFact (needs the hub, or --datasets)',
    'models:',
    ...running.map((one) => `  - ${entryOf(one)}   # ${plain(one.why)}`),
    ...others.map((one) => `  # - ${entryOf(one)}   # ${plain(one.trouble ?? '')}`),
    '# From the same vectors, at no cost:',
    '# matrix:',
    '#   dimensions: [full, 128]',
    '#   precision: [float32, int8, binary]',
  ].join('\n')}\n`
}

/** Cores, memory and cards in one line. */
export function describeMachine({ cores, memoryBytes, cards }: Machine): string {
  return [`${cores} cores`, `${gibibytes(memoryBytes)} memory`, ...cards.map(describeCard)].join(', ')
}

function describeCard({ slot, name, freeBytes }: Card): string {
  return `${slot} ${plain(name)} with ${gibibytes(freeBytes)} free`
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`
}

function entryOf({ model, engine }: Candidate): string {
  if (engine === undefined) return scalar(model)
  const [name, settings] = typeof engine === 'string' ? [engine, null] : (Object.entries(engine)[0] as [string, { url: string }])
  const written = settings === null ? name : `{ ${name}: { url: ${JSON.stringify(settings.url)} } }`
  return `{ model: ${scalar(model)}, engine: ${written} }`
}

/** A name that YAML reads as it stands, else in quotes. */
function scalar(text: string): string {
  return /^[A-Za-z./][\w./@+-]*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text) ? text : JSON.stringify(text)
}

/** One line, whatever a device or a server calls itself. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
