import { basename, isAbsolute, resolve } from 'node:path'
import { type Load, loadKey, type Recipe, SweepError, type Vectors } from '@sweepboard/contracts'
import { composeEndpointRecipe } from './endpoint-recipe.ts'
import { readFolderConfig } from './folder-config.ts'
import { type ComposedRecipe, composeRecipe } from './folder-recipe.ts'
import type { EmbeddingDialect } from './http/embedding-exchange.ts'
import { refuseLocalParts } from './http/embedding-inputs.ts'
import {
  batchCosine,
  type EmbeddingLink,
  hasUnitLength,
  openEmbeddingLink,
  refuseAddedTokens,
  rowOf,
  takesTokenIds,
} from './http/embedding-link.ts'
import { shownUrl } from './http/endpoint.ts'
import { planEndpoint } from './http/endpoint-plan.ts'
import { checkReadsWhole } from './http/limit-probe.ts'
import type { ServerFacts } from './http/server-facts.ts'
import type { EndpointChoice, ModelInfo, ModelSource, RecipePatch, ResolveContext } from './model-source.ts'
import { fingerprintFits, fingerprintOf } from './probe.ts'
import { cardLike, hubIdOf } from './recipe-book.ts'
import type { TextTokenizer } from './text-tokenizer.ts'

/** `<org>/<name>`, not a path. */
const HUB_ID = /^[\w.-]+\/[\w.-]+$/
/** Below this cosine of alone to in-batch a server is said to move vectors by their batch: half precision stays above. */
const SAME_IN_BATCH = 0.9995

export interface DialectChoice {
  readonly dialect: EmbeddingDialect
  readonly endpoint: EndpointChoice
}

/**
 * A remote model as load and recipe. Its probe texts are encoded: they give dimension, fingerprint, whether the server
 * normalises, whether it takes token ids; and it is asked what it is and how much it reads.
 * @throws SweepError `SB-HTTP-006` when the key's variable cannot be read; `SB-HTTP-001` to `-004`, `-007`; `SB-HTTP-008`
 * when it reads less than the recipe's `maxTokens`, `SB-HTTP-009` when it adds a prompt; `SB-HTTP-010` when it is no server of this engine; `SB-MODEL-004` when the
 * recipe is not whole
 */
export async function resolveEndpoint(source: ModelSource, choice: DialectChoice, context: ResolveContext): Promise<ModelInfo> {
  const { dialect } = choice
  const patch = source.recipe ?? {}
  const folder = isPath(source.model) ? resolve(context.baseDir, source.model) : null
  const plan = await planEndpoint(choice.endpoint, { engine: dialect, model: source.model, folder, context })
  const { client, facts, tokenizer } = plan
  const link = await openEmbeddingLink(client, { dialect, tokenizer, signal: context.signal })
  const sends = tokenizer !== null && (await takesTokenIds(link, tokenizer, context.signal)) ? 'tokens' : 'text'
  refuseAddedTokens(link, sends, tokenizer)
  const name = folder === null ? source.model : `local/${basename(folder)}`
  const { recipe, prompts, own, ...composed } = await recipeOf(name, { folder, patch, probes: link.probes, tokenizer })
  const warnings = [...composed.warnings]
  for (const side of [recipe.query, recipe.document]) tokenizer?.reader(side)
  refuseStrippedTemplates(name, { recipe, facts })
  refuseOtherVectors(name, { own, recipe, facts, isUnit: link.isUnit })
  await checkLimit(link, { recipe, facts, tokenizer, sends, signal: context.signal })
  const least = await batchCosine(link, context.signal)
  if (
    dialect === 'openai' &&
    facts.truncates !== false &&
    (recipe.query.maxTokens === null || recipe.document.maxTokens === null)
  )
    warnings.push(silentCuts(name, facts.truncates))
  const asked = [source.model, choice.endpoint.model, hubIdOf(folder ?? '')?.model].map((one) => one?.toLowerCase())
  if (facts.model !== null && HUB_ID.test(facts.model) && !asked.includes(facts.model.toLowerCase()))
    warnings.push(`${name}: its server says that it serves ${facts.model}`)
  if (link.isCountStrange)
    warnings.push(`${name}: its server's counts of tokens do not fit the tokenizer named; texts it cuts would not show in them`)
  if (least < SAME_IN_BATCH) warnings.push(movesWithBatch(name, least))
  const card = cardLike(patch.like, folder === null ? name : (hubIdOf(folder)?.model ?? null))
  const known = context.knownFingerprints?.find((one) => fingerprintFits(one, link.probes))
  const options: Record<string, string> = { model: client.endpoint.model }
  if (plan.tokenizerDigest !== null) Object.assign(options, { tokenizer: plan.tokenizerDigest, input: sends })
  const identity: Load['identity'] = {
    engine: dialect,
    weights: null,
    dtype: dialect === 'tei' ? (facts.dtype ?? 'unknown') : 'unknown',
    provider: dialect,
    options,
    fingerprint: known ?? fingerprintOf(link.probes),
  }
  const load: Load = {
    key: loadKey(identity),
    model: name,
    revision: source.revision ?? 'no_revision_available',
    identity,
    open: plan.open,
    memoryBytes: 0,
    parameterCount: card?.parameters ?? null,
    languages: card?.languages ?? null,
  }
  return {
    load,
    recipe,
    warnings,
    languages: load.languages ?? null,
    matryoshka: card?.matryoshka.length ? card.matryoshka : null,
    prompts,
  }
}

/** From the model's folder where it is at hand; else the server pools, the template is ours, and the spec says the rest. */
async function recipeOf(
  model: string,
  from: { folder: string | null; patch: RecipePatch; probes: Vectors; tokenizer: TextTokenizer | null },
): Promise<ComposedRecipe & { readonly own: OwnVectors }> {
  const { folder, patch, probes, tokenizer } = from
  if (tokenizer === null) for (const part of [patch, patch.query ?? {}, patch.document ?? {}]) refuseLocalParts(part)
  const server = { dim: probes.dim, hasUnitRows: hasUnitRows(probes), hasTokenizer: tokenizer !== null }
  if (folder === null) {
    const composed = composeEndpointRecipe(model, patch, server)
    const isBare = [patch, patch.query, patch.document].some((part) => part?.normalize === false)
    return { ...composed, own: { pooling: cardLike(patch.like, model)?.pooling ?? null, isBare } }
  }
  const card = cardLike(patch.like, hubIdOf(folder)?.model ?? null)
  const composed = composeRecipe(model, await readFolderConfig(folder), patch, card)
  const { query, document, dimensions } = composed.recipe
  if (dimensions !== probes.dim)
    throw new SweepError('SB-MODEL-004', { model, missing: `dimensions ${dimensions}: the server gives ${probes.dim}` })
  const recipe: Recipe = {
    ...composed.recipe,
    query: { ...query, pooling: 'none' },
    document: { ...document, pooling: 'none' },
  }
  return { ...composed, recipe, own: { pooling: query.pooling, isBare: !query.normalize || !document.normalize } }
}

/** What the model's own files, its card or the spec say of its vectors, which a server may give otherwise. */
interface OwnVectors {
  readonly pooling: string | null
  /** They are told to keep their own length. */
  readonly isBare: boolean
}

/** A server that says it pools otherwise, or that brings vectors to unit length where their own length counts. */
function refuseOtherVectors(model: string, by: { own: OwnVectors; recipe: Recipe; facts: ServerFacts; isUnit: boolean }): void {
  const { own, recipe, facts, isUnit } = by
  const missing: string[] = []
  if (facts.pooling !== null && own.pooling !== null && own.pooling !== 'none' && facts.pooling !== own.pooling)
    missing.push(`pooling ${own.pooling}: the server says that it pools by ${facts.pooling}`)
  if (recipe.similarity === 'dot' && own.isBare && isUnit)
    missing.push('vectors of their own length (similarity dot): the server gives all unit length')
  if (missing.length > 0) throw new SweepError('SB-MODEL-004', { model, missing: missing.join('; ') })
}

/** Infinity strips white space around each text: a prompt that begins or ends with it would reach the model changed. */
function refuseStrippedTemplates(model: string, by: { recipe: Recipe; facts: ServerFacts }): void {
  if (by.facts.server !== 'infinity') return
  for (const { template } of [by.recipe.query, by.recipe.document])
    if (template.trim() !== template)
      throw new SweepError('SB-MODEL-004', {
        model,
        missing: `a template this server leaves whole (it strips ${JSON.stringify(template)})`,
      })
}

async function checkLimit(
  link: EmbeddingLink,
  by: {
    recipe: Recipe
    facts: ServerFacts
    tokenizer: TextTokenizer | null
    sends: 'text' | 'tokens'
    signal: AbortSignal | undefined
  },
): Promise<void> {
  const { facts, tokenizer, sends, signal } = by
  const maxTokens = Math.max(by.recipe.query.maxTokens ?? 0, by.recipe.document.maxTokens ?? 0)
  if (facts.maxInputTokens !== null && facts.maxInputTokens < maxTokens) {
    const url = shownUrl(link.client.endpoint.url)
    throw new SweepError('SB-HTTP-008', { url, found: facts.maxInputTokens, wanted: maxTokens })
  }
  if (facts.maxInputTokens === null && tokenizer !== null && maxTokens > 0)
    await checkReadsWhole(link, { tokenizer, maxTokens, sends, signal })
}

function silentCuts(model: string, truncates: true | null): string {
  const cuts = truncates
    ? 'its server cuts long texts in silence'
    : 'its server does not say whether it cuts long texts in silence'
  return `${model}: ${cuts}; name \`tokenizer\` and \`maxTokens\` to cut them here and count them`
}

function movesWithBatch(model: string, cosine: number): string {
  const advice = 'serve unquantised weights, or set batch: 1 and concurrency: 1'
  return `${model}: its server's vectors move with their batch-mates (cosine ${cosine.toFixed(4)}), as those of int8 weights do: ${advice}`
}

function hasUnitRows(vectors: Vectors): boolean {
  return Array.from({ length: vectors.rowCount }, (_, i) => rowOf(vectors, i)).every(hasUnitLength)
}

function isPath(model: string): boolean {
  return /^\.{1,2}[/\\]/.test(model) || isAbsolute(model)
}
