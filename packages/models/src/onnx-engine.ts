import { setImmediate as yieldToEvents } from 'node:timers/promises'
import { type Load, type SideRecipe, SweepError } from '@sweepboard/contracts'
import { stopIfAborted } from './abort.ts'
import type { EncodedTexts, EncodeOptions, Engine } from './engine.ts'
import { type BatchRun, runBatch } from './onnx-batch.ts'
import { OnnxSession } from './onnx-session.ts'
import { countEmpty, textRenderer } from './template.ts'
import { openTextTokenizer, type TextTokenizer, type TokenizedText } from './text-tokenizer.ts'
import { cutBatch, planBatches } from './token-batches.ts'
import { findModelFolder } from './weights-on-host.ts'

/** Texts tokenised between two looks at the abort signal. */
const TEXTS_PER_SLICE = 64

/**
 * Opens a local ONNX model on the CPU: finds the folder whose files have the planned digest, loads tokenizer and session.
 * @throws SweepError `SB-MODEL-001`, `-002`, `-003`, `-009`
 */
export async function openOnnxEngine(
  load: Load,
  options: { threads?: number | undefined; modelsRoot?: string | undefined },
): Promise<Engine> {
  const began = performance.now()
  const file = load.open.file ?? String(load.identity.options.file)
  const folder = await findModelFolder({ load, file, modelsRoot: options.modelsRoot })
  const tokenizer = await openTextTokenizer(folder, load.model)
  const session = await OnnxSession.open(folder, file, options.threads)
  const loadSeconds = (performance.now() - began) / 1000
  const parts: Parts = { session, tokenizer, dim: Number(load.identity.options.dimensions), batchTexts: batchTextsOf(load) }
  return {
    engine: 'onnx',
    version: session.version,
    provider: 'cpu',
    dtype: load.identity.dtype,
    device: 'cpu',
    loadSeconds,
    encode: (side, texts, given = {}) => encode(parts, { side, texts, options: given }),
    close: () => session.close(),
  }
}

interface Parts {
  readonly session: OnnxSession
  readonly tokenizer: TextTokenizer
  readonly dim: number
  readonly batchTexts: number
}

function batchTextsOf(load: Load): number {
  const most = load.identity.options.batchTexts
  return typeof most === 'number' ? most : Number.POSITIVE_INFINITY
}

async function encode(
  parts: Parts,
  call: { side: SideRecipe; texts: readonly string[]; options: EncodeOptions },
): Promise<EncodedTexts> {
  const { side, texts, options } = call
  const tokenized = await tokenizeAll(parts.tokenizer, call)
  const lengths = tokenized.map((text) => text.ids.length)
  const values = new Float32Array(texts.length * parts.dim)
  const run: BatchRun = {
    session: parts.session,
    padId: parts.tokenizer.padId,
    side,
    texts: tokenized,
    dim: parts.dim,
    values,
    splitCount: 0,
  }
  const planned = planBatches(lengths, parts.batchTexts)
  let paddedTokenCount = 0
  let batchCount = 0
  for (const batch of planned) {
    const pieces = options.tokenBudget === undefined ? [batch] : cutBatch(batch, lengths, options.tokenBudget)
    run.splitCount += pieces.length - 1
    for (const piece of pieces) {
      stopIfAborted(options.signal, 'encoding')
      await runBatch(run, piece)
      paddedTokenCount += piece.length * (lengths[piece[0] as number] as number)
      batchCount += 1
      options.onProgress?.()
    }
  }
  const total = (member: (text: TokenizedText) => number) => tokenized.reduce((sum, text) => sum + member(text), 0)
  const counts = {
    tokenCount: total((text) => text.ids.length),
    paddedTokenCount,
    truncatedCount: total((text) => (text.isTruncated ? 1 : 0)),
    controlTokenCount: total((text) => text.controlCount) - texts.length * templateControls(parts.tokenizer, side),
    emptyTextCount: countEmpty(texts),
    batchCount,
    splitCount: run.splitCount,
  }
  return {
    vectors: { rowCount: texts.length, dim: parts.dim, values },
    counts: { ...counts, controlTokenCount: Math.max(0, counts.controlTokenCount) },
  }
}

/** Tokenises in slices that let the process hear an abort; `SB-MODEL-006` for a text the tokenizer gives no token at all. */
async function tokenizeAll(
  tokenizer: TextTokenizer,
  call: { side: SideRecipe; texts: readonly string[]; options: EncodeOptions },
): Promise<TokenizedText[]> {
  const render = textRenderer(call.side)
  const read = tokenizer.reader(call.side)
  const tokenized: TokenizedText[] = []
  for (const text of call.texts) {
    if (tokenized.length % TEXTS_PER_SLICE === 0) {
      await yieldToEvents()
      stopIfAborted(call.options.signal, 'encoding')
    }
    const one = read(render(text))
    if (one.ids.length === 0)
      throw new SweepError('SB-MODEL-006', { text: tokenized.length, message: 'its tokenizer gives it no token' })
    tokenized.push(one)
  }
  return tokenized
}

/** Control tokens the template itself brings; they are the recipe's, not a text's. */
function templateControls(tokenizer: TextTokenizer, side: SideRecipe): number {
  return tokenizer.reader({ ...side, maxTokens: null })(textRenderer(side)('')).controlCount
}
