import { setTimeout as delay } from 'node:timers/promises'
import { SweepError } from '@sweepboard/contracts'

/** A service may be restarted, or its host: beyond this it is taken for gone. */
const MOST_MS = 10 * 60_000
const PAUSE_MS = 500

export interface Reconnect {
  /** Ends the wait: the refusal is thrown as it is. */
  readonly signal: AbortSignal
  /** Told once when the service goes away, and once when it is back. */
  readonly tell: (note: string) => void
  readonly mostMs?: number
  readonly pauseMs?: number
}

/**
 * Asks again while the service cannot be reached (`SB-SERVE-004`), for ten minutes at most. Everything else is thrown at once, a service
 * that refuses too.
 */
export async function reconnecting<T>(
  ask: () => Promise<T>,
  { signal, tell, mostMs = MOST_MS, pauseMs = PAUSE_MS }: Reconnect,
): Promise<T> {
  const since = performance.now()
  for (let isAway = false; ; isAway = true) {
    try {
      const answer = await ask()
      if (isAway) tell('the service is back')
      return answer
    } catch (thrown) {
      const mayReturn = thrown instanceof SweepError && thrown.code === 'SB-SERVE-004'
      if (!mayReturn || signal.aborted || performance.now() - since > mostMs) throw thrown
      if (!isAway) tell(`${thrown.message}; waiting for it, Ctrl-C ends`)
      await delay(pauseMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
