import { z } from 'zod'

/** So many in any stretch of so many milliseconds. */
export const Rate = z.strictObject({
  count: z.number().positive(),
  perMs: z.number().positive(),
})
export type Rate = z.infer<typeof Rate>

/** What a server is asked at most; a member left out is not limited. */
export const RateLimits = z.strictObject({ requests: Rate.optional(), tokens: Rate.optional() })
export type RateLimits = z.infer<typeof RateLimits>

const PERIOD_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const SCALE: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 }

/** "500/m", "1M/m", "2.5k/s", "100000/d"; null for anything else, and for less than one. */
export function parseRate(text: string): Rate | null {
  const [, amount, scale = '', period] = /^(\d+(?:\.\d+)?)([kMG]?)\/([smhd])$/.exec(text) ?? []
  if (amount === undefined || period === undefined) return null
  const count = Number(amount) * (SCALE[scale] as number)
  return count >= 1 ? { count, perMs: PERIOD_MS[period] as number } : null
}
