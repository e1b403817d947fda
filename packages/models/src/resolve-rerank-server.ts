import { basename, isAbsolute } from 'node:path'
import { type Load, loadKey, type PairRecipe, SweepError } from '@sweepboard/contracts'
import { shownUrl } from './http/endpoint.ts'
import { type EndpointPlan, planEndpoint } from './http/endpoint-plan.ts'
import { checkReadsWholePair } from './http/limit-probe.ts'
import { refuseLocalPairParts } from './http/pair-inputs.ts'
import { asksRawScores, instructionMember, type WireStyle } from './http/rerank-exchange.ts'
import { probeScores, type RerankLink, rerankLink } from './http/rerank-link.ts'
import type { ServerFacts } from './http/server-facts.ts'
import type { PairPatch, RerankChoice, ResolveContext } from './model-source.ts'
import { ranksProbesRight, scoreFingerprint, scoresFit } from './pair-probe.ts'

/** A reranker of a sweep file that stands behind a URL. */
export interface RerankServerSource {
  readonly model: string
  readonly revision?: string | undefined
  /** The model's folder, where it is at hand; a `model` that is an absolute path is one. */
  readonly folder: string | null
  readonly choice: RerankChoice
  readonly recipe?: PairPatch | undefined
}

export interface RerankServerInfo {
  readonly load: Load
  readonly recipe: PairRecipe
  readonly warnings: readonly string[]
}

/**
 * A remote reranker as load and recipe. Its canary pairs are scored: they give the style that the server answers to, the
 * fingerprint, and a warning where it ranks them against their meaning.
 * @throws SweepError `SB-HTTP-006` when the key's variable cannot be read; `SB-HTTP-001` to `-004`, `-007`; `SB-HTTP-008` when
 * it reads less than the recipe's `maxTokens`; `SB-HTTP-010` when the style carries no instruction; `SB-MODEL-004` for a
 * recipe that no server can keep
 */
export async function resolveRerankServer(source: RerankServerSource, context: ResolveContext): Promise<RerankServerInfo> {
  const recipe = recipeOf(source.recipe ?? {})
  const folder = source.folder ?? (isAbsolute(source.model) ? source.model : null)
  const plan = await planEndpoint(source.choice, { engine: 'rerank-api', model: source.model, folder, context })
  refuseLocalPairParts(recipe, plan.tokenizer)
  const { link, scores } = await firstThatAnswers(plan, { choice: source.choice, recipe, context })
  const url = shownUrl(source.choice.url)
  refuseMisfit(url, { link, recipe, facts: plan.facts })
  const { maxTokens } = recipe
  if (plan.facts.maxInputTokens === null && plan.tokenizer !== null && maxTokens !== null)
    await checkReadsWholePair(link, { tokenizer: plan.tokenizer, recipe: { ...recipe, maxTokens }, signal: context.signal })
  const fingerprint = context.knownFingerprints?.find((known) => scoresFit(known, scores)) ?? scoreFingerprint(scores)
  if (fingerprint === null) throw new SweepError('SB-HTTP-004', { url, message: 'one and the same score for all canary pairs' })
  const { server, dtype } = plan.facts
  const options: Record<string, string | boolean> = { model: plan.client.endpoint.model, style: link.style }
  if (asksRawScores(link.style, server)) options.rawScores = true
  if (plan.tokenizerDigest !== null) options.tokenizer = plan.tokenizerDigest
  const identity: Load['identity'] = {
    engine: 'rerank-api',
    weights: null,
    dtype: server === 'tei' ? (dtype ?? 'unknown') : 'unknown',
    provider: 'rerank-api',
    options,
    fingerprint,
  }
  const model = folder === null ? source.model : `local/${basename(folder)}`
  const load: Load = {
    key: loadKey(identity),
    model,
    revision: source.revision ?? 'no_revision_available',
    identity,
    open: plan.open,
    memoryBytes: 0,
    parameterCount: null,
  }
  return { load, recipe, warnings: warningsOf(model, { link, recipe, scores, facts: plan.facts }) }
}

function recipeOf(patch: PairPatch): PairRecipe {
  const ofFolders = (['like', 'padding'] as const).filter((member) => patch[member] !== undefined)
  if (ofFolders.length > 0) {
    const missing = `no ${ofFolders.join(', ')}: a running server has its own template; of a recipe it takes maxTokens and instruction`
    throw new SweepError('SB-MODEL-004', { model: 'this reranker', missing })
  }
  return {
    template: patch.template ?? null,
    instruction: patch.instruction ?? null,
    head: patch.head ?? 'server',
    yesToken: null,
    noToken: null,
    maxTokens: patch.maxTokens ?? null,
  }
}

/** The named style, or the first of those that fit the server to which it answers well; the first one's error otherwise. */
async function firstThatAnswers(
  { client, facts }: EndpointPlan,
  by: { choice: RerankChoice; recipe: PairRecipe; context: ResolveContext },
): Promise<{ link: RerankLink; scores: number[] }> {
  const { style = 'auto' } = by.choice
  const failures: unknown[] = []
  for (const one of style === 'auto' ? stylesFor(facts.server) : [style]) {
    const link = rerankLink(client, one, facts.server)
    try {
      const options = { instruction: null, maxTokens: by.recipe.maxTokens, signal: by.context.signal }
      return { link, scores: await probeScores(link, options) }
    } catch (thrown) {
      // Another style may be the right one only where the server answered, and did so as if it did not know this one.
      if (!(thrown instanceof SweepError) || !['SB-HTTP-003', 'SB-HTTP-004'].includes(thrown.code)) throw thrown
      failures.push(thrown)
    }
  }
  throw failures[0]
}

function stylesFor(server: string): readonly WireStyle[] {
  if (server === 'tei' || server === 'sglang' || server === 'cohere') return [server]
  return server === 'unknown' ? ['jina', 'sglang', 'tei'] : ['jina']
}

function refuseMisfit(url: string, by: { link: RerankLink; recipe: PairRecipe; facts: ServerFacts }): void {
  const { link, recipe, facts } = by
  if (facts.maxInputTokens !== null && recipe.maxTokens !== null && facts.maxInputTokens < recipe.maxTokens)
    throw new SweepError('SB-HTTP-008', { url, found: facts.maxInputTokens, wanted: recipe.maxTokens })
  if (recipe.instruction !== null && instructionMember(link.style, facts.server) === null)
    throw new SweepError('SB-HTTP-010', { url, message: `style ${link.style} of ${facts.server} carries no instruction` })
}

function warningsOf(
  model: string,
  by: { link: RerankLink; recipe: PairRecipe; scores: readonly number[]; facts: ServerFacts },
): string[] {
  const warnings: string[] = []
  if (!ranksProbesRight(by.scores))
    warnings.push(`${model} does not score the answer of a canary question highest: check the server's template and model`)
  if (by.link.style === 'cohere' && by.recipe.maxTokens === null)
    warnings.push(`${model}: this server cuts documents at 4096 tokens; set maxTokens and a tokenizer to cut them here`)
  if (by.facts.truncates === true && by.link.style !== 'tei' && by.recipe.maxTokens === null)
    warnings.push(
      `${model}: its server cuts long pairs in silence; name \`tokenizer\` and \`maxTokens\` to cut them here and count them`,
    )
  return warnings
}
