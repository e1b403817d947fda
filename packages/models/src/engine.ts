import type { SideRecipe, Vectors } from '@sweepboard/contracts'

/** What encoding a chunk was like. Token counts are 0 where no tokenizer is at hand and the server tells none. */
export interface EncodeCounts {
  /** Real tokens fed, special tokens included, after truncation. */
  readonly tokenCount: number
  /** The same with the padding of the batches. */
  readonly paddedTokenCount: number
  /** Texts that were cut to the recipe's `maxTokens`. */
  readonly truncatedCount: number
  /** Special tokens that stood literally in a text and were fed as such. */
  readonly controlTokenCount: number
  /** Texts of white space only. */
  readonly emptyTextCount: number
  readonly batchCount: number
  /** How often a planned batch was cut in two because of memory or a token budget. */
  readonly splitCount: number
  /** Of these, how often for want of memory. Absent = the engine cannot tell. */
  readonly memorySplitCount?: number
  /** Of the batches, how many an earlier try at the same texts had brought. Absent = none. */
  readonly keptCount?: number
}

/** Rows a server gave for one request, as it gave them. */
export interface KeptAnswer {
  readonly rows: readonly Float32Array[]
  /** Null where it did not tell. */
  readonly tokenCount: number | null
}

/** Remembers answers of a chunk whose encoding may not come to its end, by the SHA-256 of what was asked. */
export interface AnswerKeeper {
  get(request: string): Promise<KeptAnswer | null>
  put(request: string, answer: KeptAnswer): Promise<void>
}

/** Vectors `[texts.length, dim]` in input order. */
export interface EncodedTexts {
  readonly vectors: Vectors
  readonly counts: EncodeCounts
}

export interface EncodeOptions {
  /** Checked between batches; the call then throws `SB-CORE-004`. */
  readonly signal?: AbortSignal | undefined
  /** Called after each batch. */
  readonly onProgress?: (() => void) | undefined
  /** Padded tokens a batch may have at most; planned batches above it are cut (and counted as splits). */
  readonly tokenBudget?: number | undefined
  /** Texts of the same side that will probably be asked for next: the onnx engine tokenises them while it computes. */
  readonly ahead?: readonly string[] | undefined
  /** What a server has answered already and need not be asked again; only for a server that is the same one at every opening. */
  readonly keeper?: AnswerKeeper | undefined
  /** The call is being timed: nothing is done but to encode the texts, so no server is asked whether it is still the one planned. */
  readonly isTimed?: boolean | undefined
}

/** What turns texts into vectors. One object holds one load in memory. */
export interface Engine {
  readonly engine: string
  readonly version: string
  /** Provider really used, e.g. `cpu`. */
  readonly provider: string
  readonly dtype: string
  readonly device: string
  readonly loadSeconds: number
  /**
   * Encodes the texts of one chunk under one side's recipe.
   * @throws SweepError `SB-MODEL-005`, `SB-MODEL-006` or `SB-MODEL-010` with `details.text` = index in `texts` when one text
   * is at fault (it failed twice alone); `SB-MODEL-007` or an `SB-HTTP` code when the engine is; `SB-CORE-004` when aborted
   */
  encode(side: SideRecipe, texts: readonly string[], options?: EncodeOptions): Promise<EncodedTexts>
  close(): Promise<void>
}

export const NO_COUNTS: EncodeCounts = {
  tokenCount: 0,
  paddedTokenCount: 0,
  truncatedCount: 0,
  controlTokenCount: 0,
  emptyTextCount: 0,
  batchCount: 0,
  splitCount: 0,
}
