import { SweepError } from '@sweepboard/contracts'
import { type Endpoint, redact, shownUrl } from './endpoint.ts'
import { readRateHeaders } from './rate-headers.ts'

/** `busy` is tried again, `rejected` is looked for in the items, `too-large` is split and remembered, `fatal` ends the run. */
export type Outcome = 'busy' | 'rejected' | 'too-large' | 'fatal'

interface About {
  readonly status?: number
  readonly words?: string
  readonly retryAfterMs?: number | null
}

/** How a request failed. */
export class RequestFailure extends Error {
  readonly outcome: Outcome
  readonly error: SweepError
  /** null: there was no answer. */
  readonly status: number | null
  /** The server's words, cut and without the key. */
  readonly words: string
  readonly retryAfterMs: number | null

  constructor(outcome: Outcome, error: SweepError, about: About = {}) {
    super(error.message)
    this.outcome = outcome
    this.error = error
    this.status = about.status ?? null
    this.words = about.words ?? ''
    this.retryAfterMs = about.retryAfterMs ?? null
  }
}

/** What an answer other than 2xx means; `body` is its beginning. */
export function failureOf(endpoint: Endpoint, answer: { status: number; headers: Headers; body: string }): RequestFailure {
  const { status, headers, body } = answer
  const url = shownUrl(endpoint.url)
  const words = errorWords(body, endpoint)
  const outcome = outcomeOf(status, words)
  if (outcome === 'busy') {
    const error = new SweepError('SB-HTTP-002', { url, status })
    return new RequestFailure('busy', error, { status, words, retryAfterMs: askedWait(headers) })
  }
  const message = status >= 300 && status < 400 ? 'it redirects: name the final URL' : words
  return new RequestFailure(outcome, new SweepError('SB-HTTP-003', { url, status, message }), { status, words })
}

/** Whether a server's words say that a device's memory was not enough for what it was sent. */
export function isOutOfMemory(words: string): boolean {
  return /out of memory|OutOfMemoryError|failed to allocate/i.test(words)
}

/** Largest batch a refusal names (TEI: "batch size 33 > maximum allowed batch size 32"); null when it names none. */
export function namedBatchLimit(words: string): number | null {
  const found = /max(?:imum)?(?: allowed)?(?: client)? batch size[^0-9]{0,12}(\d+)/i.exec(words)
  return found ? Math.max(1, Number(found[1])) : null
}

function outcomeOf(status: number, words: string): Outcome {
  if (status === 413 || (status === 422 && /batch size/i.test(words))) return 'too-large'
  if (status === 400 || status === 422 || status === 424) return 'rejected'
  // llama.cpp: the input does not fit its physical batch, and asking again never helps.
  if (status === 500 && /physical batch|too large to process/i.test(words)) return 'rejected'
  if (status === 500 && isOutOfMemory(words)) return 'too-large'
  if (status === 501) return 'fatal'
  return status === 408 || status === 425 || status === 429 || status >= 500 ? 'busy' : 'fatal'
}

/** Milliseconds until the server wants to be asked again: `Retry-After`, else the end of a count that is used up; null without either. */
function askedWait(headers: Headers): number | null {
  const { retryAfterMs, requests, tokens } = readRateHeaders(headers)
  if (retryAfterMs !== null) return retryAfterMs
  const spent = [requests, tokens].filter((one) => one !== null && one.remaining <= 0).map((one) => one?.resetMs ?? 0)
  return spent.length === 0 ? null : Math.max(...spent)
}

/** The first 300 characters of what a server says; the key is taken out before, or a part of it could stand at the cut. */
function errorWords(body: string, endpoint: Endpoint): string {
  const short = (words: string) => redact(words, endpoint).slice(0, 300)
  try {
    const parsed = JSON.parse(body) as { error?: { message?: unknown } | string; message?: unknown; detail?: unknown }
    const found = (typeof parsed.error === 'object' ? parsed.error?.message : parsed.error) ?? parsed.message ?? parsed.detail
    return short(typeof found === 'string' ? found : JSON.stringify(found ?? parsed))
  } catch {
    return short(body)
  }
}
