import type { Outbox } from './outbox.ts'

/** One execution of a lease in this process. */
export interface HeldRun {
  readonly controller: AbortController
  /** Whether the engine, or the scorer, has begun with it. */
  computing: boolean
}

/** Leases with a run in this process, and how to end it. */
export class HeldLeases {
  readonly #runs = new Map<string, Set<HeldRun>>()
  readonly #outbox: Outbox
  #waiters: (() => void)[] = []

  constructor(outbox: Outbox) {
    this.#outbox = outbox
  }

  /** Before the claim is sent. A ticket delivered twice makes two runs, of which one is granted. */
  begin(lease: string): HeldRun {
    const run: HeldRun = { controller: new AbortController(), computing: false }
    const runs = this.#runs.get(lease) ?? new Set()
    runs.add(run)
    this.#runs.set(lease, runs)
    return run
  }

  end(lease: string, run: HeldRun): void {
    const runs = this.#runs.get(lease)
    runs?.delete(run)
    if (runs?.size === 0) this.#runs.delete(lease)
    if (this.#runs.size === 0) for (const resolve of this.#waiters.splice(0)) resolve()
  }

  /** Every lease held: from its claim until its last outbox entry is acknowledged. */
  holding(): string[] {
    return [...new Set([...this.#runs.keys(), ...this.#outbox.leases()])]
  }

  /** Ends the runs of a lease; false when none was running. */
  stop(lease: string): boolean {
    const runs = this.#runs.get(lease)
    for (const { controller } of runs ?? []) controller.abort()
    return runs !== undefined
  }

  stopAll(): void {
    for (const lease of this.#runs.keys()) this.stop(lease)
  }

  /** Ends the runs that have computed nothing yet: a worker that leaves must not wait for a service that is away. */
  stopWaiting(): void {
    for (const run of [...this.#runs.values()].flatMap((runs) => [...runs])) if (!run.computing) run.controller.abort()
  }

  /** Resolves when no run is left. */
  none(): Promise<void> {
    if (this.#runs.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push(resolve))
  }
}
