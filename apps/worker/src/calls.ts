import { pause } from './backoff.ts'
import type { Host } from './host.ts'

/** An answer that comes sooner was not held: the service does not know this host yet, or is away. */
const HELD_MS = 1000
/** Between a call and the next question: the beat that follows the call is on its way. */
const AFTER_CALL_MS = 250

/**
 * Asks the service, again and again until `signal` aborts, whether a beat is worth sending sooner. Nothing depends on it: where the
 * question fails, the beats at their own pace bring everything. Never rejects.
 */
export async function heedCalls({ options, folder, beatMs, now, beatSoon }: Host, signal: AbortSignal): Promise<void> {
  const { link } = options
  if (link.awaitCall === undefined) return
  while (!signal.aborted) {
    const from = now()
    const isCalled = await link.awaitCall(folder.host, signal).catch(() => false)
    if (signal.aborted) return
    if (isCalled) beatSoon()
    const wait = isCalled ? AFTER_CALL_MS : now() - from < HELD_MS ? beatMs : 0
    if (wait > 0) await pause(wait, signal).catch(() => undefined)
  }
}
