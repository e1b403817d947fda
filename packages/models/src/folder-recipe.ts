import { type EmbeddingCard, type Recipe, SideRecipe, SweepError } from '@sweepboard/contracts'
import type { FolderConfig } from './folder-config.ts'
import type { PromptSide, SidePrompts } from './instruction.ts'
import type { RecipePatch, SidePatch } from './model-source.ts'
import { templateFaults } from './template.ts'

/** Keys of a config's prompt dictionary that sentence-transformers falls back to, by side. */
const FALLBACK: Readonly<Record<PromptSide, readonly string[]>> = {
  query: ['query'],
  document: ['document', 'passage', 'corpus'],
}

export interface ComposedRecipe {
  readonly recipe: Recipe
  readonly prompts: SidePrompts
  readonly warnings: readonly string[]
}

/**
 * The recipe of a local model: each member from the spec where it names one, else from the folder's own files, else from the
 * card of the recipe book. Prompts, templates, text cleaning and closing token are the other way round: what mteb registers
 * for a model goes before the folder's own words (mteb-protocol 2.2 a).
 * @throws SweepError `SB-MODEL-004` naming every member that none of them says
 */
export function composeRecipe(
  model: string,
  config: FolderConfig,
  patch: RecipePatch,
  card: EmbeddingCard | null = null,
): ComposedRecipe {
  const warnings: string[] = []
  const missing: string[] = []
  const need = <T>(value: T | null | undefined, what: string): T | null => {
    if (value === null || value === undefined) missing.push(what)
    return value ?? null
  }
  const side = (ptype: PromptSide): SidePatch => {
    const own = patch[ptype] ?? {}
    return {
      template: own.template ?? card?.templates?.[ptype] ?? `${promptOf(config, card, ptype)}{text}`,
      instruction: own.instruction ?? null,
      maxTokens:
        own.maxTokens ??
        patch.maxTokens ??
        need(lengthLimit(model, config, card, warnings), `maxTokens (sentence_bert_config.json)`),
      closingToken: own.closingToken ?? patch.closingToken ?? card?.closingToken ?? null,
      pooling:
        own.pooling ?? patch.pooling ?? need(config.pooling ?? card?.pooling, `pooling (1_Pooling/config.json)`) ?? undefined,
      normalize:
        own.normalize ?? patch.normalize ?? need(config.normalize ?? card?.normalize, `normalize (modules.json)`) ?? undefined,
      ...optional({ cleaning: own.cleaning ?? card?.cleaning, suffix: own.suffix, adapter: own.adapter }),
    }
  }
  const query = side('query')
  const document = side('document')
  // With unit vectors cosine and dot rank alike, so a folder that normalises needs no word on similarity.
  const similarity =
    patch.similarity ?? config.similarity ?? card?.similarity ?? (query.normalize && document.normalize ? 'cosine' : null)
  need(similarity, 'similarity (similarity_fn_name of config_sentence_transformers.json)')
  const dimensions = need(patch.dimensions ?? config.dimensions ?? card?.dimensions, 'dimensions (1_Pooling/config.json)')
  for (const given of [query, document]) {
    missing.push(...templateFaults({ template: given.template as string, instruction: given.instruction ?? null }))
    if (config.positions !== null && (given.maxTokens ?? 0) > config.positions)
      missing.push(`maxTokens ${given.maxTokens}: the model has ${config.positions} positions (config.json)`)
  }
  const prompts = sidePrompts(config, card, patch)
  if (config.excludesPrompt && patch.pooling === undefined && hasPrompts([query, document], prompts)) {
    throw new SweepError('SB-CORE-002', { what: `include_prompt: false with prompts (${model})` })
  }
  if (missing.length > 0) throw new SweepError('SB-MODEL-004', { model, missing: [...new Set(missing)].join('; ') })
  const recipe = {
    query: SideRecipe.parse(query),
    document: SideRecipe.parse(document),
    similarity: similarity as 'cosine' | 'dot',
    dimensions: dimensions as number,
  }
  return { recipe, prompts, warnings: [...new Set(warnings)] }
}

/** Whether any text gets more than itself, by a side's template or by a task's prompt. */
function hasPrompts(sides: readonly SidePatch[], { query, document }: SidePrompts): boolean {
  const own = [query, document].flatMap((prompts) => Object.values(prompts ?? {}))
  return sides.some(({ template }) => template !== '{text}') || own.some((prompt) => prompt !== '')
}

function promptOf(config: FolderConfig, card: EmbeddingCard | null, ptype: PromptSide): string {
  const own = FALLBACK[ptype].map((key) => card?.prompts[key] ?? config.prompts[key]).find((prompt) => prompt !== undefined)
  return own ?? config.defaultPrompt ?? ''
}

function lengthLimit(model: string, config: FolderConfig, card: EmbeddingCard | null, warnings: string[]): number | null {
  const named = config.maxTokens ?? card?.maxTokens
  if (named !== undefined) return named
  if (config.positionLimit !== null)
    warnings.push(
      `${model} names no max_seq_length: ${config.positionLimit} tokens, as sentence-transformers takes it from its positions`,
    )
  return config.positionLimit
}

/**
 * The dictionary a side's task prompts are looked up in; null where the spec wrote the side's template itself. A card with
 * templates is an instruction model's: its dictionary is the registration's alone (mteb-protocol 2.2 b), for the folder's own
 * `query` prompt is a whole prompt and no instruction.
 */
function sidePrompts(config: FolderConfig, card: EmbeddingCard | null, patch: RecipePatch): SidePrompts {
  const isRegistered = card !== null && (card.templates !== null || Object.keys(card.prompts).length > 0)
  const own = isRegistered ? card.prompts : config.prompts
  const of = (ptype: PromptSide) => (patch[ptype]?.template === undefined ? own : null)
  return {
    query: of('query'),
    document: of('document'),
    ...optional({ fallback: config.defaultPrompt ?? undefined, adapters: card?.adapters }),
  }
}

/** Only the members that are there: an absent member leaves keys as they were. */
function optional<T extends object>(members: T): { [Member in keyof T]?: Exclude<T[Member], undefined> } {
  const present = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present) as { [Member in keyof T]?: Exclude<T[Member], undefined> }
}
