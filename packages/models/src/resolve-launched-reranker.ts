import { type PairRecipe, type RerankerCard, SweepError } from '@sweepboard/contracts'
import { type LaunchPlan, launchedLoad, planLaunch } from './launchers/launch-plan.ts'
import { canBeParted } from './launchers/server-template.ts'
import type { LaunchChoice, RerankerInfo, RerankSource, ResolveContext } from './model-source.ts'
import { pairReader } from './pair-reader.ts'
import { composePairRecipe, readRerankerFacts } from './pair-recipe.ts'
import { rerankerCard } from './recipe-book.ts'
import { keyed } from './resolve-launched.ts'

/** Launchers that put a template of ours around a pair, and so serve the original weights of a yes-no reranker. */
const TEMPLATED = ['vllm', 'sglang']
/** Words SGLang knows a template of a yes-no reranker by (`serving_rerank.py`). */
const SGLANG_SIGN = 'answer can only be "yes" or "no"'

/**
 * A reranker whose server a worker starts: load and recipe from its folder, or from the recipe book, while nothing runs. Yes-no
 * rerankers keep their own recipe behind vllm and sglang, which are started with its template; of all others the score is what the
 * server answers.
 * @throws SweepError as `planLaunch` and `launchedLoad`; `SB-WORK-032` where the launcher cannot serve this kind of reranker;
 *   `SB-MODEL-004` when the recipe is not whole
 */
export async function resolveLaunchedReranker(
  source: RerankSource,
  choice: LaunchChoice,
  context: ResolveContext,
): Promise<RerankerInfo> {
  const patch = source.recipe ?? {}
  const planned = await planLaunch(choice, { ...context, model: source.model, serves: 'scores' })
  const card = cardOf(patch.like, planned.hubId)
  const isOwnCard = card !== null && planned.hubId === card.model
  const model = isOwnCard && planned.folder !== null ? card.model : planned.model
  const facts = planned.folder === null || planned.weights?.file != null ? null : await readRerankerFacts(planned.folder)
  const whole = facts === null ? recipeOfCard(model, card, patch) : composePairRecipe(model, { facts, card, patch })
  const recipe = servedRecipe(planned, whole)
  // A pair under a template we do not know cannot be counted here.
  const isCounted = recipe.template !== null || whole.template === null
  const plan = isCounted ? planned : { ...planned, tokenizer: null, tokenizerDigest: null }
  if (plan.tokenizer !== null) pairReader(plan.tokenizer, recipe)
  const style = plan.launcher?.traits.style ?? choice.style ?? 'jina'
  const isRaw = style === 'tei' || choice.name === 'infinity'
  const load = await launchedLoad(plan, {
    model,
    revision: source.revision ?? (isOwnCard && plan.folder === null ? card.revision : null),
    options: { style, ...(isRaw ? { rawScores: true } : {}) },
    recipeTokens: recipe.maxTokens,
    cardTokens: whole.maxTokens,
    parameters: card?.parameters ?? null,
    isDecoder: whole.head === 'yes-no',
  })
  return { load: keyed(load), recipe, warnings: [...warningsOf(model, { plan, card: isOwnCard ? null : card, whole })] }
}

function cardOf(like: string | undefined, hubId: string | null): RerankerCard | null {
  const card = like === undefined ? (hubId === null ? null : rerankerCard(hubId)) : rerankerCard(like)
  if (card === null && like !== undefined)
    throw new SweepError('SB-MODEL-004', { model: like, missing: 'the recipe book knows no reranker of this name' })
  return card
}

/** Of a hub id or a GGUF file nothing is known but its card, or that it is a classifier whose server answers a score. */
function recipeOfCard(model: string, card: RerankerCard | null, patch: NonNullable<RerankSource['recipe']>): PairRecipe {
  const recipe: PairRecipe = {
    head: patch.head ?? card?.head ?? 'server',
    template: patch.template ?? card?.template ?? null,
    instruction: patch.instruction ?? card?.instruction ?? null,
    yesToken: patch.yesToken ?? card?.yesToken ?? null,
    noToken: patch.noToken ?? card?.noToken ?? null,
    maxTokens: patch.maxTokens ?? card?.maxTokens ?? null,
  }
  const isWhole = recipe.head !== 'yes-no' || (recipe.template !== null && recipe.yesToken !== null && recipe.noToken !== null)
  if (!isWhole) throw new SweepError('SB-MODEL-004', { model, missing: 'template, yesToken and noToken of a yes-no reranker' })
  return recipe
}

/** What of a recipe a launched server keeps. */
function servedRecipe(plan: LaunchPlan, whole: PairRecipe): PairRecipe {
  const { name } = plan.choice
  const refuse = (message: string) => new SweepError('SB-WORK-032', { launcher: name, message })
  const limit = plan.tokenizer === null ? null : whole.maxTokens
  if (whole.head !== 'yes-no') {
    if (whole.template !== null) throw refuse('a classifier with a template of its own')
    return { ...whole, head: 'server', instruction: null, maxTokens: limit }
  }
  if (TEMPLATED.includes(name)) {
    const template = whole.template as NonNullable<PairRecipe['template']>
    if (!canBeParted(template))
      throw refuse('its template has the document before the query, a rerank request has the query first')
    if (name === 'sglang' && !template.prefix.includes(SGLANG_SIGN))
      throw refuse(`it knows a yes-no reranker by the words ${SGLANG_SIGN} in its template`)
    return { ...whole, maxTokens: limit }
  }
  if (name === 'llamacpp')
    return { head: 'server', template: null, instruction: null, yesToken: null, noToken: null, maxTokens: null }
  throw refuse(
    `a causal model that answers yes or no, such as Qwen3-Reranker: ${TEMPLATED.join(' and ')} can, llamacpp from its GGUF`,
  )
}

function* warningsOf(model: string, by: { plan: LaunchPlan; card: RerankerCard | null; whole: PairRecipe }): Iterable<string> {
  const { plan, card, whole } = by
  if (card !== null) yield `${model} takes what its folder does not say from the recipe of ${card.model}`
  if (plan.tokenizerFolder === null)
    yield `${model}: its tokenizer is not at hand, so pairs are not cut here; name its folder with \`tokenizer\``
  if (plan.choice.name === 'llamacpp' && whole.head === 'yes-no')
    yield `${model}: llama.cpp puts the template of the GGUF file around a pair, with an instruction of its own; longer pairs than it reads fail alone`
}
