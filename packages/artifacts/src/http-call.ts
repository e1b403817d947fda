import { type Digest, SweepError } from '@sweepboard/contracts'

export interface HttpStoreOptions {
  /** The service: `http://host:4400`. */
  readonly url: string
  /** Read token for `has` and `get`, write token for `put`; null where the service has none. */
  readonly token: string | null
  /** Longest wait for an answer to begin, and for it to go on; an upload has a second more for each megabyte. Default 60 s. */
  readonly timeoutMs?: number
  /** Waits before a call is tried again after a failed connection or a 502, 503 or 504. */
  readonly retryMs?: readonly number[]
}

/** An answer without its bytes, or, where it is an error, with them. */
export interface Answer {
  readonly status: number
  readonly ok: boolean
  readonly error: Uint8Array
  /** Largest artifact the service takes, where it says so. */
  readonly limitBytes: number | null
}

const TIMEOUT_MS = 60_000
const UPLOAD_BYTES_PER_MS = 1000
/** As the service says it, see its artifact routes. */
const LIMIT_HEADER = 'x-sweepboard-max-artifact'
/** More of an error's words is not read. */
const ERROR_BYTES = 65_536

/** One HEAD or PUT with its whole answer. */
export async function send(
  options: HttpStoreOptions,
  call: { readonly method: 'HEAD' | 'PUT'; readonly digest: Digest; readonly body?: Uint8Array },
): Promise<Answer> {
  const timeoutMs = (options.timeoutMs ?? TIMEOUT_MS) + Math.ceil((call.body?.byteLength ?? 0) / UPLOAD_BYTES_PER_MS)
  const response = await fetch(urlOf(options, call.digest), {
    method: call.method,
    redirect: 'error', // a redirect would carry the token elsewhere
    signal: AbortSignal.timeout(timeoutMs),
    headers: { ...authorization(options), ...(call.body ? { 'content-type': 'application/octet-stream' } : {}) },
    ...(call.body ? { body: call.body as Uint8Array<ArrayBuffer> } : {}),
  })
  return answerOf(response, new Uint8Array(await response.arrayBuffer()))
}

/** A GET from byte `from` on: the answer, and its bytes in pieces where it is a good one. */
export async function openCall(
  options: HttpStoreOptions,
  digest: Digest,
  from: number,
): Promise<{ answer: Answer; parts: AsyncIterable<Uint8Array> }> {
  const patience = new Patience(options.timeoutMs ?? TIMEOUT_MS)
  try {
    const response = await fetch(urlOf(options, digest), {
      redirect: 'error',
      signal: patience.signal,
      headers: { ...authorization(options), ...(from === 0 ? {} : { range: `bytes=${from}-` }) },
    })
    if (response.ok) return { answer: answerOf(response, new Uint8Array()), parts: patience.watch(response.body ?? []) }
    const error = new Uint8Array(await response.arrayBuffer())
    patience.end()
    // All bytes are here already: the answer broke off behind the last one.
    if (response.status === 416 && from > 0)
      return { answer: { ...answerOf(response, error), status: 206, ok: true }, parts: none() }
    return { answer: answerOf(response, error), parts: none() }
  } catch (error) {
    patience.end()
    throw error
  }
}

async function* none(): AsyncGenerator<Uint8Array> {
  // nothing
}

/** Aborts a call that says nothing for so long. */
class Patience {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout

  constructor(ms: number) {
    this.#timer = setTimeout(() => this.#controller.abort(new DOMException('timed out', 'TimeoutError')), ms)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  async *watch(parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const part of parts) {
        this.#timer.refresh()
        yield part
      }
    } finally {
      this.end()
    }
  }
}

function urlOf({ url }: HttpStoreOptions, digest: Digest): string {
  return `${url}/api/v1/artifacts/${digest}`
}

function authorization({ token }: HttpStoreOptions): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` }
}

function answerOf(response: Response, bytes: Uint8Array): Answer {
  const limit = Number(response.headers.get(LIMIT_HEADER) ?? Number.NaN)
  const { status, ok } = response
  return { status, ok, error: bytes.subarray(0, ERROR_BYTES), limitBytes: Number.isNaN(limit) ? null : limit }
}

/** The answer if it is a good one, else its coded error. */
export function accepted(url: string, digest: Digest, answer: Answer): Answer {
  if (answer.ok) return answer
  const said = saidBy(answer)
  if (answer.status === 401 || answer.status === 403) throw new SweepError('SB-SERVE-002', { token: 'right' })
  if (answer.status === 404) throw new SweepError('SB-ART-001', { digest })
  if (said.code === 'SB-ART-002') throw new SweepError('SB-ART-002', { digest, found: 'the service says so' })
  if (said.code === 'SB-ART-003' || answer.status === 413) {
    throw new SweepError('SB-ART-003', { sizeBytes: 'more', limitBytes: answer.limitBytes ?? "the service's limit" })
  }
  if (said.code === 'SB-ART-004') throw new SweepError('SB-ART-004', { folder: url })
  if (said.code === 'SB-ART-006') throw new SweepError('SB-ART-006', { folder: url, message: said.message })
  const message = `${answer.status} ${said.message}`.trim()
  throw new SweepError(answer.status >= 500 ? 'SB-SERVE-004' : 'SB-SERVE-005', { url, message })
}

export function codeOf(answer: Answer): string {
  return saidBy(answer).code
}

/** Code and words of an error answer; empty where it is not one of ours (a proxy's page). */
function saidBy(answer: Answer): { code: string; message: string } {
  try {
    const { code, message } = JSON.parse(new TextDecoder().decode(answer.error)) as Record<string, unknown>
    return { code: String(code ?? ''), message: String(message ?? '').slice(0, 300) }
  } catch {
    return { code: '', message: '' }
  }
}

/** fetch says "fetch failed" and hides why in the cause. */
export function unreachable({ url, timeoutMs = TIMEOUT_MS }: HttpStoreOptions, error: unknown): SweepError {
  const {
    name = '',
    message = '',
    cause,
  } = error as { name?: string; message?: string; cause?: { message?: string; code?: string } }
  const why = name === 'TimeoutError' ? `no answer within ${timeoutMs} ms` : cause?.message || cause?.code || message
  return new SweepError('SB-SERVE-004', { url, message: why }, { cause: error })
}
