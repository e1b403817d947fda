import type { SweepStatus } from '@sweepboard/ledger'
import { formatSeconds } from './progress.ts'

/** Whether a sweep was cancelled because it had run longer than its budget. */
export function isStoppedByBudget({ state, runMs, budget }: Pick<SweepStatus, 'state' | 'runMs' | 'budget'>): boolean {
  return state === 'cancelled' && budget.sweepMs !== null && runMs > budget.sweepMs
}

/** A sweep's state in words: its name, and that its budget stopped it where that is why it is cancelled. */
export function stateWords(sweep: Pick<SweepStatus, 'state' | 'runMs' | 'budget'>): string {
  if (!isStoppedByBudget(sweep)) return sweep.state
  const [ran, budget] = [sweep.runMs, sweep.budget.sweepMs ?? 0].map((ms) => formatSeconds(ms / 1000))
  return `cancelled: stopped by its budget (ran ${ran} of ${budget}; submit it again with a larger \`budget.sweep\`: what is scored stays)`
}
