import { basename, resolve } from 'node:path'
import { type Load, loadKey, PairRecipe, type RerankerCard, SweepError } from '@sweepboard/contracts'
import { readJson } from './folder-config.ts'
import type { OnnxChoice, PairPatch, RerankerInfo, RerankSource, ResolveContext } from './model-source.ts'
import { readOnnxVariant } from './onnx-variant.ts'
import { pairReader } from './pair-reader.ts'
import { hubIdOf, rerankerCard } from './recipe-book.ts'
import { openTextTokenizer } from './text-tokenizer.ts'
import { logitsPaddedTokens } from './token-batches.ts'

/**
 * A reranker's folder as load and recipe: each member from the spec, else from the card of the recipe book (`recipe.like`,
 * or the folder's path), else from the folder.
 * @throws SweepError `SB-MODEL-001` to `-003` for the folder, `SB-MODEL-004` when the recipe is not whole or does not fit the
 *   model, `SB-CORE-002` for an engine that scores no pairs
 */
export async function resolveReranker(source: RerankSource, context: ResolveContext): Promise<RerankerInfo> {
  if (typeof source.engine === 'object' && 'launch' in source.engine)
    return (await import('./resolve-launched-reranker.ts')).resolveLaunchedReranker(source, source.engine.launch, context)
  const onnx = onnxOf(source)
  const folder = resolve(context.baseDir, source.model)
  const spelled = hubIdOf(folder)
  const card = cardOf(source, spelled?.model ?? null)
  const model = card !== null && spelled?.model === card.model ? card.model : `local/${basename(folder)}`
  const variant = await readOnnxVariant(model, folder, onnx)
  const facts = await readRerankerFacts(folder)
  const recipe = composePairRecipe(model, { facts, card, patch: source.recipe ?? {} })
  pairReader(await openTextTokenizer(folder, model), recipe)
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

/** What a reranker's folder says of itself; null where it says nothing. */
export interface RerankerFacts {
  readonly isCausal: boolean
  readonly labelCount: number | null
  /** `identity` and the like; sentence-transformers' own default for one label is the logistic function. */
  readonly activation: string | null
  readonly maxTokens: number | null
  readonly vocabulary: number | null
}

/** Reads config.json and tokenizer_config.json of a reranker's folder. */
export async function readRerankerFacts(folder: string): Promise<RerankerFacts> {
  const [config, tokenizer] = await Promise.all([readJson(folder, 'config.json'), readJson(folder, 'tokenizer_config.json')])
  const architecture = String((config?.architectures as unknown[] | undefined)?.[0] ?? '')
  const labels = config?.id2label
  const named = config?.sentence_transformers as { activation_fn?: unknown } | undefined
  const activation = named?.activation_fn ?? config?.sbert_ce_default_activation_function
  const limits = [tokenizer?.model_max_length, config?.max_position_embeddings].filter(
    (limit): limit is number => Number.isSafeInteger(limit) && (limit as number) < 1e9,
  )
  return {
    isCausal: architecture.endsWith('ForCausalLM'),
    labelCount: typeof config?.num_labels === 'number' ? config.num_labels : labels ? Object.keys(labels as object).length : null,
    activation: typeof activation === 'string' ? (activation.split('.').at(-1) as string).toLowerCase() : null,
    maxTokens: limits.length === 0 ? null : Math.min(...limits),
    vocabulary: typeof config?.vocab_size === 'number' ? config.vocab_size : null,
  }
}

/**
 * A reranker's recipe: each member from the spec, else from the card, else from the folder.
 * @throws SweepError `SB-MODEL-004` naming what none of them says, or what does not fit the model
 */
export function composePairRecipe(
  model: string,
  from: { facts: RerankerFacts; card: RerankerCard | null; patch: PairPatch },
): PairRecipe {
  const { facts, card, patch } = from
  const missing: string[] = []
  const head = patch.head ?? card?.head ?? headOf(facts)
  const [yes, no] = head === 'yes-no' ? ['yes', 'no'] : [null, null]
  const recipe = {
    head: head ?? 'sigmoid',
    template: patch.template ?? card?.template ?? null,
    instruction: patch.instruction ?? card?.instruction ?? null,
    yesToken: patch.yesToken ?? card?.yesToken ?? yes,
    noToken: patch.noToken ?? card?.noToken ?? no,
    maxTokens: patch.maxTokens ?? card?.maxTokens ?? facts.maxTokens,
  }
  if (head === null) missing.push(`head (${facts.isCausal ? 'a causal model needs yes-no' : 'its config names no single label'})`)
  if (facts.isCausal && recipe.template === null) missing.push('template (a causal model has no pair form of its own)')
  if (facts.isCausal !== (head === 'yes-no') && head !== null)
    missing.push(`head ${head} does not fit a ${facts.isCausal ? 'causal model' : 'sequence classifier'}`)
  if (recipe.maxTokens === null) missing.push('maxTokens (model_max_length of tokenizer_config.json)')
  if (missing.length > 0) throw new SweepError('SB-MODEL-004', { model, missing: missing.join('; ') })
  return PairRecipe.parse(recipe)
}

/** A classifier with one label: its activation decides; null where the folder does not tell. */
function headOf(facts: RerankerFacts): PairRecipe['head'] | null {
  if (facts.isCausal || facts.labelCount !== 1) return null
  return facts.activation === 'identity' ? 'logit' : 'sigmoid'
}
