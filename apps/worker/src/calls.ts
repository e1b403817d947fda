import type { ServiceLink } from '@sweepboard/contracts'
import { pause } from './backoff.ts'

/** An answer that comes sooner was not held: the service does not know this host yet, or is away. */
const HELD_MS = 1000
/** Between a call and the next question: the beat that follows the call is on its way. */
const AFTER_CALL_MS = 250

export interface CallParts {
  readonly link: ServiceLink
  readonly host: string
  readonly beatMs: number
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly beatSoon: () => void
}

/**
 * Asks the service, again and again until `signal` aborts, whether a beat is worth sending sooner. Nothing depends on it: where the
 * question fails, the beats at their own pace bring everything. Never rejects.
 */
export async function heedCalls({ link, host, beatMs, now, beatSoon }: CallParts, signal: AbortSignal): Promise<void> {
  if (link.awaitCall === undefined) return
  while (!signal.aborted) {
    const from = now()
    const isCalled = await link.awaitCall(host, signal).catch(() => false)
    if (signal.aborted) return
    if (isCalled) beatSoon()
    const wait = isCalled ? AFTER_CALL_MS : now() - from < HELD_MS ? beatMs : 0
    if (wait > 0) await pause(wait, signal).catch(() => undefined)
  }
}
