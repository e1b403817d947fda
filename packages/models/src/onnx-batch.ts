import { SweepError } from '@sweepboard/contracts'
import { stopIfAborted } from './abort.ts'
import type { EncodeCounts, EncodeOptions } from './engine.ts'
import { firstLine } from './onnx-provider.ts'
import type { TokenizedText } from './text-tokenizer.ts'
import { cutBatch, planBatches } from './token-batches.ts'

/** What a batch run writes: vectors of texts, or scores of pairs. */
export interface BatchTarget {
  readonly texts: readonly TokenizedText[]
  /** Runs the texts `rows` in one batch and stores what comes out. */
  write(rows: readonly number[]): Promise<void>
  /** Whether what was stored for a text is finite. */
  isFinite(row: number): boolean
  /** Runs a short text every model can take: it tells a text's fault from the engine's. */
  canary(): Promise<void>
}

/** Fixed parts of a load that decide its batches. */
export interface BatchLimits {
  readonly paddedTokens: number
  readonly batchTexts: number
}

/**
 * Runs all texts of a target in planned batches. A batch that fails is halved: for want of memory (counted as a split), or to
 * find the text at fault, which must fail twice alone.
 * @throws SweepError `SB-MODEL-005`, `SB-MODEL-006`, `SB-MODEL-010` (with `details.text`), `SB-MODEL-007`, `SB-CORE-004`
 */
export async function runBatches(
  target: BatchTarget,
  limits: BatchLimits,
  options: EncodeOptions,
): Promise<Pick<EncodeCounts, 'paddedTokenCount' | 'batchCount' | 'splitCount' | 'memorySplitCount'>> {
  const lengths = target.texts.map((text) => text.ids.length)
  const tally = { splitCount: 0, memorySplitCount: 0 }
  let paddedTokenCount = 0
  let batchCount = 0
  for (const batch of planBatches(lengths, limits.batchTexts, limits.paddedTokens)) {
    const pieces = options.tokenBudget === undefined ? [batch] : cutBatch(batch, lengths, options.tokenBudget)
    tally.splitCount += pieces.length - 1
    for (const piece of pieces) {
      stopIfAborted(options.signal, 'encoding')
      await runBatch(target, piece, tally)
      paddedTokenCount += piece.length * (lengths[piece[0] as number] as number)
      batchCount += 1
      options.onProgress?.()
    }
  }
  return { paddedTokenCount, batchCount, ...tally }
}

interface Tally {
  splitCount: number
  memorySplitCount: number
}

async function runBatch(target: BatchTarget, rows: readonly number[], tally: Tally): Promise<void> {
  try {
    await target.write(rows)
  } catch (thrown) {
    if (thrown instanceof SweepError) throw thrown
    await bisect(target, rows, { tally, thrown })
    return
  }
  for (const row of rows) if (!target.isFinite(row)) await repeatNonFinite(target, row)
}

async function bisect(
  target: BatchTarget,
  rows: readonly number[],
  failure: { readonly tally: Tally; readonly thrown: unknown },
): Promise<void> {
  const { tally, thrown } = failure
  const isMemory = /bad.?alloc|out of memory|failed to allocate|alloc/i.test(firstLine(thrown))
  if (rows.length > 1) {
    if (isMemory) {
      tally.splitCount += 1
      tally.memorySplitCount += 1
    }
    const middle = rows.length >> 1
    await runBatch(target, rows.slice(0, middle), tally)
    await runBatch(target, rows.slice(middle), tally)
    return
  }
  const text = rows[0] as number
  if (isMemory) throw new SweepError('SB-MODEL-010', { text, tokens: target.texts[text]?.ids.length }, { cause: thrown })
  try {
    await target.write(rows)
  } catch (again) {
    await checkCanary(target)
    throw new SweepError('SB-MODEL-006', { text, message: firstLine(again) }, { cause: again })
  }
}

/** A non-finite row may be a batch-mate's doing: it counts against the text only when it comes out so twice alone. */
async function repeatNonFinite(target: BatchTarget, row: number): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await target.write([row])
    if (target.isFinite(row)) return
  }
  throw new SweepError('SB-MODEL-005', { text: row })
}

async function checkCanary(target: BatchTarget): Promise<void> {
  try {
    await target.canary()
  } catch (cause) {
    throw new SweepError('SB-MODEL-007', { message: firstLine(cause) }, { cause })
  }
}
