import { type Recipe, SideRecipe, SweepError } from '@sweepboard/contracts'
import type { FolderConfig } from './folder-config.ts'
import type { PromptSide, SidePrompts } from './instruction.ts'
import type { RecipePatch, SidePatch } from './model-source.ts'
import { isTemplate } from './template.ts'

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
 * The recipe of a local model: each member from the spec where it names one, else from the folder's own files.
 * @throws SweepError `SB-MODEL-004` naming every member that neither says
 */
export function composeRecipe(model: string, config: FolderConfig, patch: RecipePatch): ComposedRecipe {
  const warnings: string[] = []
  const missing: string[] = []
  const need = <T>(value: T | null | undefined, what: string): T | null => {
    if (value === null || value === undefined) missing.push(what)
    return value ?? null
  }
  const side = (ptype: PromptSide): SidePatch => {
    const own = patch[ptype] ?? {}
    return {
      template: own.template ?? `${promptOf(config, ptype)}{text}`,
      instruction: own.instruction ?? null,
      maxTokens:
        own.maxTokens ?? patch.maxTokens ?? need(lengthLimit(model, config, warnings), `maxTokens (sentence_bert_config.json)`),
      closingToken: own.closingToken ?? patch.closingToken ?? null,
      pooling: own.pooling ?? patch.pooling ?? need(config.pooling, `pooling (1_Pooling/config.json)`) ?? undefined,
      normalize: own.normalize ?? patch.normalize ?? need(config.normalize, `normalize (modules.json)`) ?? undefined,
    }
  }
  const query = side('query')
  const document = side('document')
  // With unit vectors cosine and dot rank alike, so a folder that normalises needs no word on similarity.
  const similarity = patch.similarity ?? config.similarity ?? (query.normalize && document.normalize ? 'cosine' : null)
  need(similarity, 'similarity (similarity_fn_name of config_sentence_transformers.json)')
  const dimensions = need(patch.dimensions ?? config.dimensions, 'dimensions (1_Pooling/config.json)')
  for (const given of [query, document])
    if (!isTemplate(given.template as string))
      missing.push(`the template ${JSON.stringify(given.template)} must hold {text} exactly once`)
  if (config.excludesPrompt && (query.template !== '{text}' || document.template !== '{text}') && patch.pooling === undefined) {
    throw new SweepError('SB-CORE-002', { what: `include_prompt: false with prompts (${model})` })
  }
  if (missing.length > 0) throw new SweepError('SB-MODEL-004', { model, missing: [...new Set(missing)].join('; ') })
  const recipe = {
    query: SideRecipe.parse(query),
    document: SideRecipe.parse(document),
    similarity: similarity as 'cosine' | 'dot',
    dimensions: dimensions as number,
  }
  return { recipe, prompts: sidePrompts(config, patch), warnings: [...new Set(warnings)] }
}

function promptOf(config: FolderConfig, ptype: PromptSide): string {
  const own = FALLBACK[ptype].map((key) => config.prompts[key]).find((prompt) => prompt !== undefined)
  return own ?? config.defaultPrompt ?? ''
}

function lengthLimit(model: string, config: FolderConfig, warnings: string[]): number | null {
  if (config.maxTokens !== null) return config.maxTokens
  if (config.positionLimit !== null)
    warnings.push(
      `${model} names no max_seq_length: ${config.positionLimit} tokens, as sentence-transformers takes it from its positions`,
    )
  return config.positionLimit
}

/** The dictionary a side's task prompts are looked up in; null where the spec wrote the side's template itself. */
function sidePrompts(config: FolderConfig, patch: RecipePatch): SidePrompts {
  const of = (ptype: PromptSide) => (patch[ptype]?.template === undefined ? config.prompts : null)
  return { query: of('query'), document: of('document') }
}
