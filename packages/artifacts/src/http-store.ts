import { setTimeout as sleep } from 'node:timers/promises'
import { type ArtifactStore, type Digest, isDigest, SweepError, sha256 } from '@sweepboard/contracts'

export interface HttpStoreOptions {
  /** The service: `http://host:4400`. */
  readonly url: string
  /** Read token for `has` and `get`, write token for `put`; null where the service has none. */
  readonly token: string | null
  /** Longest wait for one answer with all its bytes; default 60 s. */
  readonly timeoutMs?: number
  /** Waits before a call is tried again after a failed connection or a 502, 503 or 504. */
  readonly retryMs?: readonly number[]
}

const TIMEOUT_MS = 60_000
const RETRY_MS = [100, 500, 2000]
/** From this size on a look (HEAD) is cheaper than sending bytes that are there already. */
const LOOK_FIRST_BYTES = 1 << 20
const GATEWAY_STATUSES = new Set([502, 503, 504])

/**
 * The store of a service: HEAD, GET and PUT `<url>/api/v1/artifacts/<digest>`. Bytes are checked against their digest on the
 * way out and on the way in. Calls are idempotent and repeated a few times when the connection fails.
 * Errors: `SB-ART-001` absent, `SB-ART-002` damaged, `SB-ART-003` above the service's limit, `SB-ART-004` its disk is full,
 * `SB-SERVE-002` wrong token, `SB-SERVE-004` not reachable or out of order, `SB-SERVE-005` any other refusal.
 */
export function openHttpStore(options: HttpStoreOptions): ArtifactStore {
  const base = options.url.replace(/\/+$/, '')
  const call = (method: string, digest: Digest, body?: Uint8Array) =>
    callWithRetry({ ...options, url: base }, { method, digest, body })
  const has = async (digest: Digest): Promise<boolean> => {
    if (!isDigest(digest)) return false
    const answer = await call('HEAD', digest)
    if (answer.status === 404) return false
    return accepted(base, digest, answer).ok
  }
  return {
    has,
    get: async (digest) => {
      if (!isDigest(digest)) throw new SweepError('SB-ART-001', { digest: digest.slice(0, 80) })
      const { bytes } = accepted(base, digest, await call('GET', digest))
      const found = sha256(bytes)
      if (found !== digest) throw new SweepError('SB-ART-002', { digest, found })
      return bytes
    },
    put: async (bytes) => {
      const digest = sha256(bytes)
      if (bytes.byteLength >= LOOK_FIRST_BYTES && (await has(digest))) return digest
      accepted(base, digest, await call('PUT', digest, bytes))
      return digest
    },
  }
}

interface Call {
  readonly method: string
  readonly digest: Digest
  readonly body: Uint8Array | undefined
}

interface Answer {
  readonly status: number
  readonly ok: boolean
  readonly bytes: Uint8Array<ArrayBuffer>
}

async function callWithRetry(options: HttpStoreOptions, call: Call): Promise<Answer> {
  const waits = options.retryMs ?? RETRY_MS
  for (let tries = 0; ; tries += 1) {
    const last = tries >= waits.length
    try {
      const answer = await callOnce(options, call)
      if (!GATEWAY_STATUSES.has(answer.status) || codeOf(answer) === 'SB-ART-004' || last) return answer
    } catch (error) {
      if (last) throw unreachable(options, error)
    }
    await sleep(waits[tries])
  }
}

async function callOnce({ url, token, timeoutMs = TIMEOUT_MS }: HttpStoreOptions, call: Call): Promise<Answer> {
  const answer = await fetch(`${url}/api/v1/artifacts/${call.digest}`, {
    method: call.method,
    redirect: 'error', // a redirect would carry the token elsewhere
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(call.body ? { 'content-type': 'application/octet-stream' } : {}),
    },
    ...(call.body ? { body: new Uint8Array(call.body) } : {}),
  })
  return { status: answer.status, ok: answer.ok, bytes: new Uint8Array(await answer.arrayBuffer()) }
}

/** The answer if it is a good one, else its coded error. */
function accepted(url: string, digest: Digest, answer: Answer): Answer {
  if (answer.ok) return answer
  const said = saidBy(answer)
  if (answer.status === 401 || answer.status === 403) throw new SweepError('SB-SERVE-002', { token: 'right' })
  if (answer.status === 404) throw new SweepError('SB-ART-001', { digest })
  if (said.code === 'SB-ART-002') throw new SweepError('SB-ART-002', { digest, found: 'the service says so' })
  if (said.code === 'SB-ART-003' || answer.status === 413) {
    throw new SweepError('SB-ART-003', { sizeBytes: 'more', limitBytes: "the service's limit" })
  }
  if (said.code === 'SB-ART-004') throw new SweepError('SB-ART-004', { folder: url })
  const message = `${answer.status} ${said.message}`.trim()
  throw new SweepError(answer.status >= 500 ? 'SB-SERVE-004' : 'SB-SERVE-005', { url, message })
}

function codeOf(answer: Answer): string {
  return saidBy(answer).code
}

/** Code and words of an error answer; empty where it is not one of ours (a proxy's page). */
function saidBy(answer: Answer): { code: string; message: string } {
  try {
    const { code, message } = JSON.parse(new TextDecoder().decode(answer.bytes)) as Record<string, unknown>
    return { code: String(code ?? ''), message: String(message ?? '').slice(0, 300) }
  } catch {
    return { code: '', message: '' }
  }
}

/** fetch says "fetch failed" and hides why in the cause. */
function unreachable({ url, timeoutMs = TIMEOUT_MS }: HttpStoreOptions, error: unknown): SweepError {
  const {
    name = '',
    message = '',
    cause,
  } = error as { name?: string; message?: string; cause?: { message?: string; code?: string } }
  const why = name === 'TimeoutError' ? `no answer within ${timeoutMs} ms` : cause?.message || cause?.code || message
  return new SweepError('SB-SERVE-004', { url, message: why }, { cause: error })
}
