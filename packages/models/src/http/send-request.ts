import { SweepError } from '@sweepboard/contracts'
import { type Endpoint, redact, shownUrl } from './endpoint.ts'
import { WrongAnswer } from './exchange.ts'
import { failureOf, RequestFailure } from './request-failure.ts'

const ERROR_BODY_BYTES = 64 * 1024
/** What an error shows of a wrong answer: a member of it may be as long as the answer. */
const MESSAGE_CHARACTERS = 500

export interface SendOptions {
  /** Whole URL; of the endpoint's own server. */
  readonly url: string
  /** JSON text of a POST; a GET without one. */
  readonly body?: string | undefined
  /** Largest answer that is read. */
  readonly answerBytes: number
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * One request, no retry, on a connection that is kept for the next one (Node's own agent). Never follows a redirect.
 * @returns the text of a 2xx answer that says it is JSON
 * @throws RequestFailure; SweepError `SB-CORE-004` when aborted
 */
export async function sendRequest(endpoint: Endpoint, options: SendOptions): Promise<{ body: string; headers: Headers }> {
  const timeoutMs = options.timeoutMs ?? endpoint.timeoutMs
  const deadline = AbortSignal.timeout(timeoutMs)
  const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal])
  const url = shownUrl(endpoint.url)
  try {
    const response = await fetch(options.url, {
      method: options.body === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: {
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(endpoint.apiKey === undefined ? {} : { authorization: `Bearer ${endpoint.apiKey}` }),
      },
      ...(options.body === undefined ? {} : { body: options.body }),
      signal,
    })
    const { status, headers } = response
    if (!response.ok) {
      const body = await readBody(response, ERROR_BODY_BYTES).catch(() => '')
      throw failureOf(endpoint, { status, headers, body })
    }
    const type = headers.get('content-type')
    if (type !== null && !/\bjson\b/i.test(type)) {
      await response.body?.cancel()
      throw new WrongAnswer(`content type ${redact(type, endpoint).slice(0, 80)}, not JSON`)
    }
    return { body: await readBody(response, options.answerBytes), headers }
  } catch (thrown) {
    if (thrown instanceof RequestFailure) throw thrown
    if (thrown instanceof WrongAnswer) throw wrongAnswer(endpoint, thrown)
    if (options.signal?.aborted) throw new SweepError('SB-CORE-004', { what: 'encoding' })
    if (deadline.aborted) throw new RequestFailure('busy', new SweepError('SB-HTTP-007', { url, timeoutMs }))
    // No cause: it could carry request headers, and with them the key.
    throw new RequestFailure('busy', new SweepError('SB-HTTP-001', { url, message: redact(networkWords(thrown), endpoint) }))
  }
}

/** A server that does not keep its contract ends the run: nothing of the answer is used. */
export function wrongAnswer(endpoint: Endpoint, { message }: WrongAnswer): RequestFailure {
  const details = { url: shownUrl(endpoint.url), message: redact(message, endpoint).slice(0, MESSAGE_CHARACTERS) }
  return new RequestFailure('fatal', new SweepError('SB-HTTP-004', details))
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

function networkWords(thrown: unknown): string {
  const error = thrown as { message?: string; cause?: { code?: string; message?: string } }
  return error.cause?.code ?? error.cause?.message ?? error.message ?? String(thrown)
}
