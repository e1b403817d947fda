import { SweepError } from '@sweepboard/contracts'
import { Redis, type RedisOptions } from 'ioredis'
import { checkedUrl, redactedUrl } from './redis-url.ts'

const KEEP_ALIVE_MS = 10_000
const RECONNECT_MAX_MS = 2000

/** Reconnects for ever, soon: an outage must end when Redis is back, not a minute later. */
const retryStrategy = (times: number) => Math.min(50 * times, RECONNECT_MAX_MS)

/**
 * A connection for calls that somebody waits for: a command fails at once while Redis is away and after `commandMs` when it
 * does not answer; it is never kept for later.
 */
export function connectForCalls(url: string, commandMs: number): Redis {
  return open(url, {
    retryStrategy,
    keepAlive: KEEP_ALIVE_MS,
    connectTimeout: commandMs,
    commandTimeout: commandMs,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
  })
}

/** A connection for a consumer: its commands wait as long as the outage lasts (BullMQ's condition for a worker). */
export function connectForWorker(url: string): TrackedConnection {
  const connection = open(url, { retryStrategy, keepAlive: KEEP_ALIVE_MS, maxRetriesPerRequest: null })
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
  'retryStrategy' | 'keepAlive' | 'connectTimeout' | 'commandTimeout' | 'maxRetriesPerRequest' | 'enableOfflineQueue'
>

function open(url: string, options: Settings): Redis {
  const checked = checkedUrl(url)
  if (!checked.startsWith('unix:')) return new Redis(checked, options)
  const parsed = new URL(checked)
  const login = parsed.password ? { password: decodeURIComponent(parsed.password) } : {}
  return new Redis({ ...options, ...login, path: decodeURIComponent(parsed.pathname) })
}

/** Whether an error says that Redis is away or not answering (and not that a command was wrong). */
export function isConnectionError(error: unknown): boolean {
  const { message = '', name = '', code = '' } = error as { message?: string; name?: string; code?: string }
  if (name === 'MaxRetriesPerRequestError' || name === 'AggregateError' || name === 'ConnectionClosedError') return true
  return (
    /^E(CONN|PIPE|HOST|NET|TIMEDOUT|NOENT|NOTFOUND|AI_)/.test(code) ||
    /Connection is closed|ECONN|ENOENT|ENOTFOUND|ETIMEDOUT|Stream isn't writeable|Command timed out|LOADING/.test(message)
  )
}

/** The coded form of what Redis or the way to it did: `SB-QUEUE-006` for a refused login, else `SB-QUEUE-001`. */
export function redisError(url: string, error: unknown): SweepError {
  if (error instanceof SweepError) return error
  const { message = String(error), code } = error as { message?: string; code?: string }
  const words = message || code || 'no answer'
  return new SweepError(
    isRefusal(message) ? 'SB-QUEUE-006' : 'SB-QUEUE-001',
    { url: redactedUrl(url), message: words },
    { cause: error },
  )
}

/** Resolves when a connection is ready; rejects, coded, after `ms`, or at once when the login is refused. */
export async function ready(url: string, client: Redis, ms: number): Promise<void> {
  const refused = Promise.withResolvers<never>()
  let last: unknown
  client.on('error', (error) => {
    last = error
    if (isRefusal(error.message)) refused.reject(error)
  })
  try {
    await within(ms, Promise.race([new Promise<void>((resolve) => client.once('ready', resolve)), refused.promise]))
  } catch (error) {
    client.disconnect()
    throw redisError(url, last ?? error)
  }
}

function isRefusal(message: string): boolean {
  return /NOAUTH|WRONGPASS|NOPERM/.test(message)
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
