import { type Load, type SideRecipe, SweepError, type Vectors } from '@sweepboard/contracts'
import { stopIfAborted } from './abort.ts'
import type { EmbeddingsAnswer } from './embeddings-answer.ts'
import { EmbeddingsClient, RejectedInput, type RetryPolicy } from './embeddings-client.ts'
import { shownUrl } from './embeddings-request.ts'
import { type EncodedTexts, type EncodeOptions, type Engine, NO_COUNTS } from './engine.ts'
import { normalizeRows } from './pooling.ts'
import { fingerprintFits, fingerprintOf, PROBE_TEXTS } from './probe.ts'
import { countEmpty, textRenderer } from './template.ts'

export interface OpenaiOptions {
  readonly apiKey?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly retry?: RetryPolicy | undefined
}

/**
 * A `/v1/embeddings` server as an engine. The server is probed first and refused when it is not the one planned.
 * @throws SweepError `SB-HTTP-001` to `-005` and `-007`
 */
export async function openOpenaiEngine(load: Load, options: OpenaiOptions): Promise<Engine> {
  const began = performance.now()
  const url = load.open.url
  if (url === null) throw new SweepError('SB-HTTP-001', { url: load.model, message: 'the load names no URL' })
  const endpoint = { url, model: String(load.identity.options.model), apiKey: options.apiKey, timeoutMs: load.open.timeoutMs }
  const client = new EmbeddingsClient(endpoint, options.retry)
  const probes = await probe(client, { batchTexts: load.open.batchTexts, signal: options.signal })
  const wanted = load.identity.fingerprint
  if (wanted !== null && !fingerprintFits(wanted, probes))
    throw new SweepError('SB-HTTP-005', { url: shownUrl(url), found: fingerprintOf(probes), wanted })
  const parts: Parts = { client, dim: probes.dim, batchTexts: load.open.batchTexts, concurrency: load.open.concurrency }
  return {
    engine: 'openai',
    version: '1',
    provider: 'openai',
    dtype: load.identity.dtype,
    device: 'endpoint',
    loadSeconds: (performance.now() - began) / 1000,
    encode: (side, texts, given = {}) => encode(parts, { side, texts, options: given }),
    async close() {},
  }
}

/** Vectors of the probe texts, `[PROBE_TEXTS.length, dim]`. */
export async function probe(
  client: EmbeddingsClient,
  options: { batchTexts: number; signal?: AbortSignal | undefined },
): Promise<Vectors> {
  const rows: Float32Array[] = []
  for (let start = 0; start < PROBE_TEXTS.length; start += options.batchTexts) {
    const texts = PROBE_TEXTS.slice(start, start + options.batchTexts)
    const answer = await client.embed(texts, { dim: rows[0]?.length ?? null, signal: options.signal }).catch((thrown) => {
      if (!(thrown instanceof RejectedInput)) throw thrown
      throw new SweepError('SB-HTTP-003', {
        url: shownUrl(client.endpoint.url),
        status: 'an error to a probe text',
        message: thrown.message,
      })
    })
    rows.push(...answer.rows)
  }
  const dim = rows[0]?.length ?? 0
  const values = new Float32Array(rows.length * dim)
  rows.forEach((row, i) => {
    values.set(row, i * dim)
    if (row.every((member) => member === 0))
      throw new SweepError('SB-HTTP-004', { url: shownUrl(client.endpoint.url), message: 'a vector of zeros for a probe text' })
  })
  return { rowCount: rows.length, dim, values }
}

interface Parts {
  readonly client: EmbeddingsClient
  readonly dim: number
  readonly batchTexts: number
  readonly concurrency: number
}

async function encode(
  parts: Parts,
  call: { side: SideRecipe; texts: readonly string[]; options: EncodeOptions },
): Promise<EncodedTexts> {
  const { side, texts, options } = call
  stopIfAborted(options.signal, 'encoding')
  const places = distinct(texts.map(textRenderer(side)))
  const sent = [...places.keys()]
  const starts = Array.from({ length: Math.ceil(sent.length / parts.batchTexts) }, (_, i) => i * parts.batchTexts)
  const values = new Float32Array(texts.length * parts.dim)
  let tokenCount: number | null = 0
  await inParallel({ items: starts, concurrency: parts.concurrency, signal: options.signal }, async (start, signal) => {
    const batch = sent.slice(start, start + parts.batchTexts)
    const answer = await embedBatch(parts, { batch, signal, firstPlace: (i) => places.get(batch[i] as string)?.[0] as number })
    answer.rows.forEach((row, i) => {
      for (const place of places.get(batch[i] as string) as number[]) values.set(row, place * parts.dim)
    })
    tokenCount = tokenCount === null || answer.tokenCount === null ? null : tokenCount + answer.tokenCount
    options.onProgress?.()
  })
  if (side.normalize) normalizeRows(values, parts.dim)
  const counts = {
    ...NO_COUNTS,
    tokenCount: tokenCount ?? 0,
    paddedTokenCount: tokenCount ?? 0,
    emptyTextCount: countEmpty(texts),
    batchCount: starts.length,
  }
  return { vectors: { rowCount: texts.length, dim: parts.dim, values }, counts }
}

async function embedBatch(
  parts: Parts,
  request: { batch: readonly string[]; signal: AbortSignal; firstPlace: (i: number) => number },
): Promise<EmbeddingsAnswer> {
  try {
    return await parts.client.embed(request.batch, { dim: parts.dim, signal: request.signal })
  } catch (thrown) {
    if (!(thrown instanceof RejectedInput)) throw thrown
    throw new SweepError('SB-MODEL-006', { text: request.firstPlace(thrown.at), message: thrown.message }, { cause: thrown })
  }
}

/** Each distinct text with the places it stands at, in order of first appearance. */
function distinct(texts: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>()
  texts.forEach((text, i) => {
    const known = places.get(text)
    if (known) known.push(i)
    else places.set(text, [i])
  })
  return places
}

/** Runs `work` over items, at most `concurrency` at once; the first failure stops the others and is thrown. */
async function inParallel<T>(
  plan: { items: readonly T[]; concurrency: number; signal: AbortSignal | undefined },
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  const signal = plan.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, plan.signal])
  const failures: unknown[] = []
  let next = 0
  const lane = async () => {
    while (next < plan.items.length && failures.length === 0) {
      const item = plan.items[next] as T
      next += 1
      try {
        await work(item, signal)
      } catch (thrown) {
        failures.push(thrown)
        stop.abort()
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(plan.concurrency, plan.items.length) }, lane))
  if (failures.length > 0) throw failures[0]
}
