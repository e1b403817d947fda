import { SweepError } from '@sweepboard/contracts'

/** Throws `SB-CORE-004` when the signal is aborted. */
export function stopIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw new SweepError('SB-CORE-004', { what })
}
