import { SweepError } from '@sweepboard/contracts'
import { Redis, type RedisOptions } from 'ioredis'
import { type RedisLink, readLogin, tlsOptions } from './redis-link.ts'
import { checkedUrl, redactedUrl } from './redis-url.ts'

const KEEP_ALIVE_MS = 10_000
const RECONNECT_MAX_MS = 2000
/** A consumer's command that hears nothing for so long has lost its connection: blocking reads are answered within 10 s. */
export const SILENCE_MS = 15_000

/** Reconnects for ever, soon: an outage must end when Redis is back, not a minute later. */
const retryStrategy = (times: number) => Math.min(50 * times, RECONNECT_MAX_MS)

/**
 * A connection for calls that somebody waits for: a command fails at once while Redis is away and after `commandMs` when it
 * does not answer; it is never kept for later.
 */
export function connectForCalls(link: RedisLink, commandMs: number): Redis {
  return open(link, {
    retryStrategy,
    keepAlive: KEEP_ALIVE_MS,
    connectTimeout: commandMs,
    commandTimeout: commandMs,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
  })
}

/**
 * A connection for a consumer: its commands wait as long as the outage lasts (BullMQ's condition for a worker), on a new
 * connection where the present one has been silent for `silenceMs` with a command under way.
 */
export function connectForWorker(link: RedisLink, silenceMs: number = SILENCE_MS): TrackedConnection {
  const connection = open(link, {
    retryStrategy,
    keepAlive: KEEP_ALIVE_MS,
    connectTimeout: Math.min(silenceMs, 10_000),
    socketTimeout: silenceMs,
    maxRetriesPerRequest: null,
  })
  // BullMQ duplicates it for its blocking reads and closes the copy only in good weather: keep hold of the copies.
  const copies: Pick<Redis, 'on' | 'disconnect'>[] = []
  const duplicate = connection.duplicate.bind(connection)
  connection.duplicate = ((options?: Partial<RedisOptions>) => {
    const copy = duplicate(options)
    copies.push(copy)
    return copy
  }) as Redis['duplicate']
  return {
    connection,
    destroy: () => {
      for (const each of [connection, ...copies]) {
        each.on('error', () => {}) // nobody listens any more
        each.disconnect()
      }
    },
  }
}

export interface TrackedConnection {
  readonly connection: Redis
  /** Drops the connection and every copy made of it, in any state. */
  destroy(): void
}

type Settings = Pick<
  RedisOptions,
  | 'retryStrategy'
  | 'keepAlive'
  | 'connectTimeout'
  | 'commandTimeout'
  | 'socketTimeout'
  | 'maxRetriesPerRequest'
  | 'enableOfflineQueue'
>

function open(link: RedisLink, options: Settings): Redis {
  const url = new URL(checkedUrl(link.url))
  // CLIENT SETINFO is newer than the oldest Redis we take, and an ACL line that names it stops an older server.
  const all = { ...options, ...readLogin(link.url), disableClientInfo: true }
  if (url.protocol === 'unix:') return new Redis({ ...all, path: decodeURIComponent(url.pathname) })
  const tls = tlsOptions(link)
  const db = /^\/(\d+)$/.exec(url.pathname)?.[1]
  return new Redis({
    ...all,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    ...(db === undefined ? {} : { db: Number(db) }),
    ...(tls === undefined ? {} : { tls }),
  })
}

/** Whether an error says that Redis is away or not answering (and not that a command was wrong). */
export function isConnectionError(error: unknown): boolean {
  const { message = '', name = '', code = '' } = error as { message?: string; name?: string; code?: string }
  if (name === 'MaxRetriesPerRequestError' || name === 'AggregateError' || name === 'ConnectionClosedError') return true
  return (
    /^E(CONN|PIPE|HOST|NET|TIMEDOUT|NOENT|NOTFOUND|AI_)/.test(code) ||
    /Connection is closed|ECONN|ENOENT|ENOTFOUND|ETIMEDOUT|Stream isn't writeable|Command timed out|Socket timeout|LOADING/.test(
      message,
    )
  )
}

/** The first word of an error by which a Redis that is there refuses: full, a replica, unable to write its files, another password; else null. */
export function refusalOf(error: unknown): string | null {
  const { message = '' } = error as { message?: string }
  return /\b(OOM|READONLY|MISCONF|NOREPLICAS|NOPERM|NOAUTH|WRONGPASS)\b/.exec(message)?.[1] ?? null
}

/**
 * The coded form of what Redis or the way to it did: `SB-QUEUE-006` for a refused login, `-008` for a login that may not do this,
 * `-007` where TLS failed, `-010` where it takes no writes, else `SB-QUEUE-001`. The cause holds words only: ioredis hangs the command onto its errors, and that of a
 * refused login holds the password.
 */
export function redisError(url: string, error: unknown): SweepError {
  if (error instanceof SweepError) return error
  const { message = String(error), code } = error as { message?: string; code?: string }
  const words = message || code || 'no answer'
  const cause = Object.assign(new Error(words), code === undefined ? {} : { code })
  return new SweepError(codeOf(message, code ?? ''), { url: redactedUrl(url), message: words }, { cause })
}

/** The same of an error that may be about anything: what is not of Redis or the way to it stays as it is. */
export function codedIfRedis(url: string, error: Error): Error {
  return isConnectionError(error) || refusalOf(error) !== null ? redisError(url, error) : error
}

function codeOf(message: string, code: string): `SB-QUEUE-0${'01' | '06' | '07' | '08' | '10'}` {
  if (/NOPERM/.test(message)) return 'SB-QUEUE-008'
  if (isRefusal(message)) return 'SB-QUEUE-006'
  if (refusalOf({ message }) !== null) return 'SB-QUEUE-010'
  return isTlsFailure(message, code) ? 'SB-QUEUE-007' : 'SB-QUEUE-001'
}

/** Resolves when a connection is ready; rejects, coded, after `ms`, or at once when the login is refused. */
export async function ready(url: string, client: Redis, ms: number): Promise<void> {
  const refused = Promise.withResolvers<never>()
  let last: unknown
  client.on('error', (error) => {
    last = error
    if (codeOf(error.message, (error as NodeJS.ErrnoException).code ?? '') !== 'SB-QUEUE-001') refused.reject(error)
  })
  try {
    await within(ms, Promise.race([new Promise<void>((resolve) => client.once('ready', resolve)), refused.promise]))
  } catch (error) {
    client.disconnect()
    throw redisError(url, last ?? error)
  }
}

function isRefusal(message: string): boolean {
  return /NOAUTH|WRONGPASS/.test(message)
}

/** Trying again cannot mend a certificate, a name, or a server that speaks no TLS. */
function isTlsFailure(message: string, code: string): boolean {
  return (
    /^(ERR_(TLS|SSL)|EPROTO|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(code) ||
    /SSL routines|certificate|alert (unknown ca|bad certificate|handshake failure)/i.test(message)
  )
}

/** The result, or a rejection after `ms`. What comes too late is dropped without an unhandled rejection. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${ms} ms`)), ms)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
