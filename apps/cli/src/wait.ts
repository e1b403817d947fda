import { setTimeout as delay } from 'node:timers/promises'
import { SweepError } from '@sweepboard/contracts'
import type { SweepView } from '@sweepboard/results'
import type { ProgressView } from './progress.ts'

const POLL_MS = 100

/** How many polls pass between two looks at whether anybody still works. */
const POLLS_A_LOOK = 20

/**
 * Calls `observe` with each state of a sweep until it has ended or `signal` aborts; returns the last state. Throws
 * `SB-LEDGER-007` where `isServed` says that nobody is left to end it.
 */
export async function followSweep(
  read: () => Promise<SweepView>,
  observe: (view: SweepView) => void,
  signal: AbortSignal,
  isServed: () => boolean = () => true,
): Promise<SweepView> {
  for (let poll = 0; ; poll += 1) {
    // Looked at before the state: a process that ends the sweep and goes in between must not be missed.
    const isAlone = poll % POLLS_A_LOOK === 0 && !isServed()
    const view = await read()
    observe(view)
    if (view.state === 'done' || view.state === 'cancelled' || signal.aborted) return view
    if (isAlone) throw new SweepError('SB-LEDGER-007', { sweep: view.name, state: view.state })
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined)
  }
}

export function toProgress(view: SweepView): ProgressView {
  const share = view.tokens.total === 0 ? 1 : view.tokens.done / view.tokens.total
  return {
    sweep: view.name,
    cellsDone: view.cells.scored,
    cellsFailed: view.cells.failed,
    cellsTotal: view.cells.total,
    tokensDone: view.tokens.done,
    tokensTotal: view.tokens.total,
    tokensPerSecond: view.tokensPerSecond,
    etaSeconds: view.etaSeconds,
    phase:
      view.state === 'running' ? (view.tokens.total === 0 ? 'reading data' : share < 1 ? 'encoding' : 'scoring') : view.state,
  }
}
