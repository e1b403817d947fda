import { type SideRecipe, SweepError, type Vectors } from '@sweepboard/contracts'
import { PROBE_TEXTS } from '../probe.ts'
import type { TextTokenizer } from '../text-tokenizer.ts'
import { type EmbeddingDialect, type EmbeddingInput, embeddingExchange } from './embedding-exchange.ts'
import { shownUrl } from './endpoint.ts'
import { type PatientClient, RejectedInput, type WholeAnswer } from './patient-client.ts'

const UNIT_TOLERANCE = 1e-2
/** Probe texts that are also embedded alone: a short and a long one. */
const LONE_PROBES = [7, 5] as const
/** Least cosine of a probe's vectors by text and by token ids for the two to be one: a half-precision server stays above. */
const SAME_INPUT = 0.999

/** An embeddings server as its probes found it. */
export interface EmbeddingLink {
  readonly client: PatientClient
  /** Vectors of the probe texts, `[PROBE_TEXTS.length, dim]`. */
  readonly probes: Vectors
  /** All probes came with unit length, so all vectors must. */
  readonly isUnit: boolean
  /** What the server counted for each probe text more than our tokenizer; null where it does not tell or does not fit. */
  readonly extraTokens: number | null
  /** The server tells a count of tokens that does not fit our tokenizer, so it cannot be used. */
  readonly isCountStrange: boolean
  /** `order` as in `CallOptions`. */
  embed(inputs: readonly EmbeddingInput[], signal?: AbortSignal, order?: number): Promise<WholeAnswer<Float32Array>>
}

export interface LinkOptions {
  readonly dialect: EmbeddingDialect
  readonly tokenizer: TextTokenizer | null
  readonly signal?: AbortSignal | undefined
}

/**
 * Encodes the probe texts and learns from them: dimension, whether base64 is taken, whether vectors have unit length,
 * how the server counts tokens.
 * @throws SweepError `SB-HTTP-001` to `-004`, `-007`, and `-009` for a count of tokens far below ours
 */
export async function openEmbeddingLink(client: PatientClient, options: LinkOptions): Promise<EmbeddingLink> {
  const { dialect, tokenizer, signal } = options
  const exchange = (base64: boolean, dim: number | null) => embeddingExchange(dialect, client.endpoint, { base64, dim })
  const ask = (base64: boolean) => client.call(exchange(base64, null), PROBE_TEXTS, { signal })
  let base64 = dialect === 'openai'
  const first = await ask(base64)
    .catch((thrown) => {
      if (!base64 || !isRefusal(thrown)) throw thrown
      base64 = false
      return ask(false)
    })
    .catch((thrown) => {
      if (!(thrown instanceof RejectedInput)) throw thrown
      const status = 'an error to a probe text'
      throw new SweepError('SB-HTTP-003', { url: shownUrl(client.endpoint.url), status, message: thrown.message })
    })
  const probes = stacked(first.rows, client)
  const embed = (inputs: readonly EmbeddingInput[], by?: AbortSignal, order?: number) =>
    client.call(exchange(base64, probes.dim), inputs, { signal: by, order })
  const told = first.tokenCount === 0 ? null : first.tokenCount
  const extra = tokenizer === null ? null : await extraTokens(told, { tokenizer, embed, signal })
  if (tokenizer !== null && told !== null && extra === null) refuseLowCount(told, { tokenizer, client })
  return {
    client,
    probes,
    isUnit: first.rows.every(hasUnitLength),
    extraTokens: extra,
    isCountStrange: tokenizer !== null && told !== null && extra === null,
    embed,
  }
}

/**
 * A server that is sent texts and counts more tokens of each than there are puts a prompt or further special tokens around
 * them: its vectors are of other inputs than the recipe's. (Fewer by a fixed number: it leaves out special tokens.)
 * @throws SweepError `SB-HTTP-009`
 */
export function refuseAddedTokens(link: EmbeddingLink, sends: 'text' | 'tokens', tokenizer: TextTokenizer | null): void {
  if (sends === 'tokens' || tokenizer === null || link.extraTokens === null || link.extraTokens <= 0) return
  const wanted = tokenizer.reader(PLAIN_SIDE)(PROBE_TEXTS[0] as string).ids.length
  throw new SweepError('SB-HTTP-009', { url: shownUrl(link.client.endpoint.url), found: wanted + link.extraTokens, wanted })
}

/** Whether a server takes token ids and reads them as it reads texts; found by experience, since some take and misread them. */
export async function takesTokenIds(link: EmbeddingLink, tokenizer: TextTokenizer, signal?: AbortSignal): Promise<boolean> {
  const read = tokenizer.reader(PLAIN_SIDE)
  try {
    const inputs = PROBE_TEXTS.map((text) => read(text).ids)
    const { rows, tokenCount } = await link.embed(inputs, signal)
    const sent = inputs.reduce((sum, ids) => sum + ids.length, 0)
    // A server that counts texts as we do and ids otherwise puts something around them.
    if (link.extraTokens !== null && tokenCount !== null && tokenCount !== sent) return false
    return rows.every((row, i) => cosine(row, rowOf(link.probes, i)) >= SAME_INPUT)
  } catch (thrown) {
    if (thrown instanceof RejectedInput || isRefusal(thrown) || (thrown instanceof SweepError && thrown.code === 'SB-HTTP-004'))
      return false
    throw thrown
  }
}

/** Least cosine of probe texts embedded alone to those embedded together; 1 for a server that batches without a trace. */
export async function batchCosine(link: EmbeddingLink, signal?: AbortSignal): Promise<number> {
  const rows = await Promise.all(
    LONE_PROBES.map(async (i) => {
      const answer = await link.embed([PROBE_TEXTS[i] as string], signal)
      return cosine(answer.rows[0] as Float32Array, rowOf(link.probes, i))
    }),
  )
  return Math.min(...rows)
}

/** Tokens a text has by itself, no recipe applied. */
export const PLAIN_SIDE: SideRecipe = {
  template: '{text}',
  instruction: null,
  maxTokens: null,
  closingToken: null,
  pooling: 'none',
  normalize: false,
}

/** Cosine of two vectors of one length. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let dot = 0
  let squaresA = 0
  let squaresB = 0
  for (let j = 0; j < a.length; j += 1) {
    const [x, y] = [a[j] as number, b[j] as number]
    dot += x * y
    squaresA += x * x
    squaresB += y * y
  }
  return dot / Math.sqrt(squaresA * squaresB)
}

export function rowOf({ values, dim }: Vectors, i: number): Float32Array {
  return values.subarray(i * dim, (i + 1) * dim)
}

export function hasUnitLength(row: Float32Array): boolean {
  return Math.abs(Math.sqrt(row.reduce((sum, member) => sum + member * member, 0)) - 1) <= UNIT_TOLERANCE
}

/** How far below ours a count may lie that fits no fixed number of special tokens: tokenizers of one model differ on rare characters. */
const COUNT_TOLERANCE = 0.1

/**
 * Far fewer tokens of the probe texts, special tokens left out of account: it cuts them, or has another tokenizer. Far more that fit
 * no fixed number are another unit: Infinity counts characters unless told otherwise.
 */
function refuseLowCount(found: number, { tokenizer, client }: { tokenizer: TextTokenizer; client: PatientClient }): void {
  const read = tokenizer.reader(PLAIN_SIDE)
  const wanted = PROBE_TEXTS.reduce((sum, text) => sum + read(text).ids.length, 0)
  const special = wanted - PROBE_TEXTS.reduce((sum, text) => sum + tokenizer.bare(text).length, 0)
  if (found < (wanted - special) * (1 - COUNT_TOLERANCE))
    throw new SweepError('SB-HTTP-009', { url: shownUrl(client.endpoint.url), found, wanted })
}

/** Our count and the server's must differ by the same whole number for eight texts and for one. */
async function extraTokens(
  told: number | null,
  by: { tokenizer: TextTokenizer; embed: EmbeddingLink['embed']; signal: AbortSignal | undefined },
): Promise<number | null> {
  if (told === null) return null
  const read = by.tokenizer.reader(PLAIN_SIDE)
  const own = PROBE_TEXTS.reduce((sum, text) => sum + read(text).ids.length, 0)
  const extra = (told - own) / PROBE_TEXTS.length
  const longest = PROBE_TEXTS[5] as string
  const alone = (await by.embed([longest], by.signal)).tokenCount
  return Number.isInteger(extra) && alone !== null && alone - read(longest).ids.length === extra ? extra : null
}

function stacked(rows: readonly Float32Array[], { endpoint }: PatientClient): Vectors {
  const dim = rows[0]?.length ?? 0
  const values = new Float32Array(rows.length * dim)
  rows.forEach((row, i) => {
    values.set(row, i * dim)
    if (row.every((member) => member === 0))
      throw new SweepError('SB-HTTP-004', { url: shownUrl(endpoint.url), message: 'a vector of zeros for a probe text' })
  })
  return { rowCount: rows.length, dim, values }
}

/** The server refused the request as such: another form of it may be taken. */
function isRefusal(thrown: unknown): boolean {
  if (!(thrown instanceof SweepError) || thrown.code !== 'SB-HTTP-003') return false
  return thrown.details.status === 400 || thrown.details.status === 422
}
