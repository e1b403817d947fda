import { type ReconcileAction, reconcile } from '@sweepboard/dispatch'
import type { Ledger } from '@sweepboard/ledger'

/** When each open lease was sent and last named by its host, by the service's clock: in memory, it starts anew with the process. */
export class LeaseTimes {
  readonly #sentAt = new Map<string, number>()
  readonly #namedAt = new Map<string, number>()

  sent(lease: string, now: number): void {
    this.#sentAt.set(lease, now)
  }

  named(lease: string, now: number): void {
    this.#namedAt.set(lease, now)
  }

  forget(lease: string): void {
    this.#sentAt.delete(lease)
    this.#namedAt.delete(lease)
  }

  /** What the ledger's leases and the queue's tickets disagree in (protocol section 7). */
  compare(
    ledger: Ledger,
    seen: {
      readonly now: number
      readonly heardSince: number
      readonly isHeard: boolean
      readonly graceMs: number
      readonly servedLanes: ReadonlySet<string>
      /** Null where the queue does not answer. */
      readonly waiting: ReadonlyMap<string, readonly string[]> | null
    },
  ): ReconcileAction[] {
    const leases = ledger.openLeases().map(({ id, lane, run }) => ({
      id,
      lane,
      isClaimed: run !== null,
      sentAt: this.#sentAt.get(id) ?? null,
      namedAt: this.#namedAt.get(id) ?? null,
    }))
    return reconcile({ ...seen, leases })
  }
}
