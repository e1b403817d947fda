import type { Ledger } from '@sweepboard/ledger'

export interface BudgetOptions {
  readonly ledger: Ledger
  readonly now: () => number
  readonly log: (entry: Readonly<Record<string, unknown>>) => void
  readonly cancel: (sweep: string) => void
}

/** Running time of sweeps, added up tick by tick, and what happens to those that used theirs up. */
export class Budgets {
  readonly #options: BudgetOptions
  #lastTick: number

  constructor(options: BudgetOptions) {
    this.#options = options
    this.#lastTick = options.now()
  }

  /** A cell beyond its budget fails, a sweep beyond its own is cancelled: what is encoded and scored stays. */
  spend(now: number): void {
    const { ledger, log, cancel } = this.#options
    const elapsed = now - this.#lastTick
    this.#lastTick = now
    if (elapsed > 0 && ledger.runningSweeps().length > 0) ledger.addRunTime(elapsed)
    for (const sweep of ledger.overBudget()) {
      log({ level: 'warn', message: 'the sweep is beyond its budget and is cancelled', sweep })
      cancel(sweep)
    }
  }
}
