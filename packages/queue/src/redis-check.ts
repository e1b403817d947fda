import { ERRORS, type ErrorCode, type ErrorDetails, type ErrorEntry } from '@sweepboard/contracts'
import type { Redis } from 'ioredis'
import { connectForCalls, isConnectionError, ready, redisError } from './redis-connection.ts'
import type { RedisTls } from './redis-link.ts'
import { redactedUrl } from './redis-url.ts'

const WRITE_AND_REMOVE = "redis.call('set', KEYS[1], '1') return redis.call('del', KEYS[1])"

/** One thing about a Redis that is not as it should be. A warning works, with a drawback the message names. */
export interface RedisFinding {
  readonly code: ErrorCode
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly fix: string
}

/**
 * Looks at a Redis before work is entrusted to it; an empty list means all is well. Never prints the password.
 * `SB-QUEUE-001` not reachable within `deadlineMs`, `-002` older than 6.2, `-003` evicts keys, `-004` not a Redis URL,
 * `-005` no append-only file (a warning: the ledger refills an emptied Redis), `-006` login refused, `-007` TLS failed, `-008` the login
 * may not even look, `-009` more than nine tenths of its memory limit are used, `-010` it has no such database or is a replica. With
 * `prefix` a key of that beginning is written and removed by a script, as tickets are: `-008` or `-010` where it cannot be.
 */
export async function checkRedis(
  url: string,
  options: { deadlineMs?: number; tls?: RedisTls | undefined; prefix?: string | undefined } = {},
): Promise<RedisFinding[]> {
  const deadlineMs = options.deadlineMs ?? 5000
  let client: Redis | undefined
  try {
    client = connectForCalls({ url, tls: options.tls }, deadlineMs)
    await ready(url, client, deadlineMs)
    const found = findings(await client.info(), url)
    const isFit = !found.some(({ severity }) => severity === 'error')
    return isFit ? [...found, ...(await tried(client, url, options.prefix))] : found
  } catch (error) {
    const { code, details } = redisError(url, error)
    return [finding(code, details)]
  } finally {
    client?.disconnect()
  }
}

/** What comes of choosing the database (a connection goes on in the first one where there is none such) and of a script that writes. */
async function tried(client: Redis, url: string, prefix: string | undefined): Promise<RedisFinding[]> {
  try {
    const { db } = client.options
    if (db) await client.select(db)
    if (prefix !== undefined) await client.eval(WRITE_AND_REMOVE, 1, `${prefix}probe`)
    return []
  } catch (error) {
    const { code, details } = redisError(url, error)
    return [isConnectionError(error) || code !== 'SB-QUEUE-001' ? finding(code, details) : finding('SB-QUEUE-010', details)]
  }
}

/** The findings in the text of Redis's INFO command; `url` is for words alone. Pure. */
export function findings(info: string, url: string): RedisFinding[] {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
  const found: RedisFinding[] = []
  const version = field('redis_version')
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < 6 || (major === 6 && minor < 2)) found.push(finding('SB-QUEUE-002', { version: version || '(unknown)' }))
  const policy = field('maxmemory_policy')
  if (policy !== '' && policy !== 'noeviction') found.push(finding('SB-QUEUE-003', { policy }))
  if (field('aof_enabled') === '0') found.push(finding('SB-QUEUE-005', {}, 'warning'))
  const [used, limit] = [Number(field('used_memory')), Number(field('maxmemory'))]
  if (limit > 0 && used > 0.9 * limit) found.push(finding('SB-QUEUE-009', { used, limit }))
  if (field('role') === 'slave') {
    const message = `it is a replica of ${field('master_host')}:${field('master_port')}`
    found.push(finding('SB-QUEUE-010', { url: redactedUrl(url), message }))
  }
  return found
}

function finding(code: ErrorCode, details: ErrorDetails, severity: RedisFinding['severity'] = 'error'): RedisFinding {
  const entry: ErrorEntry = ERRORS[code]
  return { code, severity, message: entry.says(details), fix: entry.fix }
}
