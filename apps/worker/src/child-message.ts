import type {
  CellResult,
  DeriveWork,
  Digest,
  FailureRecord,
  Load,
  PairRecipe,
  PairsWork,
  RerankWork,
  ScoreWork,
  SideRecipe,
  TextSetRef,
} from '@sweepboard/contracts'
import type { EncodeCounts, ServerNews } from '@sweepboard/models'

/** Words between a worker and its children. Texts and vectors never travel here: both sides read and write artifacts. */

export interface OpenRequest {
  readonly kind: 'open'
  readonly load: Load
  readonly apiKey: string | null
  readonly threads: number | null
  readonly modelsRoot: string | null
  /** The worker's own artifact folder. */
  readonly artifacts: string
  /** Where answers of a server are kept that a chunk's next try may need; null where none are. */
  readonly kept: string | null
  readonly crashAt: string | null
}

/** What was really opened. */
export interface EngineFacts {
  readonly engine: string
  readonly version: string
  readonly provider: string
  readonly dtype: string
  readonly device: string
  readonly loadSeconds: number
}

export interface EncodeRequest {
  readonly kind: 'encode'
  readonly side: SideRecipe | PairRecipe
  /** A text set, or a pair set. */
  readonly textSet: Digest
  /** Items `[start, end)` of the set. */
  readonly start: number
  readonly end: number
  /** Padded tokens of a batch; null = the engine's own. */
  readonly tokenBudget: number | null
  /** Whether the vectors are kept: a probe for a poison text throws them away. */
  readonly keep: boolean
}

export interface EncodeReply {
  /** The vector artifact; null when not kept. */
  readonly digest: Digest | null
  readonly dim: number
  /** UTF-8 bytes of the texts. */
  readonly byteCount: number
  readonly encodeSeconds: number
  readonly peakMemoryBytes: number
  /** What the child holds after the request. */
  readonly residentBytes: number
  readonly counts: EncodeCounts
  /** Milliseconds of single-query encodes: with the first texts of this child alone, and only of an engine that computes here. */
  readonly queryMs?: readonly number[]
  readonly weightsBytes?: number
  readonly energyJoules?: number
}

export type AnyScoreWork = ScoreWork | RerankWork | PairsWork | DeriveWork

export interface ScoreRequest {
  readonly kind: 'score'
  readonly work: AnyScoreWork
  readonly where: { readonly host: string; readonly code: string }
  readonly artifacts: string
}

export interface ScoreFailure {
  readonly config: Digest
  readonly code: string
  readonly message: string
  readonly fix: string
}
export interface MissingChunk {
  readonly encoding: number
  readonly n: number
  readonly digest: Digest
}
/** What a group's scoring leaves. */
export interface ScoreOutcome {
  readonly results: CellResult[]
  readonly failures: ScoreFailure[]
  /** Chunks whose bytes are absent or damaged: nothing was scored. */
  readonly missing: MissingChunk[]
  /** Of a `pairs` lease: what it found. */
  readonly pairSet?: TextSetRef | undefined
}
export interface ScoreReply extends ScoreOutcome {
  /** What the child holds after the request. */
  readonly residentBytes: number
}

export type ChildRequest = OpenRequest | EncodeRequest | ScoreRequest
export type ChildReply<R extends ChildRequest> = R extends OpenRequest
  ? EngineFacts
  : R extends EncodeRequest
    ? EncodeReply
    : ScoreReply

/** Parent to child. */
export type ToChild = { readonly id: number; readonly request: ChildRequest } | { readonly id: number; readonly abort: true }
/** Child to parent; `writing` says that the vectors are computed and not yet on disk. News are of the engine's server, of no request. */
export type FromChild =
  | { readonly id: number; readonly note: 'writing' }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: FailureRecord }
  | { readonly news: ServerNews }
