/** Padded tokens a planned batch may have on a CPU, measured on MiniLM and the tiny models in float32. */
export const BATCH_PADDED_TOKENS = 2048
/** Bytes the logits of one batch may take where a causal model gives them at every position. */
const LOGITS_BYTES = 2 ** 29

/**
 * Padded tokens of a planned batch by device class and dtype: part of every load's identity, because batches decide a
 * vector's last bits, and the same on every fleet. The CPU's is measured; the GPUs' are sized by their memory for models of
 * up to 8B parameters and not measured.
 */
export function batchPaddedTokens(provider: string, dtype: string): number {
  if (provider === 'cpu') return BATCH_PADDED_TOKENS
  const wide = provider === 'cuda' ? 16_384 : 8_192
  return dtype === 'float32' ? wide : 2 * wide
}

/** The same for a reranker with logits `[rows, positions, vocabulary]`, which are kept below 512 MiB. */
export function logitsPaddedTokens(budget: number, vocabulary: number): number {
  return Math.max(1, Math.min(budget, Math.floor(LOGITS_BYTES / (4 * vocabulary))))
}
/** A batch also closes before a text that would bring real/padded tokens below this. */
const LEAST_FILL = 0.95
/** ... but not before it has this many padded tokens: tiny batches cost more than padding. */
const LEAST_PADDED_TOKENS = 1024

/**
 * Batches of one chunk, as indices into `lengths` (tokens a text): longest first, equal lengths in input order. A function
 * of the lengths alone, so the same on every fleet.
 * @param budget most padded tokens a batch, see `batchPaddedTokens`
 * @param batchTexts most texts a batch; 1 for dynamically quantised files, whose vectors move with their batch-mates
 */
export function planBatches(
  lengths: readonly number[],
  batchTexts = Number.POSITIVE_INFINITY,
  budget = BATCH_PADDED_TOKENS,
): number[][] {
  const order = lengths.map((_, i) => i).sort((a, b) => (lengths[b] as number) - (lengths[a] as number) || a - b)
  const batches: number[][] = []
  let batch: number[] = []
  let real = 0
  for (const i of order) {
    const length = lengths[i] as number
    const longest = lengths[batch[0] ?? i] as number
    const padded = longest * (batch.length + 1)
    const isWasteful = padded > LEAST_PADDED_TOKENS && real + length < LEAST_FILL * padded
    if (batch.length > 0 && (padded > budget || isWasteful || batch.length >= batchTexts)) {
      batches.push(batch)
      batch = []
      real = 0
    }
    batch.push(i)
    real += length
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}

/** Cuts a planned batch (longest first) into runs of at most `budget` padded tokens, at least one text each. */
export function cutBatch(batch: readonly number[], lengths: readonly number[], budget: number): number[][] {
  const pieces: number[][] = []
  for (let start = 0; start < batch.length; ) {
    const longest = Math.max(1, lengths[batch[start] as number] as number)
    const end = start + Math.max(1, Math.floor(budget / longest))
    pieces.push(batch.slice(start, end))
    start = end
  }
  return pieces
}
