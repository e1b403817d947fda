import { type Load, loadKey, type Recipe, SweepError } from '@sweepboard/contracts'
import { composeEndpointRecipe } from './endpoint-recipe.ts'
import { readFolderConfig } from './folder-config.ts'
import { type ComposedRecipe, composeRecipe } from './folder-recipe.ts'
import { hubSnapshot } from './hub-snapshot.ts'
import { type LaunchPlan, launchedLoad, planLaunch } from './launchers/launch-plan.ts'
import type { LaunchChoice, ModelInfo, ModelSource, RecipePatch, ResolveContext } from './model-source.ts'
import { cardLike } from './recipe-book.ts'

/**
 * A model whose server a worker starts: load and recipe from its folder, or from the recipe book and the spec, while nothing runs. The
 * server pools as its flags or the model's files say, so the recipe's own pooling is `none` and that of the server stands in the load.
 * @throws SweepError as `planLaunch` and `launchedLoad`; `SB-MODEL-004` when the recipe is not whole, or is none that this launcher
 *   keeps; `SB-CORE-002` for a model whose adapters no server lets us choose
 */
export async function resolveLaunched(source: ModelSource, choice: LaunchChoice, context: ResolveContext): Promise<ModelInfo> {
  const patch = source.recipe ?? {}
  const plan = await planLaunch(choice, { ...context, model: source.model, serves: 'vectors' })
  const card = cardLike(patch.like, plan.hubId)
  if (card?.adapters !== undefined)
    throw new SweepError('SB-CORE-002', { what: `choosing the adapter of ${plan.model} behind a server` })
  const model = card !== null && plan.hubId === card.model && plan.folder !== null ? card.model : plan.model
  const revision = source.revision ?? (card !== null && card.model === model && plan.folder === null ? card.revision : null)
  const { composed, pooling, own } = await recipeOf(model, {
    plan,
    patch,
    card,
    ofHub: () => hubDimensions(model, revision, context),
  })
  const { recipe } = composed
  refuseMisfit(model, { plan, recipe, pooling, own })
  const sends = plan.tokenizer === null ? null : (plan.launcher?.traits.sends ?? 'text')
  const load = await launchedLoad(plan, {
    model,
    revision,
    options: {
      dimensions: recipe.dimensions,
      ...(pooling === null ? {} : { pooling }),
      ...(sends === null ? {} : { input: sends }),
    },
    recipeTokens: Math.max(recipe.query.maxTokens ?? 0, recipe.document.maxTokens ?? 0) || null,
    cardTokens: card?.maxTokens ?? null,
    parameters: card?.parameters ?? null,
    isDecoder: pooling === 'lasttoken',
  })
  return {
    load: keyed(load),
    recipe,
    warnings: [...composed.warnings, ...warningsOf(model, plan)],
    languages: card?.languages ?? null,
    matryoshka: card?.matryoshka.length ? card.matryoshka : null,
    prompts: composed.prompts,
  }
}

/** A load with the key of its identity. */
export function keyed(load: Omit<Load, 'key'>): Load {
  return { key: loadKey(load.identity), ...load }
}

const NO_DIMENSIONS =
  'dimensions: the recipe book does not know it, and the hub cache has no config.json of it at a pinned `revision`. Write `recipe: { dimensions: N }` beside the model, N being `hidden_size` of its config.json'

/** Dimensions of a hub id by its own files, where the hub's cache holds them at the pinned revision: what stands there is the same for all. */
async function hubDimensions(model: string, revision: string | null, { hubCache }: ResolveContext): Promise<number | null> {
  if (hubCache === undefined || revision === null) return null
  const folder = await hubSnapshot(hubCache, model, revision)
  // What this version does not compute itself (a Dense module) a server may; its width is then not to be read here.
  const config = folder === null ? null : await readFolderConfig(folder).catch(() => null)
  return config?.dimensions ?? null
}

interface Composed {
  readonly composed: ComposedRecipe
  /** What the server must pool by; null where only its own files tell. */
  readonly pooling: string | null
  /** What the model's own files or card say of it. */
  readonly own: string | null
}

async function recipeOf(
  model: string,
  from: { plan: LaunchPlan; patch: RecipePatch; card: ReturnType<typeof cardLike>; ofHub: () => Promise<number | null> },
): Promise<Composed> {
  const { plan, patch, card, ofHub } = from
  if (plan.folder === null) {
    const dim = patch.dimensions ?? card?.dimensions ?? (await ofHub())
    if (dim === null) throw new SweepError('SB-MODEL-004', { model, missing: NO_DIMENSIONS })
    const { pooling, ...rest } = patch
    const server = { dim, hasUnitRows: card?.normalize ?? true, hasTokenizer: plan.tokenizer !== null }
    return {
      composed: composeEndpointRecipe(model, rest, server),
      pooling: pooling ?? card?.pooling ?? null,
      own: card?.pooling ?? null,
    }
  }
  const config = await readFolderConfig(plan.folder)
  const composed = composeRecipe(model, config, patch, card)
  const { query, document } = composed.recipe
  if (query.pooling !== document.pooling)
    throw new SweepError('SB-MODEL-004', { model, missing: 'one pooling for both sides: a server has but one' })
  const recipe: Recipe = {
    ...composed.recipe,
    query: { ...query, pooling: 'none' },
    document: { ...document, pooling: 'none' },
  }
  return { composed: { ...composed, recipe }, pooling: query.pooling, own: config.pooling ?? card?.pooling ?? null }
}

/** What this launcher would change or leave out without a word. */
function refuseMisfit(model: string, by: { plan: LaunchPlan; recipe: Recipe; pooling: string | null; own: string | null }): void {
  const { plan, recipe, pooling, own } = by
  const { launcher, choice } = plan
  const missing: string[] = []
  const sides = [recipe.query, recipe.document]
  if (launcher !== null && !launcher.traits.setsPooling && own !== null && pooling !== own)
    missing.push(`pooling ${own}: ${choice.name} pools as the model's own files say`)
  if (recipe.similarity === 'dot' && (launcher?.traits.unit ?? false) && sides.some(({ normalize }) => !normalize))
    missing.push(`vectors of their own length: ${choice.name} brings all to unit length`)
  if (choice.name === 'infinity')
    for (const { template } of sides)
      if (template.trim() !== template) missing.push(`a template infinity leaves whole (it strips ${JSON.stringify(template)})`)
  // Of a folder the tokenizer is at hand; of a hub id only where the spec names one.
  if (plan.tokenizer === null && sides.some(({ maxTokens, closingToken }) => maxTokens !== null || closingToken !== null))
    missing.push('the tokenizer that maxTokens and closingToken need: name its folder with `tokenizer`')
  if (missing.length > 0) throw new SweepError('SB-MODEL-004', { model, missing: missing.join('; ') })
}

function* warningsOf(model: string, plan: LaunchPlan): Iterable<string> {
  if (plan.tokenizer === null)
    yield `${model}: its tokenizer is not at hand, so texts are neither counted nor cut here; name its folder with \`tokenizer\``
  if (plan.choice.name === 'ollama')
    yield `${model}: Ollama serves ${plan.choice.model} from its own store; that this is the same on every host is not checked`
}
