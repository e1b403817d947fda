import { PairRecipe, type PairTemplate, type RerankerCard, SweepError } from '@sweepboard/contracts'
import { positionsOf, readJson } from './folder-config.ts'
import type { PairPatch } from './model-source.ts'

const PLACES: readonly string[] = ['{instruction}', '{query}', '{document}']

/** What a reranker's folder says of itself; null where it says nothing. */
export interface RerankerFacts {
  readonly isCausal: boolean
  readonly labelCount: number | null
  /** `identity` and the like; sentence-transformers' own default for one label is the logistic function. */
  readonly activation: string | null
  readonly maxTokens: number | null
  /** Tokens its table of positions has rows for; null where it has none. */
  readonly positions: number | null
  readonly vocabulary: number | null
}

/** Reads config.json and tokenizer_config.json of a reranker's folder. */
export async function readRerankerFacts(folder: string): Promise<RerankerFacts> {
  const [config, tokenizer] = await Promise.all([readJson(folder, 'config.json'), readJson(folder, 'tokenizer_config.json')])
  const architecture = String((config?.architectures as unknown[] | undefined)?.[0] ?? '')
  const labels = config?.id2label
  const named = config?.sentence_transformers as { activation_fn?: unknown } | undefined
  const activation = named?.activation_fn ?? config?.sbert_ce_default_activation_function
  const positions = positionsOf(config)
  const limits = [tokenizer?.model_max_length, config?.max_position_embeddings, positions].filter(
    (limit): limit is number => Number.isSafeInteger(limit) && (limit as number) < 1e9,
  )
  return {
    isCausal: architecture.endsWith('ForCausalLM'),
    labelCount: typeof config?.num_labels === 'number' ? config.num_labels : labels ? Object.keys(labels as object).length : null,
    activation: typeof activation === 'string' ? (activation.split('.').at(-1) as string).toLowerCase() : null,
    maxTokens: limits.length === 0 ? null : Math.min(...limits),
    positions,
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
  if (head === null) missing.push(`head (${headless(facts)})`)
  if (facts.isCausal && recipe.template === null) missing.push('template (a causal model has no pair form of its own)')
  if (facts.isCausal !== (head === 'yes-no') && head !== null)
    missing.push(`head ${head} does not fit a ${facts.isCausal ? 'causal model' : 'sequence classifier'}`)
  if (recipe.maxTokens === null) missing.push('maxTokens (model_max_length of tokenizer_config.json)')
  if (facts.positions !== null && (recipe.maxTokens ?? 0) > facts.positions)
    missing.push(`maxTokens ${recipe.maxTokens}: the model has ${facts.positions} positions (config.json)`)
  if (recipe.template !== null) missing.push(...templateFaults(recipe.template, patch.instruction ?? null))
  if (missing.length > 0) throw new SweepError('SB-MODEL-004', { model, missing: missing.join('; ') })
  return PairRecipe.parse(recipe)
}

const ACTIVATION_HEAD: Readonly<Record<string, PairRecipe['head']>> = { identity: 'logit', sigmoid: 'sigmoid' }

/** A classifier with one label: its activation decides; null where the folder does not tell, or names another function. */
function headOf(facts: RerankerFacts): PairRecipe['head'] | null {
  if (facts.isCausal || facts.labelCount !== 1) return null
  return facts.activation === null ? 'sigmoid' : (ACTIVATION_HEAD[facts.activation] ?? null)
}

function headless({ isCausal, labelCount, activation }: RerankerFacts): string {
  if (isCausal) return 'a causal model needs yes-no'
  return labelCount === 1 ? `its config names the activation ${activation}` : 'its config names no single label'
}

/** A place of another name would reach the model as it stands, and one outside the middle is never filled. */
function templateFaults({ prefix, middle, suffix }: PairTemplate, instruction: string | null): string[] {
  const faults: string[] = []
  const strange = [...middle.matchAll(/\{([a-z_]+)\}/gi)].map(([place]) => place).filter((place) => !PLACES.includes(place))
  if (strange.length > 0) faults.push(`the template's middle holds ${strange.join(', ')}: there are ${PLACES.join(', ')} alone`)
  const outside = PLACES.filter((place) => prefix.includes(place) || suffix.includes(place))
  if (outside.length > 0) faults.push(`the template's prefix or suffix holds ${outside.join(', ')}: only its middle is filled`)
  if (instruction && !middle.includes('{instruction}')) faults.push('the template has no {instruction}, yet one is given')
  return faults
}
