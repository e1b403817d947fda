import { ERRORS, type ErrorCode, type ErrorDetails, type ErrorEntry } from '@sweepboard/contracts'
import { connectForCalls, ready, redisError } from './redis-connection.ts'
import type { RedisLink, RedisTls } from './redis-link.ts'

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
 * may not even look, `-009` more than nine tenths of its memory limit are used.
 */
export async function checkRedis(
  url: string,
  options: { deadlineMs?: number; tls?: RedisTls | undefined } = {},
): Promise<RedisFinding[]> {
  const deadlineMs = options.deadlineMs ?? 5000
  let info: string
  try {
    info = await readInfo({ url, tls: options.tls }, deadlineMs)
  } catch (error) {
    const { code, details } = redisError(url, error)
    return [finding(code, details)]
  }
  return findings(info)
}

/** The findings in the text of Redis's INFO command. Pure. */
export function findings(info: string): RedisFinding[] {
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
  return found
}

async function readInfo(link: RedisLink, deadlineMs: number): Promise<string> {
  const client = connectForCalls(link, deadlineMs)
  try {
    await ready(link.url, client, deadlineMs)
    return await client.info()
  } finally {
    client.disconnect()
  }
}

function finding(code: ErrorCode, details: ErrorDetails, severity: RedisFinding['severity'] = 'error'): RedisFinding {
  const entry: ErrorEntry = ERRORS[code]
  return { code, severity, message: entry.says(details), fix: entry.fix }
}
