import { basename, resolve } from 'node:path'
import { type Load, loadKey, type RerankerCard, SweepError } from '@sweepboard/contracts'
import type { OnnxChoice, RerankerInfo, RerankSource, ResolveContext } from './model-source.ts'
import { readOnnxVariant } from './onnx-variant.ts'
import { pairReader } from './pair-reader.ts'
import { composePairRecipe, readRerankerFacts } from './pair-recipe.ts'
import { hubIdOf, rerankerCard } from './recipe-book.ts'
import { resolveLaunchedReranker } from './resolve-launched-reranker.ts'
import { logitsPaddedTokens } from './token-batches.ts'

/**
 * A reranker's folder as load and recipe: each member from the spec, else from the card of the recipe book (`recipe.like`,
 * or the folder's path), else from the folder.
 * @throws SweepError `SB-MODEL-001` to `-003` for the folder, `SB-MODEL-004` when the recipe is not whole or does not fit the
 *   model, `SB-CORE-002` for an engine that scores no pairs
 */
export async function resolveReranker(source: RerankSource, context: ResolveContext): Promise<RerankerInfo> {
  if (typeof source.engine === 'object' && 'launch' in source.engine)
    return resolveLaunchedReranker(source, source.engine.launch, context)
  const onnx = onnxOf(source)
  const folder = resolve(context.baseDir, source.model)
  const spelled = hubIdOf(folder)
  const card = cardOf(source, spelled?.model ?? null)
  const model = card !== null && spelled?.model === card.model ? card.model : `local/${basename(folder)}`
  const variant = await readOnnxVariant(model, folder, onnx)
  const facts = await readRerankerFacts(folder)
  const recipe = composePairRecipe(model, { facts, card, patch: source.recipe ?? {} })
  pairReader(variant.tokenizer, recipe)
  for (const token of [recipe.yesToken, recipe.noToken])
    if (recipe.head === 'yes-no' && (token === null || variant.tokenizer.idOf(token) === null))
      throw new SweepError('SB-MODEL-004', { model, missing: `its tokenizer has no token ${token}` })
  const padding = source.recipe?.padding ?? card?.padding ?? 'right'
  const options: Load['identity']['options'] = { ...variant.options, ...(padding === 'left' ? { padding } : {}) }
  if (recipe.head === 'yes-no' && facts.vocabulary !== null)
    options.batchPaddedTokens = logitsPaddedTokens(Number(options.batchPaddedTokens), facts.vocabulary)
  const identity: Load['identity'] = { ...variant.identity, options }
  const load: Load = {
    key: loadKey(identity),
    model,
    revision: source.revision ?? spelled?.revision ?? variant.digest.slice(0, 12),
    identity,
    open: variant.open,
    memoryBytes: variant.memoryBytes,
    parameterCount: card?.parameters ?? null,
    languages: card?.languages ?? null,
  }
  const notes = card === null ? [] : [`${model} takes what its folder does not say from the recipe of ${card.model}`]
  return { load, recipe, warnings: [...variant.warnings, ...notes] }
}

function onnxOf(source: RerankSource): OnnxChoice {
  const { engine } = source
  if (engine === undefined || engine === 'onnx') return {}
  if (typeof engine === 'object' && 'onnx' in engine) return engine.onnx
  const name = typeof engine === 'string' ? engine : Object.keys(engine)[0]
  throw new SweepError('SB-CORE-002', { what: `reranking with the engine ${name}` })
}

function cardOf(source: RerankSource, spelled: string | null): RerankerCard | null {
  const like = source.recipe?.like
  if (like === undefined) return spelled === null ? null : rerankerCard(spelled)
  const card = rerankerCard(like)
  if (card === null)
    throw new SweepError('SB-MODEL-004', { model: like, missing: 'the recipe book knows no reranker of this name' })
  return card
}
