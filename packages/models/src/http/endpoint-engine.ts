import { type Load, type SideRecipe, SweepError, sha256 } from '@sweepboard/contracts'
import { stopIfAborted } from '../abort.ts'
import { type AnswerKeeper, type EncodedTexts, type EncodeOptions, type Engine, NO_COUNTS } from '../engine.ts'
import { normalizeRows } from '../pooling.ts'
import { fingerprintFits, fingerprintOf, PROBE_TEXTS } from '../probe.ts'
import { countEmpty } from '../template.ts'
import { countedOtherwise, quotedStart } from './counted-otherwise.ts'
import type { EmbeddingDialect } from './embedding-exchange.ts'
import { type InputReader, type PreparedInput, prepareInputs, templateControls } from './embedding-inputs.ts'
import { cosine, type EmbeddingLink, hasUnitLength, openEmbeddingLink, refuseAddedTokens, rowOf } from './embedding-link.ts'
import { shownUrl } from './endpoint.ts'
import { inParallel } from './in-parallel.ts'
import { checkLaunchedVectors, unstarted } from './launched-check.ts'
import { PatientClient, RejectedInput, type RetryPolicy, type ServerNews, type WholeAnswer } from './patient-client.ts'
import { isOutOfMemory } from './request-failure.ts'
import { readServerFacts, type ServerFacts } from './server-facts.ts'
import { openTokenizerOf } from './tokenizer-on-host.ts'

export interface EndpointOptions {
  readonly apiKey?: string | undefined
  readonly modelsRoot?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly retry?: RetryPolicy | undefined
  readonly onNews?: ((news: ServerNews) => void) | undefined
}

/** Least cosine of a probe's vector to that of the opening: far above a server's jitter, far below another model. */
const SAME_MODEL = 0.999

/**
 * An embeddings server (`openai`, `tei`, `ollama`) as an engine. It is probed first and refused when it is not the one
 * planned; after each chunk (but a timed one) one probe text, and after a lost connection all of them, say that it still is.
 * @throws SweepError `SB-HTTP-001` to `-005`, `-007` to `-009`; `SB-MODEL-001` when the tokenizer of the plan is not here
 */
export async function openEndpointEngine(load: Load, options: EndpointOptions): Promise<Engine> {
  const began = performance.now()
  const { url, timeoutMs, batchTexts, concurrency, rate } = load.open
  if (url === null) throw unstarted(load)
  const endpoint = { url, model: String(load.identity.options.model), apiKey: options.apiKey, timeoutMs }
  const client = new PatientClient(endpoint, { policy: options.retry, concurrency, batchTexts, rate, onNews: options.onNews })
  const tokenizer = await openTokenizerOf(load, options.modelsRoot)
  const facts = await readServerFacts(endpoint, options.signal)
  if (facts.maxBatchTexts !== null) client.limits.told(facts.maxBatchTexts)
  const dialect = load.identity.engine as EmbeddingDialect
  const link = await openEmbeddingLink(client, { dialect, tokenizer, signal: options.signal })
  const wanted = load.identity.fingerprint
  if (wanted !== null && !fingerprintFits(wanted, link.probes)) throw swapped(url, { link, wanted })
  const sends = load.identity.options.input === 'tokens' ? 'tokens' : 'text'
  refuseAddedTokens(link, sends, tokenizer)
  await checkLaunchedVectors(load, link, { tokenizer, facts, signal: options.signal })
  const parts: Parts = { link, reader: { tokenizer, sends }, facts, calls: 0 }
  return {
    engine: dialect,
    version: `${facts.server} ${facts.version ?? '?'}`,
    provider: `${facts.server}, ${sends === 'tokens' ? 'token ids' : 'text'}`,
    dtype: facts.dtype ?? load.identity.dtype,
    device: 'endpoint',
    loadSeconds: (performance.now() - began) / 1000,
    encode: (side, texts, given = {}) => encode(parts, { side, texts, options: given }),
    async close() {},
  }
}

interface Parts {
  readonly link: EmbeddingLink
  readonly reader: InputReader
  readonly facts: ServerFacts
  /** Chunks encoded so far: names the probe text of the next look. */
  calls: number
}

async function encode(
  parts: Parts,
  call: { side: SideRecipe; texts: readonly string[]; options: EncodeOptions },
): Promise<EncodedTexts> {
  const { side, texts, options } = call
  const { link, reader, facts } = parts
  stopIfAborted(options.signal, 'encoding')
  refuseLowLimit(link, facts, side)
  const order = link.client.nextOrder()
  const inputs = longestFirst(await prepareInputs(reader, side, { texts, signal: options.signal }))
  const { dim } = link.probes
  const values = new Float32Array(texts.length * dim)
  const lostBefore = link.client.lostCount
  link.client.onWait = () => options.onProgress?.()
  const most = link.client.limits.within(options.tokenBudget)
  const starts = Array.from({ length: Math.ceil(inputs.length / most) }, (_, i) => i * most)
  const sums = { tokenCount: 0 as number | null, batchCount: 0, splitCount: 0, memorySplitCount: 0, keptCount: 0 }
  // All wait at the client's gate, which lets in as many as the server is asked at once: those of an earlier call before them.
  await inParallel({ items: starts, signal: options.signal }, async (start, signal) => {
    const batch = inputs.slice(start, start + most)
    const answer = await keptOr(options.keeper, { batch, dim }, () => embedBatch(parts, { batch, order, texts }, signal))
    answer.rows.forEach((row, i) => {
      for (const place of (batch[i] as PreparedInput).places) values.set(row, place * dim)
    })
    sums.tokenCount = sums.tokenCount === null || answer.tokenCount === null ? null : sums.tokenCount + answer.tokenCount
    sums.batchCount += answer.batchCount
    sums.splitCount += answer.splitCount
    sums.memorySplitCount += answer.memorySplitCount
    sums.keptCount += answer.keptCount
    options.onProgress?.()
  })
  if (options.isTimed !== true)
    await checkSameModel(parts, { isLost: link.client.lostCount > lostBefore, order, signal: options.signal })
  if (side.normalize) normalizeRows(values, dim)
  const own = ownCounts(parts, { side, inputs, texts })
  const tokenCount = own.tokenCount ?? sums.tokenCount ?? 0
  const counts = { ...NO_COUNTS, ...own, ...sums, tokenCount, paddedTokenCount: tokenCount }
  return { vectors: { rowCount: texts.length, dim, values }, counts }
}

/** By length, the longest first: texts of a request are alike, and what ends last is short. Stable: the same texts go in the same requests. */
function longestFirst(inputs: readonly PreparedInput[]): readonly PreparedInput[] {
  const length = ({ tokenCount, input }: PreparedInput) => tokenCount ?? input.length
  return inputs.toSorted((a, b) => length(b) - length(a))
}

/** The answer of an earlier try, where one was kept; otherwise the server's, which is kept for a later one. */
async function keptOr(
  keeper: AnswerKeeper | undefined,
  of: { batch: readonly PreparedInput[]; dim: number },
  ask: () => Promise<WholeAnswer<Float32Array>>,
): Promise<WholeAnswer<Float32Array> & { readonly keptCount: number }> {
  if (keeper === undefined) return { ...(await ask()), keptCount: 0 }
  const request = sha256(JSON.stringify(of.batch.map(({ input }) => input)))
  const kept = await keeper.get(request)
  if (kept !== null && kept.rows.length === of.batch.length && kept.rows.every(({ length }) => length === of.dim))
    return { ...kept, batchCount: 1, splitCount: 0, memorySplitCount: 0, keptCount: 1 }
  const answer = await ask()
  await keeper.put(request, answer)
  return { ...answer, keptCount: 0 }
}

async function embedBatch(
  { link, reader }: Parts,
  { batch, order, texts }: { batch: readonly PreparedInput[]; order: number; texts: readonly string[] },
  signal: AbortSignal,
): Promise<WholeAnswer<Float32Array>> {
  const url = shownUrl(link.client.endpoint.url)
  const embed = (some: readonly PreparedInput[]) => {
    const inputs = some.map(({ input }) => input)
    return link.embed(inputs, signal, order)
  }
  const answer = await embed(batch).catch((thrown) => {
    if (!(thrown instanceof RejectedInput)) throw thrown
    const text = (batch[thrown.at] as PreparedInput).places[0]
    if (isOutOfMemory(thrown.message)) throw new SweepError('SB-MODEL-010', { text }, { cause: thrown })
    throw new SweepError('SB-MODEL-006', { text, message: thrown.message }, { cause: thrown })
  })
  if (link.isUnit && !answer.rows.every(hasUnitLength))
    throw new SweepError('SB-HTTP-004', { url, message: 'a vector without unit length, where the probe texts had it' })
  const extra = reader.sends === 'tokens' ? 0 : link.extraTokens
  if (link.extraTokens === null || extra === null || answer.tokenCount === null) return answer
  const own = (start: number, end: number) =>
    batch.slice(start, end).reduce((sum, { tokenCount }) => sum + (tokenCount as number) + extra, 0)
  const [found, wanted] = [answer.tokenCount, own(0, batch.length)]
  if (found === wanted) return answer
  const server = (start: number, end: number) => embed(batch.slice(start, end)).then(({ tokenCount }) => tokenCount, notRejected)
  const one = await countedOtherwise(batch.length, { server, own })
  if (one === null) throw new SweepError('SB-HTTP-009', { url, found, wanted })
  const [text] = (batch[one.at] as PreparedInput).places as [number]
  throw new SweepError('SB-HTTP-009', {
    url,
    found: one.found,
    wanted: one.wanted,
    text,
    quoted: quotedStart(texts[text] as string),
  })
}

/** An input that is refused has no count; any other failure is one. */
function notRejected(thrown: unknown): null {
  if (thrown instanceof RejectedInput) return null
  throw thrown
}

/**
 * One probe text in turn; all of them, batched as at the opening, where a connection was lost or that one differs (it may for
 * a server whose vectors move with their batch-mates). Throws `SB-HTTP-005`.
 */
async function checkSameModel(
  parts: Parts,
  at: { isLost: boolean; order: number; signal: AbortSignal | undefined },
): Promise<void> {
  const { link } = parts
  const differs = async (places: readonly number[]) => {
    const texts = places.map((i) => PROBE_TEXTS[i] as string)
    const { rows } = await link.embed(texts, at.signal, at.order)
    return rows.some((row, i) => cosine(row, rowOf(link.probes, places[i] as number)) < SAME_MODEL)
  }
  const turn = parts.calls % PROBE_TEXTS.length
  parts.calls += 1
  if (!at.isLost && !(await differs([turn]))) return
  if (!(await differs(PROBE_TEXTS.map((_, i) => i)))) return
  throw new SweepError('SB-HTTP-005', {
    url: shownUrl(link.client.endpoint.url),
    found: 'other vectors of the probe texts',
    wanted: fingerprintOf(link.probes),
  })
}

/** A server that reads less than the recipe wants would cut in silence or refuse text after text. */
function refuseLowLimit(link: EmbeddingLink, facts: ServerFacts, side: SideRecipe): void {
  if (side.maxTokens === null || facts.maxInputTokens === null || facts.maxInputTokens >= side.maxTokens) return
  const url = shownUrl(link.client.endpoint.url)
  throw new SweepError('SB-HTTP-008', { url, found: facts.maxInputTokens, wanted: side.maxTokens })
}

function ownCounts({ reader }: Parts, of: { side: SideRecipe; inputs: readonly PreparedInput[]; texts: readonly string[] }) {
  const controls = templateControls(reader.tokenizer, of.side)
  const total = (member: (input: PreparedInput) => number) => of.inputs.reduce((sum, input) => sum + member(input), 0)
  return {
    tokenCount: reader.tokenizer === null ? null : total(({ tokenCount }) => tokenCount ?? 0),
    truncatedCount: total(({ isTruncated, places }) => (isTruncated ? places.length : 0)),
    controlTokenCount: total(({ controlCount, places }) => Math.max(0, controlCount - controls) * places.length),
    emptyTextCount: countEmpty(of.texts),
  }
}

function swapped(url: string, by: { link: EmbeddingLink; wanted: string }): SweepError {
  return new SweepError('SB-HTTP-005', { url: shownUrl(url), found: fingerprintOf(by.link.probes), wanted: by.wanted })
}
