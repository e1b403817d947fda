import { setTimeout as sleep } from 'node:timers/promises'
import { type Digest, isDigest, SweepError, sha256 } from '@sweepboard/contracts'
import type { StreamStore } from './folder-store.ts'
import { type Answer, accepted, codeOf, type HttpStoreOptions, openCall, send, unreachable } from './http-call.ts'

export type { HttpStoreOptions } from './http-call.ts'

const RETRY_MS = [100, 500, 2000]
/** From this size on a look (HEAD) is cheaper than sending bytes that are there already. */
const LOOK_FIRST_BYTES = 1 << 20
const GATEWAY_STATUSES = new Set([502, 503, 504])

/**
 * The store of a service: HEAD, GET and PUT `<url>/api/v1/artifacts/<digest>`. `get` and `put` check bytes against their digest. Calls are
 * idempotent and repeated a few times when the connection fails; a download that broke off goes on where it was.
 * Errors: `SB-ART-001` absent, `SB-ART-002` damaged, `SB-ART-003` above the service's limit, `SB-ART-004` its disk is full, `SB-ART-006` its
 * folder cannot be written, `SB-SERVE-002` wrong token, `SB-SERVE-004` not reachable or out of order, `SB-SERVE-005` any other refusal.
 */
export function openHttpStore(given: HttpStoreOptions): StreamStore {
  const options = { ...given, url: given.url.replace(/\/+$/, '') }
  const look = async (digest: Digest, bytes = 0): Promise<boolean> => {
    const answer = await sendWithRetry(options, { method: 'HEAD', digest })
    if (answer.status !== 404) return accepted(options.url, digest, answer).ok
    const { limitBytes } = answer
    // Known before a byte is sent: a service that cuts an upload short may not be heard saying why.
    if (limitBytes !== null && bytes > limitBytes) throw new SweepError('SB-ART-003', { sizeBytes: bytes, limitBytes })
    return false
  }
  const stream = (digest: Digest) => download(options, asDigest(digest))
  return {
    stream,
    has: async (digest) => isDigest(digest) && (await look(digest)),
    get: async (digest) => {
      const first = { isPieced: false }
      const bytes = await join(download(options, asDigest(digest), first))
      const found = sha256(bytes)
      if (found === digest) return bytes
      // Pieces of two answers may belong to two files, where a proxy stands in between: once more in one piece.
      if (first.isPieced) {
        const again = await join(stream(digest))
        if (sha256(again) === digest) return again
      }
      throw new SweepError('SB-ART-002', { digest, found })
    },
    put: async (bytes) => {
      const digest = sha256(bytes)
      if (bytes.byteLength >= LOOK_FIRST_BYTES && (await look(digest, bytes.byteLength))) return digest
      accepted(options.url, digest, await sendWithRetry(options, { method: 'PUT', digest, body: bytes }))
      return digest
    },
  }
}

function asDigest(text: string): Digest {
  if (!isDigest(text)) throw new SweepError('SB-ART-001', { digest: text.slice(0, 80) })
  return text
}

async function join(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  for await (const part of pieces) parts.push(part)
  // Memory of its own: numbers are read from it in place, and a share of Node's pool may begin anywhere.
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.byteLength
  }
  return bytes
}

interface Call {
  readonly method: 'HEAD' | 'PUT'
  readonly digest: Digest
  readonly body?: Uint8Array
}

/** The answer of a call, tried again after a failed connection and a gateway that is starting. */
async function sendWithRetry(options: HttpStoreOptions, call: Call): Promise<Answer> {
  const waits = options.retryMs ?? RETRY_MS
  for (let tries = 0; ; tries += 1) {
    const last = tries >= waits.length
    try {
      const answer = await send(options, call)
      if (last || !mayPass(answer)) return answer
    } catch (error) {
      if (last) throw unreachable(options, error)
    }
    await sleep(waits[tries])
  }
}

/** A gateway on its way up, or an upload that broke off; what our own service says of its disk stays true for a while. */
function mayPass(answer: Answer): boolean {
  return GATEWAY_STATUSES.has(answer.status) && !['SB-ART-004', 'SB-ART-006'].includes(codeOf(answer))
}

/** The bytes in pieces. Tries that brought something are not counted: a big file may take many connections. */
async function* download(options: HttpStoreOptions, digest: Digest, seen = { isPieced: false }): AsyncGenerator<Uint8Array> {
  const waits = options.retryMs ?? RETRY_MS
  let received = 0
  for (let tries = 0; ; tries += 1) {
    const before = received
    if (received > 0) seen.isPieced = true
    try {
      const { answer, parts } = await openCall(options, digest, received)
      if (tries < waits.length && mayPass(answer)) throw new Error(`it answered ${answer.status}`)
      accepted(options.url, digest, answer)
      // Who does not know ranges sends all of it again.
      let skip = answer.status === 206 ? 0 : received
      for await (const part of parts) {
        const fresh = part.subarray(Math.min(skip, part.byteLength))
        skip -= part.byteLength - fresh.byteLength
        if (fresh.byteLength === 0) continue
        received += fresh.byteLength
        yield fresh
      }
      return
    } catch (error) {
      if (error instanceof SweepError) throw error
      if (received > before) tries = -1
      if (tries >= waits.length) throw unreachable(options, error)
    }
    await sleep(waits[Math.max(tries, 0)] ?? 0)
  }
}
