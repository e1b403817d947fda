import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isPairRecipe, type Load, pairLoad, SweepError } from '@sweepboard/contracts'
import {
  embeddingCard,
  isReranker,
  LAUNCHERS,
  type LaunchCommand,
  launchCommand,
  readLaunchers,
  resolveModel,
  resolveReranker,
} from '@sweepboard/models'
import { toEngineChoice } from './engine-choice.ts'
import { parseEngine } from './engine-option.ts'
import { readHubSettings } from './hub.ts'
import { withNearLauncher, withNearModel } from './near-name.ts'
import { toFailure } from './output.ts'
import { isPath, resolvePath } from './spec-path.ts'

export interface LaunchQuestion {
  readonly model: string
  /** As on a command line: `vllm,dtype=float16`. */
  readonly engine: string
  /** `cuda:0`, `cuda:1+2`, `cpu`; what the launcher prefers when absent. */
  readonly slot?: string | undefined
  readonly port: number
  readonly launchersFile?: string | undefined
  readonly revision?: string | undefined
  readonly isReranker: boolean
}

export interface LaunchAnswer {
  readonly load: Load
  readonly command: LaunchCommand
  readonly warnings: readonly string[]
}

/**
 * The command a worker would start a model's server with. Files it is given (a reranker's template) are written.
 * @throws SweepError as resolving a model does, `SB-SPEC-004` for an engine that nobody starts or a slot that cannot be read,
 *   `SB-WORK-030` to `-032` of the launcher, `SB-FILE-007` where a file cannot be written
 */
export async function askLaunch(question: LaunchQuestion): Promise<LaunchAnswer> {
  if (question.isReranker && embeddingCard(question.model) !== null)
    throw new SweepError('SB-SPEC-004', {
      path: '--rerank',
      message: `${question.model} is an embedding model by the recipe book: leave --rerank out`,
    })
  const { load, warnings } = await resolved(question).catch((thrown) => {
    throw withNearModel(withRerankHint(thrown, question), question.model)
  })
  if (load.open.launch === undefined)
    throw new SweepError('SB-SPEC-004', {
      path: '--engine',
      message: `nobody starts ${question.engine}: name a launcher, see \`sweepboard models\``,
    })
  const own = question.launchersFile === undefined ? undefined : readLaunchers(question.launchersFile)
  const { launcher, devices: kinds } = load.open.launch
  const devices = devicesOf(question.slot ?? (kinds[0] === 'cpu' ? 'cpu' : 'cuda:0'))
  const kind = devices.length === 0 ? 'cpu' : 'cuda'
  if (!kinds.includes(kind)) {
    const canBe = knownDevices(launcher).includes(kind)
    const message = canBe
      ? `with ${load.identity.dtype} it takes no ${kind} slot; \`device=${kind}\` in --engine says otherwise`
      : `it serves nothing on ${kind}: leave --slot out, or name a ${kinds.join(' or ')} slot`
    throw new SweepError('SB-WORK-032', { launcher, message })
  }
  const scratch = join(tmpdir(), 'sweepboard-launch', load.key.slice(0, 12))
  const folder = load.identity.weights === null ? null : load.open.folder
  const place = { port: question.port, devices, memoryBytes: load.memoryBytes, folder, scratch, settings: {} }
  const command = commandOf(load, place, own)
  for (const { path, text } of command.files) {
    try {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
    } catch (thrown) {
      throw toFailure(thrown)
    }
  }
  return { load, command, warnings }
}

/** A model without a recipe may be a reranker that nothing here knows as one. */
function withRerankHint(thrown: unknown, { isReranker }: LaunchQuestion): unknown {
  if (isReranker || !(thrown instanceof SweepError) || thrown.code !== 'SB-MODEL-004') return thrown
  const missing = `${thrown.details.missing}. Is it a reranker? Then add --rerank`
  return new SweepError(thrown.code, { ...thrown.details, missing }, { cause: thrown, mistakes: thrown.mistakes })
}

function commandOf(...[load, place, own]: Parameters<typeof launchCommand>): LaunchCommand {
  try {
    return launchCommand(load, place, own)
  } catch (thrown) {
    throw withNearLauncher(thrown)
  }
}

async function resolved(question: LaunchQuestion): Promise<{ load: Load; warnings: readonly string[] }> {
  const cwd = process.cwd()
  const model = isPath(question.model) ? resolvePath(question.model, cwd) : question.model
  const engine = toEngineChoice(parseEngine(question.engine, '--engine'))
  const source = { model, engine, revision: question.revision }
  const folder = isPath(question.model) ? model : null
  const context = { baseDir: cwd, hubCache: readHubSettings().cacheDir }
  if (!question.isReranker && !(await isReranker({ model, folder, engine }))) return resolveModel(source, context)
  const { load, recipe, warnings } = await resolveReranker(source, context)
  return { load: isPairRecipe(recipe) ? pairLoad(load, recipe) : load, warnings }
}

/** Kinds of slots a launcher can be started on; of the host's own all. */
function knownDevices(launcher: string): readonly string[] {
  return Object.values(LAUNCHERS).find(({ name }) => name === launcher)?.devices ?? ['cuda', 'cpu']
}

function devicesOf(slot: string): string[] {
  if (slot === 'cpu') return []
  const [, names] = /^cuda:((?:\d+|MIG-[\w./-]+|GPU-[\w-]+)(?:\+(?:\d+|GPU-[\w-]+))*)$/.exec(slot) ?? []
  if (names === undefined)
    throw new SweepError('SB-SPEC-004', { path: '--slot', message: 'must be cpu, cuda:0, or cuda:0+1 for a slot over two GPUs' })
  const devices = names.split('+')
  if (new Set(devices).size < devices.length)
    throw new SweepError('SB-SPEC-004', { path: '--slot', message: `${slot} joins a GPU with itself: name each once` })
  return devices
}

/** A command as one line for a shell: environment, program, arguments, each quoted where it must be. */
export function shellLine({ env, argv }: Pick<LaunchCommand, 'env' | 'argv'>): string {
  return [...Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`), ...argv.map(quoted)].join(' ')
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
