import { type Load, type PairRecipe, SweepError } from '@sweepboard/contracts'
import type { OpenOptions } from './open-engine.ts'
import type { PairEngine } from './pair-engine.ts'

/**
 * Opens a reranker's load under its recipe. Engines are imported only here.
 * @throws SweepError `SB-MODEL-001` to `-004`, `-009`, `-011` (onnx), `SB-HTTP-*` (rerank-api), `SB-CORE-002` for an engine that scores no pairs
 */
export async function openPairEngine(load: Load, recipe: PairRecipe, options: OpenOptions = {}): Promise<PairEngine> {
  if (load.identity.engine === 'onnx') return (await import('./onnx-pair-engine.ts')).openOnnxPairEngine(load, recipe, options)
  if (load.identity.engine === 'rerank-api')
    return (await import('./http/rerank-engine.ts')).openRerankEngine(load, recipe, options)
  throw new SweepError('SB-CORE-002', { what: `reranking with the engine ${load.identity.engine}` })
}
