import { type EmbeddingCard, Recipe, SideRecipe, SweepError } from '@sweepboard/contracts'
import type { ComposedRecipe } from './folder-recipe.ts'
import type { PromptSide } from './instruction.ts'
import type { RecipePatch } from './model-source.ts'
import { cardLike } from './recipe-book.ts'
import { templateFaults } from './template.ts'

/** What probing a server told. */
export interface ProbedServer {
  readonly dim: number
  /** Whether all probe vectors have length 1. */
  readonly hasUnitRows: boolean
  /** Whether the model's tokenizer is at hand, so that texts are cut here. */
  readonly hasTokenizer: boolean
}

/**
 * The recipe of a model behind a server, whose folder is not at hand: the server pools, the template is ours. Members come
 * from the spec, else from the card of the recipe book that `like` or the model's name finds; lengths and closing tokens of
 * a card only where a tokenizer can keep them.
 * @throws SweepError `SB-MODEL-004` when the recipe is not whole, or the server gives other dimensions than the spec or the
 *   card says; `SB-CORE-002` for a model whose adapters no server lets us choose
 */
export function composeEndpointRecipe(model: string, patch: RecipePatch, server: ProbedServer): ComposedRecipe {
  const isWritten = patch.query?.template !== undefined && patch.document?.template !== undefined
  const card = cardLike(patch.like, isWritten ? null : model)
  if (card?.adapters !== undefined)
    throw new SweepError('SB-CORE-002', { what: `choosing the adapter of ${model} behind a server` })
  const side = (ptype: PromptSide) => sideOf(ptype, { patch, card, server })
  const [query, document] = [side('query'), side('document')]
  const missing = faultsOf([query, document], { patch, card, server })
  const similarity =
    patch.similarity ?? card?.similarity ?? ((query.normalize && document.normalize) || server.hasUnitRows ? 'cosine' : null)
  if (similarity === null) missing.push('similarity: the server does not normalise, so cosine and dot differ')
  if (similarity === null || missing.length > 0)
    throw new SweepError('SB-MODEL-004', { model, missing: [...new Set(missing)].join('; ') })
  const prompts = (ptype: PromptSide) => (card === null || patch[ptype]?.template !== undefined ? null : card.prompts)
  return {
    recipe: Recipe.parse({ query, document, similarity, dimensions: server.dim }),
    prompts: { query: prompts('query'), document: prompts('document') },
    warnings: warningsOf(model, patch, card),
  }
}

function sideOf(ptype: PromptSide, from: { patch: RecipePatch; card: EmbeddingCard | null; server: ProbedServer }): SideRecipe {
  const { patch, card, server } = from
  const own = patch[ptype] ?? {}
  const kept = server.hasTokenizer ? card : null
  const cleaning = own.cleaning ?? card?.cleaning
  return SideRecipe.parse({
    template: own.template ?? card?.templates?.[ptype] ?? `${card?.prompts[ptype] ?? ''}{text}`,
    instruction: own.instruction ?? null,
    normalize: own.normalize ?? patch.normalize ?? card?.normalize ?? false,
    maxTokens: own.maxTokens ?? patch.maxTokens ?? kept?.maxTokens ?? null,
    closingToken: own.closingToken ?? patch.closingToken ?? kept?.closingToken ?? null,
    ...(cleaning === undefined ? {} : { cleaning }),
    ...(own.suffix === undefined ? {} : { suffix: own.suffix }),
  })
}

function faultsOf(
  sides: readonly SideRecipe[],
  by: { patch: RecipePatch; card: EmbeddingCard | null; server: ProbedServer },
): string[] {
  const { patch, card, server } = by
  const faults: string[] = []
  for (const part of [patch, patch.query ?? {}, patch.document ?? {}])
    if (part.pooling !== undefined && part.pooling !== 'none') faults.push(`pooling ${part.pooling}: the server pools`)
  for (const side of sides) faults.push(...templateFaults(side))
  if (patch.dimensions !== undefined && patch.dimensions !== server.dim)
    faults.push(`dimensions ${patch.dimensions}: the server gives ${server.dim}`)
  if (patch.dimensions === undefined && card !== null && card.dimensions !== server.dim)
    faults.push(`dimensions: ${card.model} has ${card.dimensions}, the server gives ${server.dim}`)
  return faults
}

function warningsOf(model: string, patch: RecipePatch, card: EmbeddingCard | null): string[] {
  if (card !== null) return [`${model} takes what the spec does not say from the recipe of ${card.model}`]
  if (patch.query?.template !== undefined || patch.document?.template !== undefined) return []
  return [`${model} is not in the recipe book and the spec names no template: its texts go without a prompt`]
}
