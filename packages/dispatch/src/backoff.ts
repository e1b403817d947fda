/** Milliseconds before attempt `attempt + 1` (attempt counts from 1): doubling from 2 s to 5 min, with up to a fifth of jitter. */
export function retryBackoff(attempt: number, random: () => number): number {
  const base = Math.min(300_000, 2_000 * 2 ** Math.min(30, Math.max(0, attempt - 1)))
  return Math.round(base * (0.8 + 0.2 * random()))
}
