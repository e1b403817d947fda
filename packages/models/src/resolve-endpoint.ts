import { type Load, loadKey, Recipe, SideRecipe, SweepError, type Vectors } from '@sweepboard/contracts'
import { EmbeddingsClient, RETRY_POLICY } from './embeddings-client.ts'
import { shownUrl } from './embeddings-request.ts'
import type { EndpointChoice, ModelInfo, ModelSource, RecipePatch, ResolveContext, SidePatch } from './model-source.ts'
import { probe } from './openai-engine.ts'
import { fingerprintFits, fingerprintOf } from './probe.ts'
import { isTemplate } from './template.ts'

/** Somebody waits for the plan: a server that is down is reported sooner than during a run. */
const PLAN_RETRY = { ...RETRY_POLICY, noProgressMs: 15_000 }
/** How far a norm may be from 1 for vectors to count as normalised by the server. */
const UNIT_TOLERANCE = 1e-2

/**
 * A remote model as load and recipe. Its probe texts are encoded: they give dimension, fingerprint, and whether the server
 * normalises.
 * @throws SweepError `SB-HTTP-006` when the key's variable cannot be read, `SB-HTTP-001` to `-004`, `-007`; `SB-MODEL-004`
 * when the vectors have no unit length and the spec names no similarity; `SB-CORE-002` for limits only a local tokenizer keeps
 */
export async function resolveEndpoint(source: ModelSource, choice: EndpointChoice, context: ResolveContext): Promise<ModelInfo> {
  checkUrl(choice.url)
  const patch = source.recipe ?? {}
  refuseLocalLimits(patch)
  const keyVariable = choice.key?.replace(/^\$/, '') ?? null
  const apiKey = keyVariable === null ? undefined : context.readVariable?.(keyVariable)
  if (keyVariable !== null && !apiKey) throw new SweepError('SB-HTTP-006', { variable: keyVariable })
  const open = {
    folder: null,
    file: null,
    url: choice.url,
    keyVariable,
    concurrency: choice.concurrency ?? 4,
    batchTexts: choice.batch ?? 32,
    timeoutMs: choice.timeout ?? 60_000,
  }
  const remote = choice.model ?? source.model
  const client = new EmbeddingsClient(
    { url: choice.url, model: remote, apiKey, timeoutMs: open.timeoutMs },
    context.retry ?? PLAN_RETRY,
  )
  const probes = await probe(client, { batchTexts: open.batchTexts, signal: context.signal })
  const fingerprint = context.knownFingerprints?.find((known) => fingerprintFits(known, probes)) ?? fingerprintOf(probes)
  const identity: Load['identity'] = {
    engine: 'openai',
    weights: null,
    dtype: 'unknown',
    provider: 'openai',
    options: { model: remote },
    fingerprint,
  }
  const load: Load = {
    key: loadKey(identity),
    model: source.model,
    revision: source.revision ?? 'no_revision_available',
    identity,
    open,
    memoryBytes: 0,
    parameterCount: null,
  }
  const recipe = endpointRecipe(source.model, { patch, probes })
  return { load, recipe, warnings: [], languages: null, matryoshka: null, prompts: { query: null, document: null } }
}

/** The server pools and cuts; the template is ours, and similarity must be told where unit length does not settle it. */
function endpointRecipe(model: string, from: { patch: RecipePatch; probes: Vectors }): Recipe {
  const { patch, probes } = from
  const side = (own: SidePatch = {}) =>
    SideRecipe.parse({
      template: own.template ?? '{text}',
      instruction: own.instruction ?? null,
      normalize: own.normalize ?? patch.normalize ?? false,
    })
  const query = side(patch.query)
  const document = side(patch.document)
  const missing: string[] = []
  for (const { template } of [query, document])
    if (!isTemplate(template)) missing.push(`the template ${JSON.stringify(template)} must hold {text} exactly once`)
  if (patch.dimensions !== undefined && patch.dimensions !== probes.dim)
    missing.push(`dimensions ${patch.dimensions}: the server gives ${probes.dim}`)
  const isUnit = (query.normalize && document.normalize) || hasUnitRows(probes)
  const similarity = patch.similarity ?? (isUnit ? 'cosine' : null)
  if (similarity === null) missing.push('similarity: the server does not normalise, so cosine and dot differ')
  if (similarity === null || missing.length > 0) throw new SweepError('SB-MODEL-004', { model, missing: missing.join('; ') })
  return Recipe.parse({ query, document, similarity, dimensions: probes.dim })
}

function hasUnitRows(vectors: Vectors): boolean {
  return Array.from({ length: vectors.rowCount }, (_, i) =>
    vectors.values.subarray(i * vectors.dim, (i + 1) * vectors.dim),
  ).every((row) => {
    const norm = Math.sqrt(row.reduce((sum, member) => sum + member * member, 0))
    return Math.abs(norm - 1) <= UNIT_TOLERANCE
  })
}

/** What only a tokenizer at hand could keep: refused rather than left to the server in silence. */
function refuseLocalLimits(patch: RecipePatch): void {
  for (const part of [patch, patch.query ?? {}, patch.document ?? {}]) {
    const asks = [part.maxTokens != null, part.closingToken != null, part.pooling !== undefined && part.pooling !== 'none']
    if (asks.some(Boolean))
      throw new SweepError('SB-CORE-002', { what: 'maxTokens, closingToken or pooling of a remote model (no tokenizer at hand)' })
  }
}

function checkUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new SweepError('SB-SPEC-004', { path: 'engine.openai.url', message: 'must be an http or https URL' })
  if (parsed.username || parsed.password || parsed.search) {
    throw new SweepError('SB-SPEC-004', {
      path: 'engine.openai.url',
      message: `${shownUrl(url)} must carry no user, password or query: name the key's variable in \`key\``,
    })
  }
}
