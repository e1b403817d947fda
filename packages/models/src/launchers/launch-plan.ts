import { stat } from 'node:fs/promises'
import { basename, isAbsolute, resolve } from 'node:path'
import { type Launch, type Load, SweepError } from '@sweepboard/contracts'
import { readJson } from '../folder-config.ts'
import { tokenizerDigest } from '../http/tokenizer-on-host.ts'
import type { LaunchChoice, ResolveContext } from '../model-source.ts'
import { hubIdOf } from '../recipe-book.ts'
import { launchedBytes, weightBytes } from '../recipe-memory.ts'
import { openTextTokenizer, type TextTokenizer } from '../text-tokenizer.ts'
import { findGguf } from './gguf-file.ts'
import { type LaunchWeights, readLaunchWeights } from './launch-weights.ts'
import type { Launcher } from './launcher.ts'
import { knownLauncher } from './launchers.ts'

type Device = 'cuda' | 'cpu'

/** What is known of a launched model before any server runs. */
export interface LaunchPlan {
  readonly choice: LaunchChoice
  /** null: one that only a worker's host knows. */
  readonly launcher: Launcher | null
  readonly serves: 'vectors' | 'scores'
  readonly engine: 'openai' | 'tei' | 'ollama' | 'rerank-api'
  /** Hub id, or `local/<folder>`. */
  readonly model: string
  /** Hub id that a card may be known by; null where the folder's path spells none. */
  readonly hubId: string | null
  /** Commit that a folder's path spells. */
  readonly spelledRevision: string | null
  readonly folder: string | null
  /** Where the weights lie that this machine has read: the folder, or another one with the GGUF file of a hub id. */
  readonly weightsFolder: string | null
  readonly weights: LaunchWeights | null
  readonly dtype: string
  readonly devices: readonly Device[]
  readonly tokenizer: TextTokenizer | null
  readonly tokenizerFolder: string | null
  readonly tokenizerDigest: string | null
}

interface PlanLaunch extends Pick<ResolveContext, 'baseDir' | 'hubCache'> {
  readonly model: string
  readonly serves: 'vectors' | 'scores'
}

/**
 * Reads what a spec says of a launched server, and the model's folder where it is one; of llama.cpp the GGUF file, see `ggufFolder`.
 * @throws SweepError `SB-SPEC-004` for an option the launcher does not have, `SB-SPEC-006` for a name that is neither folder nor hub
 *   id, `SB-MODEL-001` for missing weights or tokenizer, `SB-MODEL-003` for the tokenizer, `SB-MODEL-015` for a GGUF file not on disk
 */
export async function planLaunch(choice: LaunchChoice, by: PlanLaunch): Promise<LaunchPlan> {
  const launcher = knownLauncher(choice.name)
  refuseOptions(choice, launcher, by.serves)
  const engine = launcher?.engine[by.serves] ?? choice.dialect ?? (by.serves === 'scores' ? 'rerank-api' : 'openai')
  if ((engine === 'rerank-api') !== (by.serves === 'scores'))
    throw optionError(choice, 'dialect', `${engine} gives no ${by.serves}`)
  const folder = await folderOf(by.model, by.baseDir)
  if (folder === null && !/^\w[\w.-]*\/\w[\w.-]*$/.test(by.model)) throw new SweepError('SB-SPEC-006', { model: by.model })
  const isGguf = choice.name === 'llamacpp'
  const gguf = isGguf ? await findGguf(choice, { ...by, folder }) : { folder, file: null }
  const weightsFolder = gguf.folder
  const weights = weightsFolder === null ? null : await readLaunchWeights(weightsFolder, { isGguf, file: gguf.file })
  const dtype = await dtypeOf(choice, { launcher, folder, weights })
  const tokenizerFolder = choice.tokenizer === undefined ? folder : resolve(by.baseDir, choice.tokenizer)
  const digest = tokenizerFolder === null ? null : await tokenizerDigest(tokenizerFolder)
  if (tokenizerFolder !== null && digest === null)
    throw new SweepError('SB-MODEL-001', { path: `${tokenizerFolder}/tokenizer.json` })
  const spelled = folder === null ? null : hubIdOf(folder)
  const hubId = (folder === null ? by.model : (spelled?.model ?? null))?.replace(/-GGUF$/i, '') ?? null
  const plan = { choice, launcher, serves: by.serves, engine, hubId, folder, weightsFolder, weights, dtype, tokenizerFolder }
  return {
    ...plan,
    model: folder === null ? by.model : `local/${basename(folder)}`,
    spelledRevision: spelled?.revision ?? null,
    devices: devicesOf(choice, launcher, dtype),
    tokenizer: tokenizerFolder === null ? null : await openTextTokenizer(tokenizerFolder, by.model),
    tokenizerDigest: digest,
  }
}

/** How a plan becomes a load; the recipe is read by then. */
export interface LaunchFacts {
  /** Name on the board. */
  readonly model: string
  /** Commit that somebody vouches for: the spec's or the card's; null of a folder. */
  readonly revision: string | null
  readonly options: Load['identity']['options']
  /** The recipe's own limit. */
  readonly recipeTokens: number | null
  readonly cardTokens: number | null
  readonly parameters: number | null
  readonly isDecoder: boolean
}

/**
 * The load of a launched model: nothing in its key depends on slot, host or port.
 * @throws SweepError `SB-MODEL-013` for a hub id without a revision, `SB-SPEC-004` for fewer tokens than the recipe's
 */
export async function launchedLoad(plan: LaunchPlan, facts: LaunchFacts): Promise<Omit<Load, 'key'>> {
  const { choice, launcher, weights, weightsFolder, folder } = plan
  if (facts.revision !== null && !/^\w[\w./-]{0,99}$/.test(facts.revision))
    throw new SweepError('SB-SPEC-004', { path: 'revision', message: 'must be a commit, a tag or a branch' })
  if (weights === null && facts.revision === null) throw new SweepError('SB-MODEL-013', { model: facts.model })
  // Of a hub id without a tokenizer nothing is cut here: what the card says may then be sent.
  const least = facts.recipeTokens ?? facts.cardTokens
  if (choice.maxTokens !== undefined && least !== null && choice.maxTokens < least)
    throw optionError(
      choice,
      'maxTokens',
      facts.recipeTokens === null
        ? `${choice.maxTokens} is below the ${least} of the model's card, and nothing cuts texts here: name the folder of its tokenizer with \`tokenizer\`, and cut with recipe.maxTokens`
        : `${choice.maxTokens} is below the recipe's ${least}: lower recipe.maxTokens to cut texts`,
    )
  const maxTokens = choice.maxTokens ?? least
  const launch: Launch = {
    launcher: choice.name,
    serves: plan.serves,
    devices: [...plan.devices],
    maxTokens,
    memoryShare: choice.memoryShare ?? null,
    ...(launcher?.mostDevices !== undefined && { mostDevices: launcher.mostDevices }),
  }
  const { memoryBytes, options } = {
    memoryBytes: await memoryOf(plan, { ...facts, maxTokens }),
    options: {
      model: choice.model ?? (folder === null ? facts.model : basename(folder)),
      ...(weights === null ? { repo: facts.model, revision: facts.revision as string } : {}),
      ...(weights?.file == null ? {} : { file: weights.file }),
      ...(choice.quantization === undefined ? {} : { quantization: choice.quantization }),
      ...(plan.tokenizerDigest === null ? {} : { tokenizer: plan.tokenizerDigest }),
      ...facts.options,
    },
  }
  return {
    model: facts.model,
    revision: facts.revision ?? plan.spelledRevision ?? (weights as LaunchWeights).digest.slice(0, 12),
    identity: {
      engine: plan.engine,
      weights: weights?.digest ?? null,
      dtype: plan.dtype,
      provider: launcher?.name ?? choice.name,
      options,
      fingerprint: null,
    },
    open: {
      folder: weightsFolder,
      file: null,
      ...(plan.tokenizerFolder === null || plan.tokenizerFolder === weightsFolder ? {} : { tokenizer: plan.tokenizerFolder }),
      url: null,
      keyVariable: null,
      concurrency: choice.concurrency ?? 8,
      batchTexts: choice.batch ?? 32,
      timeoutMs: choice.timeout ?? 300_000,
      launch,
    },
    memoryBytes,
    parameterCount: facts.parameters,
  }
}

async function memoryOf(plan: LaunchPlan, facts: LaunchFacts & { readonly maxTokens: number | null }): Promise<number> {
  const { choice, launcher, weights, folder, dtype } = plan
  const stored = folder === null ? null : await folderFacts(folder)
  const packed = choice.quantization === undefined ? knownType(dtype, choice) : quantizedType(choice.quantization)
  const ofCard = facts.parameters === null ? null : weightBytes(facts.parameters, packed)
  const storedBytes =
    weights === null
      ? null
      : weights.sizeBytes * ((weightBytes(1024, packed) ?? 1) / (weightBytes(1024, stored?.dtype ?? packed) ?? 1))
  return launchedBytes({
    weightBytes: (weights?.file == null ? storedBytes : weights.sizeBytes) ?? ofCard ?? 0,
    overheadBytes: launcher?.traits.overheadBytes ?? 2 ** 30,
    isDecoder: facts.isDecoder,
    tokenBytes: stored?.tokenBytes ?? null,
    maxTokens: facts.maxTokens,
  })
}

/** What weights of a type that nobody told are taken for: what the tag of Ollama's store says, else its packing of most models; else half precision. */
function knownType(dtype: string, { name, model }: LaunchChoice): string {
  if (dtype !== 'unknown') return dtype
  if (name !== 'ollama') return 'float16'
  const tag = model?.split(':')[1]?.toLowerCase() ?? ''
  if (/f32|fp32/.test(tag)) return 'float32'
  if (/f16|fp16/.test(tag)) return 'float16'
  return /q8/.test(tag) ? 'int8' : 'q4'
}

/** Type that a folder's config names, and bytes of keys and values a token takes in half precision. */
async function folderFacts(folder: string): Promise<{ dtype: string | null; tokenBytes: number | null }> {
  const config = await readJson(folder, 'config.json')
  const number = (key: string) => (typeof config?.[key] === 'number' ? (config[key] as number) : null)
  const [layers, heads, hidden] = [number('num_hidden_layers'), number('num_attention_heads'), number('hidden_size')]
  const size = number('head_dim') ?? (hidden !== null && heads !== null ? hidden / heads : null)
  const keys = number('num_key_value_heads') ?? heads
  const dtype = config?.torch_dtype ?? config?.dtype
  return {
    dtype: typeof dtype === 'string' ? dtype : null,
    tokenBytes: layers === null || keys === null || size === null ? null : 4 * layers * keys * size,
  }
}

/** `bitsandbytes`, `awq_marlin`, `gptq`, `fp8`: how many bytes a weight has after it; half where nobody knows. */
function quantizedType(name: string): string {
  return ['fp8', 'awq', 'gptq', 'bitsandbytes'].find((known) => name.startsWith(known)) ?? 'float16'
}

async function dtypeOf(
  choice: LaunchChoice,
  of: { launcher: Launcher | null; folder: string | null; weights: LaunchWeights | null },
): Promise<string> {
  if (of.weights?.file != null) return ggufType(of.weights.file)
  if (of.launcher === null) return choice.dtype ?? (of.folder === null ? null : (await folderFacts(of.folder)).dtype) ?? 'unknown'
  return choice.dtype ?? of.launcher.traits.dtypes[choice.device ?? defaultDevice(of.launcher)][0] ?? 'unknown'
}

const defaultDevice = (launcher: Launcher): Device => launcher.devices[0] as Device

/** Type that a GGUF's name ends in, e.g. `q8_0`; `unknown` where it names none. */
function ggufType(file: string): string {
  const found = /[.-](i?q\d[a-z0-9_]*|f16|f32|bf16)(?:-\d{5}-of-\d{5})?\.gguf$/i.exec(file)?.[1]?.toLowerCase()
  const spelled: Readonly<Record<string, string>> = { f16: 'float16', f32: 'float32', bf16: 'bfloat16' }
  return found === undefined ? 'unknown' : (spelled[found] ?? found)
}

/** Where the server may run: where the spec says; else on a GPU, and on the CPU too where the type is one it has there by default. */
function devicesOf(choice: LaunchChoice, launcher: Launcher | null, dtype: string): Device[] {
  if (choice.device !== undefined) return [choice.device]
  if (launcher === null) return ['cuda', 'cpu']
  const { dtypes } = launcher.traits
  const isEither = dtypes.cuda.length === 0 || (dtypes.cpu[0] === dtype && dtype === 'float32')
  return isEither ? [...launcher.devices] : [defaultDevice(launcher)]
}

function refuseOptions(choice: LaunchChoice, launcher: Launcher | null, serves: 'vectors' | 'scores'): void {
  if (launcher === null) {
    if (choice.repo !== undefined) throw optionError(choice, 'repo', 'only llamacpp has it')
    return
  }
  const { name, traits, devices, engine } = launcher
  if (engine[serves] === null) throw new SweepError('SB-WORK-032', { launcher: name, message: `it gives no ${serves}` })
  if (choice.device !== undefined && !devices.includes(choice.device))
    throw optionError(choice, 'device', `it serves nothing on ${choice.device}`)
  for (const option of ['dtype', 'quantization', 'file', 'repo', 'model', 'memoryShare'] as const)
    if (choice[option] !== undefined && !traits.takes.includes(option))
      throw optionError(
        choice,
        option,
        option === 'dtype' ? 'its weights decide that: name another file or model' : 'it has no such option',
      )
  const types = traits.dtypes[choice.device ?? defaultDevice(launcher)]
  if (choice.dtype !== undefined && !types.includes(choice.dtype))
    throw optionError(choice, 'dtype', `must be one of ${types.join(', ')}${choice.device ? ` on ${choice.device}` : ''}`)
  if (name === 'ollama' && choice.model === undefined)
    throw optionError(choice, 'model', "name the model as Ollama's store has it, e.g. qwen3-embedding:8b")
}

function optionError({ name }: LaunchChoice, option: string, message: string): SweepError {
  const path = knownLauncher(name) === null ? `engine.launch.${option}` : `engine.${name}.${option}`
  return new SweepError('SB-SPEC-004', { path, message })
}

/** A path, or any folder below `baseDir` of that name; null for a hub id. */
async function folderOf(model: string, baseDir: string): Promise<string | null> {
  const path = resolve(baseDir, model)
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  )
  if (isFolder) return path
  if (/^\.{1,2}[/\\]/.test(model) || isAbsolute(model)) throw new SweepError('SB-MODEL-001', { path })
  return null
}
