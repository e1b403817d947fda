/** What a server says is left until its count starts anew. */
export interface Remaining {
  readonly remaining: number
  readonly resetMs: number
}
export interface RateFacts {
  readonly retryAfterMs: number | null
  readonly requests: Remaining | null
  readonly tokens: Remaining | null
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
/** Numbers from here on are moments, not durations. Seconds since 1970. */
const EPOCH_SECONDS = 1e9

/**
 * Reads `Retry-After` (seconds or a date), and of what is left: `X-RateLimit-Remaining-Requests` and `-Tokens` with their `-Reset-...` (OpenAI:
 * "1s", "6m0s", "20ms"), or plain `X-RateLimit-Remaining` and `RateLimit-Remaining` with `-Reset` (seconds, or seconds or milliseconds since
 * 1970). A header that cannot be read says nothing.
 */
export function readRateHeaders(headers: Headers, now: number = Date.now()): RateFacts {
  const remaining = (kind: string): Remaining | null => {
    for (const prefix of ['x-ratelimit-', 'ratelimit-']) {
      const left = numberOf(headers.get(`${prefix}remaining${kind}`))
      const resetMs = durationOf(headers.get(`${prefix}reset${kind}`), now)
      if (left !== null && resetMs !== null) return { remaining: left, resetMs }
    }
    return null
  }
  return {
    retryAfterMs: retryAfter(headers.get('retry-after'), now),
    requests: remaining('-requests') ?? remaining(''),
    tokens: remaining('-tokens'),
  }
}

function retryAfter(value: string | null, now: number): number | null {
  if (value === null) return null
  const seconds = numberOf(value)
  if (seconds !== null) return Math.max(0, seconds * 1000)
  const date = Date.parse(value)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}

function numberOf(value: string | null): number | null {
  const number = value === null || value.trim() === '' ? Number.NaN : Number(value)
  return Number.isFinite(number) ? number : null
}

function durationOf(value: string | null, now: number): number | null {
  if (value === null) return null
  const number = numberOf(value)
  if (number !== null) {
    if (number < EPOCH_SECONDS) return Math.max(0, number * 1000)
    return Math.max(0, (number < EPOCH_SECONDS * 1000 ? number * 1000 : number) - now)
  }
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(value.trim())) return null
  let total = 0
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
    total += Number(amount) * (UNIT_MS[unit as string] as number)
  return total
}
