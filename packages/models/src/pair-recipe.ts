import { PairRecipe, type RerankerCard, SweepError } from '@sweepboard/contracts'
import { readJson } from './folder-config.ts'
import type { PairPatch } from './model-source.ts'

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
