import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Pooling, SweepError } from '@sweepboard/contracts'

type Json = Readonly<Record<string, unknown>>

/** What a model folder says of itself; null where it says nothing. Nothing here is a default of ours. */
export interface FolderConfig {
  readonly pooling: Pooling | null
  readonly normalize: boolean | null
  /** `max_seq_length`, closing token included. */
  readonly maxTokens: number | null
  /** sentence-transformers' fallback: the smaller of `max_position_embeddings` and `model_max_length`. */
  readonly positionLimit: number | null
  /** Tokens a model with a table of positions can read at all; null where positions are computed, or nothing tells. */
  readonly positions: number | null
  readonly similarity: 'cosine' | 'dot' | null
  readonly dimensions: number | null
  readonly prompts: Readonly<Record<string, string>>
  readonly defaultPrompt: string | null
  readonly matryoshka: number[] | null
  /** As the model card spells them (`en`, `zh`); null when the card does not say. */
  readonly languages: string[] | null
  /** Whether prompts are left out of the pooling (`include_prompt: false`). */
  readonly excludesPrompt: boolean
}

/**
 * Reads the files sentence-transformers and transformers.js lay beside a model.
 * @throws SweepError `SB-MODEL-004` for malformed JSON or an unknown pooling, `SB-CORE-002` for modules this version does
 * not run (Dense, max pooling, lower-casing before the tokenizer): leaving them out would change the vectors
 */
export async function readFolderConfig(folder: string): Promise<FolderConfig> {
  const read = (file: string) => readJson(folder, file)
  const [config, modules, hub, tokenizer] = await Promise.all(
    ['config.json', 'modules.json', 'config_sentence_transformers.json', 'tokenizer_config.json'].map(read),
  )
  const types = moduleTypes(modules)
  const poolingFolder = modulePath(modules, 'Pooling') ?? '1_Pooling'
  const pooling = await readJson(folder, join(poolingFolder, 'config.json'))
  const sentence = await sentenceConfig(folder)
  if (sentence?.do_lower_case === true) throw notYet(folder, 'do_lower_case')
  const prompts = promptsOf(folder, hub?.prompts)
  const defaultName = typeof hub?.default_prompt_name === 'string' ? hub.default_prompt_name : null
  if (defaultName !== null && prompts[defaultName] === undefined)
    throw faulty(folder, `default_prompt_name ${defaultName} of config_sentence_transformers.json is none of its prompts`)
  return {
    pooling: pooling === null ? null : poolingOf(folder, pooling),
    normalize: types === null ? null : types.includes('Normalize'),
    maxTokens: positive(sentence?.max_seq_length),
    positions: positionsOf(config),
    positionLimit: smallest(positive(config?.max_position_embeddings), positive(tokenizer?.model_max_length)),
    similarity: similarityOf(folder, hub?.similarity_fn_name),
    dimensions: positive(pooling?.word_embedding_dimension) ?? positive(config?.hidden_size),
    prompts,
    defaultPrompt: defaultName === null ? null : (prompts[defaultName] ?? null),
    matryoshka: Array.isArray(config?.matryoshka_dimensions) ? (config.matryoshka_dimensions as number[]) : null,
    languages: await cardLanguages(folder),
    excludesPrompt: pooling?.include_prompt === false,
  }
}

/** A JSON object of the folder; null when the file is absent. Throws `SB-MODEL-004` on malformed JSON. */
export async function readJson(folder: string, file: string): Promise<Json | null> {
  let text: string
  try {
    text = await readFile(join(folder, file), 'utf8')
  } catch {
    return null
  }
  try {
    return JSON.parse(text) as Json
  } catch (cause) {
    throw new SweepError('SB-MODEL-004', { model: basename(folder), missing: `${file} is not JSON` }, { cause })
  }
}

/** Names sentence-transformers gave the file of `max_seq_length` over the years, in the order it looks for them. */
const SENTENCE_CONFIGS = ['bert', 'roberta', 'distilbert', 'camembert', 'albert', 'xlm-roberta', 'xlnet'].map(
  (kind) => `sentence_${kind}_config.json`,
)

async function sentenceConfig(folder: string): Promise<Json | null> {
  for (const file of SENTENCE_CONFIGS) {
    const found = await readJson(folder, file)
    if (found !== null) return found
  }
  return null
}

function promptsOf(folder: string, given: unknown): Readonly<Record<string, string>> {
  if (given === undefined || given === null) return {}
  const isDictionary = typeof given === 'object' && !Array.isArray(given)
  if (!isDictionary || Object.values(given).some((text) => typeof text !== 'string'))
    throw faulty(folder, 'the prompts of config_sentence_transformers.json must be texts by name')
  return given as Record<string, string>
}

/** Architectures that look positions up in a table, and how many of its rows stand for none. */
const POSITION_TABLES: Readonly<Record<string, number>> = {
  ...{ bert: 0, distilbert: 0, albert: 0, electra: 0 },
  ...{ roberta: 2, 'xlm-roberta': 2, camembert: 2, mpnet: 2 },
}

/** Tokens that a config's table of positions has rows for; null where it names no such table. */
export function positionsOf(config: Json | null | undefined): number | null {
  const spare = POSITION_TABLES[String(config?.model_type)]
  const rows = positive(config?.max_position_embeddings)
  const isTable = (config?.position_embedding_type ?? 'absolute') === 'absolute'
  return spare === undefined || rows === null || !isTable ? null : rows - spare
}

const faulty = (folder: string, missing: string) => new SweepError('SB-MODEL-004', { model: basename(folder), missing })

const notYet = (folder: string, what: string) => new SweepError('SB-CORE-002', { what: `${what} (${basename(folder)})` })

function moduleList(modules: Json | null | undefined): { type: string; path: string }[] | null {
  if (!Array.isArray(modules)) return null
  return modules.map((entry: Json) => ({ type: String(entry.type).split('.').at(-1) ?? '', path: String(entry.path ?? '') }))
}

function moduleTypes(modules: Json | null | undefined): string[] | null {
  const types = moduleList(modules)?.map((module) => module.type) ?? null
  const unknown = types?.find((type) => !['Transformer', 'Pooling', 'Normalize'].includes(type))
  if (unknown !== undefined) throw new SweepError('SB-CORE-002', { what: `the module ${unknown} of modules.json` })
  return types
}

function modulePath(modules: Json | null | undefined, type: string): string | null {
  return moduleList(modules)?.find((module) => module.type === type)?.path ?? null
}

function poolingOf(folder: string, config: Json): Pooling {
  const known = { cls_token: 'cls', cls: 'cls', mean_tokens: 'mean', mean: 'mean', lasttoken: 'lasttoken' } as const
  const flags = Object.keys(config).filter((key) => key.startsWith('pooling_mode_') && config[key] === true)
  const modes =
    typeof config.pooling_mode === 'string' ? [config.pooling_mode] : flags.map((key) => key.slice('pooling_mode_'.length))
  if (modes.length !== 1)
    throw new SweepError('SB-MODEL-004', { model: basename(folder), missing: `its pooling config names ${modes.length} modes` })
  const pooling = known[modes[0] as keyof typeof known] as Pooling | undefined
  if (pooling === undefined) throw notYet(folder, `pooling ${modes[0]}`)
  return pooling
}

function similarityOf(folder: string, name: unknown): 'cosine' | 'dot' | null {
  if (name === undefined || name === null) return null
  if (name === 'cosine' || name === 'cos_sim') return 'cosine'
  if (name === 'dot' || name === 'dot_score') return 'dot'
  throw notYet(folder, `similarity ${String(name)}`)
}

function positive(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null
}

function smallest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b)
}

/** `language:` of the model card's front matter: `en`, `[en, zh]`, or a list of `- en` lines. */
async function cardLanguages(folder: string): Promise<string[] | null> {
  const card = await readFile(join(folder, 'README.md'), 'utf8').catch(() => '')
  const front = /^---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1]
  const found = front === undefined ? null : /^language:[ \t]*(.*(?:\r?\n[ \t]*- .*)*)/m.exec(front)?.[1]
  const names = found?.match(/[A-Za-z][A-Za-z-]+/g)
  return names ? [...names] : null
}
