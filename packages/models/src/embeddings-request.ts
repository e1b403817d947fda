import { SweepError } from '@sweepboard/contracts'
import { type EmbeddingsAnswer, readEmbeddings, WrongAnswer } from './embeddings-answer.ts'

/** A server's address as one engine uses it. */
export interface Endpoint {
  /** Base URL, with /v1 where the server has one. */
  readonly url: string
  readonly model: string
  readonly apiKey: string | undefined
  readonly timeoutMs: number
}

/** How a request failed: `busy` is tried again, `rejected` is looked for in the input, `fatal` ends the run. */
export class RequestFailure extends Error {
  readonly outcome: 'busy' | 'rejected' | 'fatal'
  readonly error: SweepError
  readonly status: number | null
  /** The server's words, cut and without the key. */
  readonly words: string
  readonly retryAfterMs: number | null

  constructor(
    outcome: RequestFailure['outcome'],
    error: SweepError,
    about: { status?: number; words?: string; retryAfterMs?: number | null } = {},
  ) {
    super(error.message)
    this.outcome = outcome
    this.error = error
    this.status = about.status ?? null
    this.words = about.words ?? ''
    this.retryAfterMs = about.retryAfterMs ?? null
  }
}

/** Room a text's vector may take in an answer (16,384 numbers of 32 characters) and the answer's frame. */
const ANSWER_BYTES_PER_TEXT = 512 * 1024
const ANSWER_FRAME_BYTES = 1024 * 1024
const ERROR_BODY_BYTES = 64 * 1024

/**
 * One `POST /v1/embeddings`, no retry. Never sends `dimensions`, never follows a redirect.
 * @param dim dimension every vector must have; null while it is unknown
 * @throws RequestFailure, SweepError `SB-CORE-004` when aborted
 */
export async function postEmbeddings(
  endpoint: Endpoint,
  texts: readonly string[],
  options: { dim: number | null; signal?: AbortSignal | undefined },
): Promise<EmbeddingsAnswer> {
  const deadline = AbortSignal.timeout(endpoint.timeoutMs)
  const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal])
  const url = shownUrl(endpoint.url)
  try {
    const response = await fetch(`${endpoint.url.replace(/\/+$/, '')}/embeddings`, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        ...(endpoint.apiKey === undefined ? {} : { authorization: `Bearer ${endpoint.apiKey}` }),
      },
      body: JSON.stringify({ model: endpoint.model, input: texts, encoding_format: 'float' }),
      signal,
    })
    if (!response.ok) throw await failureOf(endpoint, response)
    const body = await readBody(response, ANSWER_FRAME_BYTES + texts.length * ANSWER_BYTES_PER_TEXT)
    return readEmbeddings(body, { count: texts.length, dim: options.dim })
  } catch (thrown) {
    if (thrown instanceof RequestFailure) throw thrown
    if (thrown instanceof WrongAnswer)
      throw new RequestFailure('fatal', new SweepError('SB-HTTP-004', { url, message: redact(thrown.message, endpoint) }))
    if (options.signal?.aborted) throw new SweepError('SB-CORE-004', { what: 'encoding' })
    if (deadline.aborted) throw new RequestFailure('busy', new SweepError('SB-HTTP-007', { url, timeoutMs: endpoint.timeoutMs }))
    // No cause: it could carry request headers, and with them the key.
    throw new RequestFailure('busy', new SweepError('SB-HTTP-001', { url, message: redact(networkWords(thrown), endpoint) }))
  }
}

/** A URL for people: no user, no query, no fragment. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname.replace(/\/+$/, '')
}

async function failureOf(endpoint: Endpoint, response: Response): Promise<RequestFailure> {
  const { status } = response
  const url = shownUrl(endpoint.url)
  const words = redact(errorWords(await readBody(response, ERROR_BODY_BYTES).catch(() => '')), endpoint)
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return new RequestFailure('busy', new SweepError('SB-HTTP-002', { url, status }), {
      status,
      words,
      retryAfterMs: retryAfter(response.headers),
    })
  }
  const message = status >= 300 && status < 400 ? 'it redirects: name the final URL' : words
  const isInput = status === 400 || status === 413 || status === 422 || status === 424
  return new RequestFailure(isInput ? 'rejected' : 'fatal', new SweepError('SB-HTTP-003', { url, status, message }), {
    status,
    words,
  })
}

/** Milliseconds of a Retry-After header (seconds or a date); null without one. */
function retryAfter(headers: Headers): number | null {
  const value = headers.get('retry-after')
  if (value === null) return null
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(value)
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now())
}

async function readBody(response: Response, limitBytes: number): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  if (response.body === null) return ''
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    size += part.length
    if (size > limitBytes) throw new WrongAnswer(`more than ${limitBytes} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function errorWords(body: string): string {
  try {
    const parsed = JSON.parse(body) as { error?: { message?: unknown } | string; message?: unknown; detail?: unknown }
    const found = (typeof parsed.error === 'object' ? parsed.error?.message : parsed.error) ?? parsed.message ?? parsed.detail
    return (typeof found === 'string' ? found : JSON.stringify(found ?? parsed)).slice(0, 300)
  } catch {
    return body.slice(0, 300)
  }
}

function networkWords(thrown: unknown): string {
  const error = thrown as { message?: string; cause?: { code?: string; message?: string } }
  return error.cause?.code ?? error.cause?.message ?? error.message ?? String(thrown)
}

function redact(words: string, endpoint: Endpoint): string {
  return endpoint.apiKey ? words.replaceAll(endpoint.apiKey, '***') : words
}
