import type { TaskRef } from '@sweepboard/contracts'
import { SweepError } from '@sweepboard/contracts'
import { embeddingCard } from '@sweepboard/models'
import type { EngineSpec, NamedModel, ResolvedModel } from '@sweepboard/planner'
import { closingTokensOf } from './closing-tokens.ts'
import { findModel, type ModelPlace } from './find-model.ts'
import { type PartName, type Sides, sidesChanges } from './recipe-parts.ts'

type RecipePatch = NonNullable<NamedModel['recipe']>

/** The model to reproduce with, as the command line names it. */
export interface NamedVariant {
  readonly model: string
  readonly engine: EngineSpec | undefined
  readonly recipe: RecipePatch | undefined
  /** `default`, `none` or the instruction itself. */
  readonly instruction: string
}

/** A model whose recipe differs in one part. */
export interface RecipeVariant {
  readonly part: PartName
  readonly change: string
  readonly model: ResolvedModel
}

const DTYPES = ['fp32', 'fp16', 'q8', 'int8', 'uint8', 'q4', 'q4f16', 'bnb4']

/**
 * The model's recipe with one part changed at a time: sides by what its folder, the published model's card and usual suspects say;
 * padding and dtype by opening it otherwise. A dtype the folder has no file of is left out.
 */
export async function recipeVariants(
  named: NamedVariant,
  of: { readonly base: ResolvedModel; readonly ref: TaskRef; readonly publishedModel: string; readonly place: ModelPlace },
): Promise<RecipeVariant[]> {
  const { base, ref, place } = of
  const sides = base.sides(ref, named.instruction)
  const known = await knownSides(named, of)
  const closingTokens = closingTokensOf(base.load.open.folder)
  const ofSides = sidesChanges({ sides, known, closingTokens }).map(({ part, change, apply }) => ({
    part,
    change,
    model: withSides(base, (task) => apply(base.sides(task, named.instruction)), ref),
  }))
  return [...ofSides, ...(base.load.identity.engine === 'onnx' ? await onnxVariants(named, base, place) : [])]
}

function withSides(base: ResolvedModel, sides: (task: TaskRef) => Sides, ref: TaskRef): ResolvedModel {
  return { load: base.load, recipe: { ...base.recipe, ...sides(ref) }, sides }
}

/** What others wrote down for this model: its folder without the patches, and the published model's card. */
async function knownSides(
  named: NamedVariant,
  { ref, publishedModel, place }: { ref: TaskRef; publishedModel: string; place: ModelPlace },
): Promise<{ from: string; sides: Sides }[]> {
  const known: { from: string; sides: Sides }[] = []
  const add = async (from: string, recipe: RecipePatch | undefined) => {
    const found = await attempt(() => findModel({ model: named.model, engine: named.engine, recipe } as NamedModel, null, place))
    if (found) known.push({ from, sides: found.model.sides(ref, 'default') })
  }
  await add('the model itself', named.recipe?.like === undefined ? undefined : { like: named.recipe.like })
  if (embeddingCard(publishedModel) !== null) await add(`the card of ${publishedModel}`, { like: publishedModel })
  return known
}

async function onnxVariants(named: NamedVariant, base: ResolvedModel, place: ModelPlace): Promise<RecipeVariant[]> {
  const variants: RecipeVariant[] = []
  const open = async (part: PartName, change: string, patch: Pick<NamedModel, 'engine' | 'recipe'>) => {
    const found = await attempt(() => findModel({ model: named.model, ...patch } as NamedModel, null, place))
    if (!found || found.model.load.key === base.load.key) return
    const sides = (task: TaskRef) => base.sides(task, named.instruction)
    variants.push({ part, change, model: { load: found.model.load, recipe: base.recipe, sides } })
  }
  const own = base.load.identity.options.padding === 'left' ? 'left' : 'right'
  const padding = own === 'left' ? 'right' : 'left'
  await open('padding', `${padding} instead of ${own}`, { engine: named.engine, recipe: { ...named.recipe, padding } })
  const ownFile = String(base.load.identity.options.file)
  const files = new Set([ownFile])
  for (const dtype of DTYPES) {
    const found = await attempt(() =>
      findModel({ model: named.model, engine: { onnx: { dtype } }, recipe: named.recipe } as NamedModel, null, place),
    )
    const file = String(found?.model.load.identity.options.file)
    if (!found || files.has(file)) continue
    files.add(file)
    await open('dtype', `${dtype} (${file}) instead of ${ownFile}`, { engine: { onnx: { dtype } }, recipe: named.recipe })
  }
  return variants
}

/** What is not there, or cannot be opened, is no variant. */
async function attempt<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (thrown) {
    if (thrown instanceof SweepError && thrown.kind !== 'bug') return null
    throw thrown
  }
}
