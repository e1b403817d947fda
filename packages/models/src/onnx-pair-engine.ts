import { type Load, type PairRecipe, SweepError } from '@sweepboard/contracts'
import type { EncodeOptions } from './engine.ts'
import { runBatches } from './onnx-batch.ts'
import { type OpenedOnnx, openOnnx } from './onnx-load.ts'
import { scoreTarget } from './onnx-scores.ts'
import { readTexts } from './onnx-texts.ts'
import type { PairEngine, ScoredPairs, TextPair } from './pair-engine.ts'
import { PROBE_PAIRS, scoreFingerprint } from './pair-probe.ts'
import { pairReader } from './pair-reader.ts'

/**
 * Opens a local reranker: a sequence classifier with one label, or a causal model asked for yes or no. It scores the canary
 * pairs before anything else.
 * @throws SweepError `SB-MODEL-001`, `-002`, `-003`, `-009`, `-011`; `SB-MODEL-004` when recipe and tokenizer do not fit;
 *   `SB-MODEL-007` when the canary pairs all get one score, or one that is no number
 */
export async function openOnnxPairEngine(
  load: Load,
  recipe: PairRecipe,
  options: { threads?: number | undefined; modelsRoot?: string | undefined },
): Promise<PairEngine> {
  if (recipe.head === 'server')
    throw new SweepError('SB-MODEL-004', { model: load.model, missing: 'head (a local model needs one)' })
  const opened = await openOnnx(load, options)
  try {
    await scoreCanaries(opened, recipe)
  } catch (thrown) {
    await opened.session.close()
    throw thrown
  }
  return {
    ...opened.facts,
    scorePairs: (pairs, given = {}) => scorePairs(opened, recipe, { pairs, options: given }),
    close: () => opened.session.close(),
  }
}

async function scoreCanaries(opened: OpenedOnnx, recipe: PairRecipe): Promise<void> {
  const pairs = PROBE_PAIRS.map((pair) => ({ ...pair, instruction: null }))
  const { scores } = await scorePairs(opened, recipe, { pairs, options: {} }).catch((cause: unknown) => {
    if (!(cause instanceof SweepError) || !('text' in cause.details)) throw cause
    throw new SweepError('SB-MODEL-007', { message: `canary pair ${cause.details.text}: ${cause.message}` }, { cause })
  })
  if (scoreFingerprint([...scores]) === null)
    throw new SweepError('SB-MODEL-007', { message: 'one and the same score for all canary pairs' })
}

async function scorePairs(
  opened: OpenedOnnx,
  recipe: PairRecipe,
  call: { pairs: readonly TextPair[]; options: EncodeOptions },
): Promise<ScoredPairs> {
  const { pairs, options } = call
  const { session, tokenizer, padding, limits } = opened
  const tokenized = await readTexts(pairs, pairReader(tokenizer, recipe), options.signal)
  const scores = new Float32Array(pairs.length)
  const target = scoreTarget({ session, tokenizer, padding, recipe, pairs: tokenized.texts, scores })
  const ran = await runBatches(target, limits, options)
  const emptyTextCount = pairs.reduce((count, { query, document }) => count + (query.trim() && document.trim() ? 0 : 1), 0)
  return { scores, counts: { ...tokenized.counts, ...ran, emptyTextCount } }
}
