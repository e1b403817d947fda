import type { LexicalMethod, Load, PairRecipe, Pooling, RateLimits, Recipe, SideRecipe, Similarity } from '@sweepboard/contracts'
import type { RetryPolicy } from './http/patient-client.ts'
import type { SidePrompts } from './instruction.ts'

type Maybe<T> = T | undefined

export interface OnnxChoice {
  /** ONNX file below the folder, e.g. `onnx/model_fp16.onnx`. */
  readonly file?: Maybe<string>
  /** transformers.js' names: fp32, fp16, int8, uint8, q8, q4, q4f16, bnb4. */
  readonly dtype?: Maybe<string>
  /** Execution provider: cpu (default), cuda, webgpu. It never falls back to another. */
  readonly provider?: Maybe<string>
}

/** How a server is asked, whoever started it. */
interface ServerChoice {
  /** The server's own name of the model, e.g. `qwen3-embedding:8b`; the model's name otherwise. */
  readonly model?: Maybe<string>
  readonly concurrency?: Maybe<number>
  /** Texts a request. */
  readonly batch?: Maybe<number>
  /** Milliseconds a request may take. */
  readonly timeout?: Maybe<number>
  /** Folder with the model's tokenizer.json, relative to the sweep file: texts are then counted and cut here. */
  readonly tokenizer?: Maybe<string>
}

export interface EndpointChoice extends ServerChoice {
  /** Base URL, with /v1 where the server has one; of TEI and Ollama the root. */
  readonly url: string
  /** `$NAME` of the environment variable that holds the key. */
  readonly key?: Maybe<string>
  /** What the server may be asked at most. */
  readonly rate?: Maybe<RateLimits>
}

export interface Bm25Choice {
  readonly method?: Maybe<LexicalMethod>
  readonly k1?: Maybe<number>
  readonly b?: Maybe<number>
  readonly delta?: Maybe<number>
  /** ISO 639-3 code of the analyzer, or `task`: that of each task's only language. */
  readonly language?: Maybe<string>
}

/** How a rerank server is asked: `auto` finds it out. */
export const RERANK_STYLES = ['auto', 'jina', 'cohere', 'tei', 'sglang'] as const
export type RerankStyle = (typeof RERANK_STYLES)[number]

export interface RerankChoice extends EndpointChoice {
  readonly style?: Maybe<RerankStyle>
}

/** A server that a worker starts itself. */
export interface LaunchChoice extends ServerChoice {
  /** A known launcher, or one of the worker host's own. */
  readonly name: string
  /** Engine that speaks to a host's own launcher; of the known ones it is theirs. */
  readonly dialect?: Maybe<'openai' | 'tei' | 'ollama' | 'rerank-api'>
  readonly style?: Maybe<Exclude<RerankStyle, 'auto'>>
  readonly dtype?: Maybe<string>
  readonly quantization?: Maybe<string>
  /** GGUF file: a path, or the name of one in the folder or repository, whole or a part of it such as `Q8_0` (llamacpp). */
  readonly file?: Maybe<string>
  /** Hub repository with the GGUF files, read from the hub's cache; `<model>-GGUF` when absent (llamacpp). */
  readonly repo?: Maybe<string>
  /** Tokens the server reads; never fewer than the recipe's. */
  readonly maxTokens?: Maybe<number>
  /** Share of the device's memory it takes. */
  readonly memoryShare?: Maybe<number>
  readonly device?: Maybe<'cuda' | 'cpu'>
}

/** The `engine:` of a sweep file, durations already in milliseconds. */
export type EngineChoice =
  | 'random'
  | 'onnx'
  | 'bm25'
  | { readonly random: object | null }
  | { readonly bm25: Bm25Choice | null }
  | { readonly onnx: OnnxChoice }
  | { readonly openai: EndpointChoice }
  | { readonly tei: EndpointChoice }
  | { readonly ollama: EndpointChoice }
  | { readonly 'rerank-api': RerankChoice }
  | { readonly launch: LaunchChoice }

/** A side's members a spec names; a missing or undefined one is the folder's business. */
export type SidePatch = { readonly [Member in keyof SideRecipe]?: Maybe<SideRecipe[Member]> }

/** The `recipe:` of a sweep file. */
export interface RecipePatch {
  readonly query?: Maybe<SidePatch>
  readonly document?: Maybe<SidePatch>
  readonly pooling?: Maybe<Pooling>
  readonly normalize?: Maybe<boolean>
  readonly maxTokens?: Maybe<number>
  readonly closingToken?: Maybe<string>
  readonly similarity?: Maybe<Similarity>
  readonly dimensions?: Maybe<number>
  /** Side short texts of a batch are filled up on; both give the same vectors within float32. Right when nobody says. */
  readonly padding?: Maybe<'left' | 'right'>
  /** Hub id of the recipe book whose card fills in what neither spec nor folder says. */
  readonly like?: Maybe<string>
}

/** The `recipe:` of a reranker. */
export type PairPatch = { readonly [Member in keyof PairRecipe]?: Maybe<PairRecipe[Member]> } & Pick<
  RecipePatch,
  'padding' | 'like'
>

/** One reranker of a sweep file. */
export interface RerankSource {
  readonly model: string
  readonly engine?: Maybe<EngineChoice>
  readonly recipe?: Maybe<PairPatch>
  readonly revision?: Maybe<string>
}

/** A reranker after its folder or server was looked at. */
export interface RerankerInfo {
  readonly load: Load
  readonly recipe: PairRecipe
  readonly warnings: readonly string[]
}

/** One model of a sweep file. */
export interface ModelSource {
  readonly model: string
  readonly engine?: Maybe<EngineChoice>
  readonly recipe?: Maybe<RecipePatch>
  readonly revision?: Maybe<string>
}

export interface ResolveContext {
  /** Folder that relative model paths start from: the sweep file's. */
  readonly baseDir: string
  /** The hub's cache on this machine, e.g. `~/.cache/huggingface/hub`, where GGUF files are looked for. */
  readonly hubCache?: string | undefined
  /** The value of an environment variable this process may read for API keys. */
  readonly readVariable?: ((name: string) => Maybe<string>) | undefined
  /** Fingerprints already known for this endpoint: one that still fits is kept, so that jitter makes no new load key. */
  readonly knownFingerprints?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
  /** How long a server is waited for; 15 s without an answer when absent. */
  readonly retry?: RetryPolicy | undefined
}

/** A model after its folder or server was looked at. */
export interface ModelInfo {
  readonly load: Load
  readonly recipe: Recipe
  readonly warnings: readonly string[]
  /** Languages the model card claims, as it spells them; null when it does not say. */
  readonly languages: readonly string[] | null
  readonly matryoshka: readonly number[] | null
  readonly prompts: SidePrompts
}
