import type { Health } from '@sweepboard/results'
import { formatSeconds } from './progress.ts'

/** That a service's queue does not answer, and since when; null where it does, or where a service of before does not say. */
export function queueWords({ queue, queueAwayForMs }: Partial<Pick<Health, 'queue' | 'queueAwayForMs'>>): string | null {
  if (queue !== 'away') return null
  const since = queueAwayForMs == null ? '' : `, for ${formatSeconds(queueAwayForMs / 1000)} now`
  return `the queue's Redis does not answer the service${since}: no work is handed out until it does`
}
