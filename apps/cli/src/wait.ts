import { setTimeout as delay } from 'node:timers/promises'
import type { SweepView } from '@sweepboard/results'
import type { ProgressView } from './progress.ts'

const POLL_MS = 100

/** Calls `observe` with each state of a sweep until it has ended or `signal` aborts; returns the last state. */
export async function followSweep(
  read: () => Promise<SweepView>,
  observe: (view: SweepView) => void,
  signal: AbortSignal,
): Promise<SweepView> {
  for (;;) {
    const view = await read()
    observe(view)
    if (view.state === 'done' || view.state === 'cancelled' || signal.aborted) return view
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
