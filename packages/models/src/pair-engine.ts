import type { EncodeCounts, EncodeOptions } from './engine.ts'

/** One query with one document, as a reranker scores them; the engine applies its own template to the three texts. */
export interface TextPair {
  readonly query: string
  readonly document: string
  /** What the pair is judged by, for rerankers that read one; null where there is none. */
  readonly instruction: string | null
}

/** Scores `[pairs.length]` in input order, finite, higher is more relevant. Their scale is the engine's own. */
export interface ScoredPairs {
  readonly scores: Float32Array
  /** Counts over pairs: `emptyTextCount` counts pairs whose query or document is of white space only. */
  readonly counts: EncodeCounts
}

/** What scores pairs of texts. One object holds one load in memory; the facts are those of `Engine`. */
export interface PairEngine {
  readonly engine: string
  readonly version: string
  /** Provider really used, e.g. `cpu`. */
  readonly provider: string
  readonly dtype: string
  readonly device: string
  readonly loadSeconds: number
  /**
   * Scores pairs; no pairs give no scores. `options` as for `Engine.encode`, its unit being the pair.
   * @throws SweepError `SB-MODEL-005`, `SB-MODEL-006` or `SB-MODEL-010` with `details.text` = index in `pairs` when one pair
   * is at fault (it failed twice alone); `SB-MODEL-007` or an `SB-HTTP` code when the engine is; `SB-CORE-004` when aborted
   */
  scorePairs(pairs: readonly TextPair[], options?: EncodeOptions): Promise<ScoredPairs>
  close(): Promise<void>
}
