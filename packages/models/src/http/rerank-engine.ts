import { type Load, type PairRecipe, SweepError } from '@sweepboard/contracts'
import { stopIfAborted } from '../abort.ts'
import { type EncodeOptions, NO_COUNTS } from '../engine.ts'
import type { PairEngine, ScoredPairs, TextPair } from '../pair-engine.ts'
import { PROBE_PAIRS_PER_QUERY, scoreFingerprint, scoresFit } from '../pair-probe.ts'
import type { TextTokenizer } from '../text-tokenizer.ts'
import { shownUrl } from './endpoint.ts'
import type { EndpointOptions } from './endpoint-engine.ts'
import { inParallel } from './in-parallel.ts'
import { checkLaunchedScores, unstarted } from './launched-check.ts'
import { type PreparedPair, preparePairs } from './pair-inputs.ts'
import { PatientClient, RejectedInput } from './patient-client.ts'
import { isOutOfMemory } from './request-failure.ts'
import { instructionMember, type WireStyle } from './rerank-exchange.ts'
import { probeScores, type RerankLink, rerankLink } from './rerank-link.ts'
import { readServerFacts, type ServerFacts } from './server-facts.ts'
import { openTokenizerOf } from './tokenizer-on-host.ts'

/** How far a probe's score may lie from that of the opening, in parts of it (or of 1): above a half-precision server's jitter. */
const SAME_SCORE = 0.05

/**
 * A rerank server as an engine. Its canary pairs are scored first and it is refused when it is not the one planned; after
 * each call the pairs of one canary query, and after a lost connection all of them, say that it still is.
 * @throws SweepError `SB-HTTP-001` to `-005`, `-007`, `-008`, `-010`; `SB-MODEL-001` when the plan's tokenizer is not here
 */
export async function openRerankEngine(load: Load, recipe: PairRecipe, options: EndpointOptions): Promise<PairEngine> {
  const began = performance.now()
  const { url, timeoutMs, batchTexts, concurrency, rate } = load.open
  if (url === null) throw unstarted(load)
  const endpoint = { url, model: String(load.identity.options.model), apiKey: options.apiKey, timeoutMs }
  const client = new PatientClient(endpoint, { policy: options.retry, concurrency, batchTexts, rate, onNews: options.onNews })
  const tokenizer = await openTokenizerOf(load, options.modelsRoot)
  const facts = await readServerFacts(endpoint, options.signal)
  if (facts.maxBatchTexts !== null) client.limits.told(facts.maxBatchTexts)
  refuseLowLimit(url, { facts, recipe })
  const isFramed = load.open.launch !== undefined && recipe.template !== null
  const link = rerankLink(client, load.identity.options.style as WireStyle, facts.server, isFramed ? recipe : undefined)
  const canary = await probeScores(link, { instruction: null, maxTokens: recipe.maxTokens, signal: options.signal })
  const wanted = load.identity.fingerprint
  if (wanted !== null && !scoresFit(wanted, canary))
    throw new SweepError('SB-HTTP-005', { url: shownUrl(url), found: scoreFingerprint(canary) ?? 'one score for all', wanted })
  checkLaunchedScores(load, url, canary)
  const parts: Parts = { link, recipe, tokenizer, isFramed, server: facts.server, canary, calls: 0 }
  return {
    engine: 'rerank-api',
    version: `${facts.server} ${facts.version ?? '?'}`,
    provider: `${facts.server}, ${link.style}`,
    dtype: facts.dtype ?? load.identity.dtype,
    device: 'endpoint',
    loadSeconds: (performance.now() - began) / 1000,
    scorePairs: (pairs, given = {}) => scorePairs(parts, pairs, given),
    async close() {},
  }
}

interface Parts {
  readonly link: RerankLink
  readonly recipe: PairRecipe
  readonly tokenizer: TextTokenizer | null
  /** The server was started with the recipe's template. */
  readonly isFramed: boolean
  readonly server: string
  /** Scores of the canary pairs when the engine was opened. */
  readonly canary: readonly number[]
  calls: number
}

async function scorePairs(parts: Parts, pairs: readonly TextPair[], options: EncodeOptions): Promise<ScoredPairs> {
  const { link, recipe } = parts
  stopIfAborted(options.signal, 'scoring')
  const order = link.client.nextOrder()
  const prepared = await preparePairs(parts, { pairs, signal: options.signal })
  const scores = new Float32Array(pairs.length)
  const lostBefore = link.client.lostCount
  link.client.onWait = () => options.onProgress?.()
  const requests = prepared.flatMap(({ instruction, pairs: own }) => {
    refuseInstruction(parts, instruction)
    const most = link.client.limits.within(options.tokenBudget)
    return Array.from({ length: Math.ceil(own.length / most) }, (_, i) => ({
      instruction,
      own: own.slice(i * most, (i + 1) * most),
    }))
  })
  const sums = { tokenCount: 0 as number | null, batchCount: 0, splitCount: 0, memorySplitCount: 0 }
  // As for embeddings: the client's gate holds them back.
  await inParallel({ items: requests, signal: options.signal }, async (request, signal) => {
    const { instruction, own } = request
    const answer = await link.score(own, { instruction, maxTokens: recipe.maxTokens, signal, order }).catch((thrown) => {
      if (!(thrown instanceof RejectedInput)) throw thrown
      const text = (own[thrown.at] as PreparedPair).places[0]
      if (isOutOfMemory(thrown.message)) throw new SweepError('SB-MODEL-010', { text }, { cause: thrown })
      throw new SweepError('SB-MODEL-006', { text, message: thrown.message }, { cause: thrown })
    })
    answer.rows.forEach((score, i) => {
      for (const place of (own[i] as PreparedPair).places) scores[place] = score
    })
    sums.tokenCount = sums.tokenCount === null || answer.tokenCount === null ? null : sums.tokenCount + answer.tokenCount
    sums.batchCount += answer.batchCount
    sums.splitCount += answer.splitCount
    sums.memorySplitCount += answer.memorySplitCount
    options.onProgress?.()
  })
  const isLost = link.client.lostCount > lostBefore
  if (pairs.length > 0) await checkSameModel(parts, { isLost, order, signal: options.signal })
  const all = prepared.flatMap(({ pairs: own }) => own)
  const tokenCount = sums.tokenCount ?? 0
  const counts = {
    ...NO_COUNTS,
    ...sums,
    tokenCount,
    paddedTokenCount: tokenCount,
    truncatedCount: all.reduce((sum, { isTruncated, places }) => sum + (isTruncated ? places.length : 0), 0),
    controlTokenCount: all.reduce((sum, { controlCount, places }) => sum + controlCount * places.length, 0),
    emptyTextCount: pairs.reduce((sum, { query, document }) => sum + (query.trim() === '' || document.trim() === '' ? 1 : 0), 0),
  }
  return { scores, counts }
}

/** The pairs of one canary query in turn, or all where a connection was lost; throws `SB-HTTP-005`. */
async function checkSameModel(
  parts: Parts,
  at: { isLost: boolean; order: number; signal: AbortSignal | undefined },
): Promise<void> {
  const { link, canary, recipe } = parts
  const options = { instruction: null, maxTokens: recipe.maxTokens, signal: at.signal, order: at.order }
  const turn = parts.calls % (canary.length / PROBE_PAIRS_PER_QUERY)
  parts.calls += 1
  const found = await probeScores(link, at.isLost ? options : { ...options, turn })
  const from = at.isLost ? 0 : turn * PROBE_PAIRS_PER_QUERY
  const isSame = found.every((score, i) => {
    const first = canary[from + i] as number
    return Math.abs(score - first) <= SAME_SCORE * Math.max(Math.abs(first), spread(canary))
  })
  if (isSame) return
  const url = shownUrl(link.client.endpoint.url)
  throw new SweepError('SB-HTTP-005', { url, found: 'other scores of the canary pairs', wanted: scoreFingerprint(canary) ?? '' })
}

function spread(scores: readonly number[]): number {
  return Math.max(...scores) - Math.min(...scores)
}

function refuseInstruction({ link, server, isFramed }: Parts, instruction: string | null): void {
  if (instruction === null || isFramed || instructionMember(link.style, server) !== null) return
  const url = shownUrl(link.client.endpoint.url)
  throw new SweepError('SB-HTTP-010', { url, message: `style ${link.style} of ${server} carries no instruction` })
}

function refuseLowLimit(url: string, by: { facts: ServerFacts; recipe: PairRecipe }): void {
  const { maxInputTokens } = by.facts
  const { maxTokens } = by.recipe
  if (maxInputTokens !== null && maxTokens !== null && maxInputTokens < maxTokens)
    throw new SweepError('SB-HTTP-008', { url: shownUrl(url), found: maxInputTokens, wanted: maxTokens })
}
