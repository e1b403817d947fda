import { SweepError } from '@sweepboard/contracts'

/**
 * A Redis URL without its password, for messages and logs: `redis://***@host:6379`.
 * Anything that is not a Redis URL comes back as `(unreadable)`: it might be a password in the wrong place.
 */
export function redactedUrl(url: string): string {
  const parsed = URL.parse(url)
  if (!parsed || !isRedisProtocol(parsed.protocol)) return '(unreadable)'
  const login = parsed.username || parsed.password ? '***@' : ''
  if (parsed.protocol === 'unix:') return `unix:${parsed.pathname}`
  return `${parsed.protocol}//${login}${parsed.host}${parsed.pathname === '/' ? '' : parsed.pathname}`
}

/** Refuses what is neither redis:, rediss: (TLS) nor unix: with `SB-QUEUE-004`. */
export function checkedUrl(url: string): string {
  const parsed = URL.parse(url)
  const ok = parsed && isRedisProtocol(parsed.protocol) && (parsed.protocol === 'unix:' ? parsed.pathname : parsed.hostname)
  if (!ok) throw new SweepError('SB-QUEUE-004', { url: redactedUrl(url) })
  return url
}

function isRedisProtocol(protocol: string): boolean {
  return protocol === 'redis:' || protocol === 'rediss:' || protocol === 'unix:'
}
