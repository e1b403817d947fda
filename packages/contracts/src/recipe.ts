import { z } from 'zod'
import type { Digest } from './digest.ts'
import { keyOf } from './digest.ts'
import { RateLimits } from './rate.ts'
import { SlotChoice } from './slot-choice.ts'

/** How token vectors become one vector: mean over the mask, first token, last kept token, or the model's own output. */
export const Pooling = z.enum(['mean', 'cls', 'lasttoken', 'none'])
export type Pooling = z.infer<typeof Pooling>
export const Similarity = z.enum(['cosine', 'dot'])
export type Similarity = z.infer<typeof Similarity>

/**
 * A step of text cleaning: `nfkc` (Unicode compatibility form), `whitespace` (runs of Python's white space become one space, ends
 * are stripped), `punctuation` (runs of one repeated ASCII punctuation mark become a single mark).
 */
export const Cleaning = z.enum(['nfkc', 'whitespace', 'punctuation'])
export type Cleaning = z.infer<typeof Cleaning>

/** How a lexical engine makes tokens of a text. */
export const Analyzer = z.strictObject({
  /**
   * `words`: lower case, runs of at least two letters, numeric characters or `_`, then stop words and stems. `characters`: NFKC, lower
   * case, every code point but the space a token, then stop words.
   */
  split: z.enum(['words', 'characters']),
  /** Stop-word list of bm25s, e.g. `en`; null = tokens found in at least 90 % of the documents are dropped from these. */
  stopWords: z.string().nullable(),
  /** Snowball algorithm, e.g. `english`; null = tokens stay as they are. */
  stemmer: z.string().nullable(),
  /** Adds a line feed, which the reference has between title and text, as one more token; only where characters are tokens. */
  lineFeed: z.literal(true).optional(),
})
export type Analyzer = z.infer<typeof Analyzer>

/** Everything that changes a vector on one side, apart from what must be in memory. */
export const SideRecipe = z.strictObject({
  /** `{text}` is replaced by the text, `{instruction}` by the instruction; exactly one `{text}`. */
  template: z.string().default('{text}'),
  instruction: z.string().nullable().default(null),
  /** Tokens a text may have, closing token included; null leaves it to the engine's own limit. */
  maxTokens: z.number().int().positive().nullable().default(null),
  /** Append this token's id after truncating when the tokenizer does not do so by itself. */
  closingToken: z.string().nullable().default(null),
  pooling: Pooling.default('none'),
  normalize: z.boolean().default(false),
  /** What is done to a text before the template, in this order; absent (never an empty list) where texts stay as they are. */
  cleaning: z.array(Cleaning).min(1).optional(),
  /** Text after the template that is tokenised by itself and never cut away; absent where there is none. */
  suffix: z.string().min(1).optional(),
  /** Number of the adapter a model with several computes this side with (`task_id`); absent where it has none. */
  adapter: z.number().int().nonnegative().optional(),
  /** Only of a lexical engine, which makes token lists and no vectors. */
  analyzer: Analyzer.optional(),
})
export type SideRecipe = z.infer<typeof SideRecipe>

/** A model's recipe, both sides, as data. */
export const Recipe = z.strictObject({
  query: SideRecipe,
  document: SideRecipe,
  similarity: Similarity,
  /** Length of the full vector. */
  dimensions: z.number().int().positive(),
})
export type Recipe = z.infer<typeof Recipe>

/** What text surrounds a pair: three parts tokenised each by itself; only `middle` is ever cut, at its end. */
export const PairTemplate = z.strictObject({
  prefix: z.string(),
  /** Holds `{query}` and `{document}` exactly once each, and `{instruction}` at most once. */
  middle: z.string(),
  suffix: z.string(),
})
export type PairTemplate = z.infer<typeof PairTemplate>

/** A reranker's recipe: everything that changes a score, apart from what must be in memory. */
export const PairRecipe = z.strictObject({
  /** null: the tokenizer's own pair form, e.g. `[CLS] query [SEP] document [SEP]`, cut from the longer side. */
  template: PairTemplate.nullable().default(null),
  /** Instruction of pairs that bring none; only read by a template with `{instruction}`. */
  instruction: z.string().nullable().default(null),
  /**
   * `logit` and `sigmoid`: the model's single logit, as it is or through the logistic function; `yes-no`: probability of
   * `yesToken` by softmax over the two tokens' logits at the last real position; `server`: whatever a server answers.
   */
  head: z.enum(['logit', 'sigmoid', 'yes-no', 'server']),
  yesToken: z.string().nullable().default(null),
  noToken: z.string().nullable().default(null),
  /** Tokens a pair may have, special tokens and template included; null leaves it to the engine's own limit. */
  maxTokens: z.number().int().positive().nullable().default(null),
})
export type PairRecipe = z.infer<typeof PairRecipe>

/**
 * How a worker starts a load's server itself. Only names and numbers: the command is the launcher's, or the worker host's own, and
 * never comes from a spec.
 */
export const Launch = z.strictObject({
  /** A known launcher, or one that the worker host's own file names. */
  launcher: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  serves: z.enum(['vectors', 'scores']),
  /** Kinds of slots it may be started on, the preferred one first; a later one only serves where no slot of an earlier one can. */
  devices: z.array(z.enum(['cuda', 'cpu'])).min(1),
  /** Tokens a text or pair may have, closing token included; null leaves it to the model. */
  maxTokens: z.number().int().positive().nullable().default(null),
  /** Share of the device's memory that the server may take; null leaves it to the launcher. */
  memoryShare: z.number().gt(0).max(1).nullable().default(null),
  /** GPUs it can use for one model: no slot that joins more may serve it; absent: any number. */
  mostDevices: z.number().int().positive().optional(),
})
export type Launch = z.infer<typeof Launch>

/** Whether a relative path stays below the folder it starts from. */
export function isBelow(path: string): boolean {
  return !/^([/\\]|[A-Za-z]:)|\0/.test(path) && !path.split(/[/\\]/).includes('..')
}

/** Of the memory nobody else holds, for a launched server whose spec gives no `memoryShare`: the rest is the driver's and the process's own. */
export const LAUNCHED_SHARE = 0.92

/**
 * What must be in memory. `identity` is hashed into the load key; `open` says how this fleet opens it (paths, URLs,
 * limits) and never changes a vector, so it is not hashed.
 */
export const Load = z.strictObject({
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** Name shown on the board: hub id, `local/<folder>`, `mteb/baseline-random-encoder`. */
  model: z.string(),
  /** Hub revision, `digest12` of a folder, `1` of the random encoder, or `no_revision_available`. */
  revision: z.string(),
  identity: z.strictObject({
    engine: z.enum(['random', 'onnx', 'bm25', 'openai', 'tei', 'ollama', 'rerank-api']),
    /** SHA-256 over the folder's relevant files (onnx), null otherwise. */
    weights: z.string().nullable(),
    dtype: z.string(),
    provider: z.string(),
    /** Remote model name, ONNX file name and other engine options that change a vector. */
    options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    /** Fingerprint of the probe texts' vectors (remote engines). */
    fingerprint: z.string().nullable(),
  }),
  open: z.strictObject({
    folder: z.string().nullable().default(null),
    /** Relative to the folder, below it. */
    file: z.string().refine(isBelow, 'leaves its folder').nullable().default(null),
    /** Folder with the tokenizer, only where it is not `folder`. */
    tokenizer: z.string().optional(),
    url: z.string().nullable().default(null),
    /** Name of the environment variable that holds the API key, never its value. */
    keyVariable: z.string().nullable().default(null),
    concurrency: z.number().int().positive().default(4),
    batchTexts: z.number().int().positive().default(32),
    timeoutMs: z.number().int().positive().default(60_000),
    /** What the server may be asked at most, by whoever serves this load. */
    rate: RateLimits.optional(),
    /** Only on a reranker: the recipe its engine is opened with. */
    pair: PairRecipe.optional(),
    /** Only where the worker starts the server: `url` is null until it has. */
    launch: Launch.optional(),
    /** Slots that may serve it, where a spec's overrides decide by slot; absent = any that fits. */
    slots: z.array(SlotChoice).min(1).max(64).optional(),
  }),
  /** Resident memory estimate in bytes, for the lane choice; 0 for remote engines. */
  memoryBytes: z.number().nonnegative(),
  parameterCount: z.number().nonnegative().nullable().default(null),
  /** Languages its card claims, as the card spells them; absent or null where it does not say. */
  languages: z.array(z.string()).nullable().optional(),
})
export type Load = z.infer<typeof Load>

/** Whether a load lives on somebody's server: it takes no memory and no weights here, and is reached by its URL. */
export function isRemote(load: Pick<Load, 'identity' | 'open'>): boolean {
  return isServed(load) && load.open.launch === undefined
}

/** Whether a server computes and is asked over HTTP: somebody's, or one that a worker launches. */
export function isServed(load: Pick<Load, 'identity'>): boolean {
  return !['random', 'onnx', 'bm25'].includes(load.identity.engine)
}

/** Load key: hash of what must be in memory. Names a lane. */
export function loadKey(identity: Load['identity']): Digest {
  return keyOf({ v: 1, load: identity })
}

/** Encoding key: load key + what changes a vector on one side. Both sides of a symmetric model share it. */
export function encodingKey(load: Digest, side: SideRecipe): Digest {
  return keyOf({ v: 1, load, side })
}

/** Which of the two a recipe of an encoding is. */
export function isPairRecipe(recipe: SideRecipe | PairRecipe): recipe is PairRecipe {
  return 'head' in recipe
}

/** Pair key: load key + what changes a score. Names a reranker's stored scores. */
export function pairKey(load: Digest, recipe: PairRecipe): Digest {
  return keyOf({ v: 1, load, pair: recipe })
}

/**
 * A reranker's load with the recipe its engine is opened with. One engine serves one recipe, so the recipe belongs to the load key; its
 * instruction does not, because every pair brings its own.
 */
export function pairLoad(load: Load, recipe: PairRecipe): Load {
  const pair = keyOf({ v: 1, pair: { ...recipe, instruction: null } }).slice(0, 16)
  const identity = { ...load.identity, options: { ...load.identity.options, pair } }
  return { ...load, key: loadKey(identity), identity, open: { ...load.open, pair: recipe } }
}

/** Recipe key: names a row of the board; taken before a task fills in its instruction. */
export function recipeKey(load: Digest, recipe: Recipe): Digest {
  return keyOf({ v: 1, load, recipe })
}

/** Queue name of a lane: BullMQ forbids `:` and 20 hex digits are enough. */
export function laneName(key: Digest): string {
  return `lane-${key.slice(0, 20)}`
}
export const SCORE_LANE = 'lane-score'
