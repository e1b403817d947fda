import type { PreparedTask, TaskRef, TicketQueue } from '@sweepboard/contracts'
import type { Ledger, LedgerEvent } from '@sweepboard/ledger'
import type { ArtifactFiles } from './artifact-files.ts'

/** Something the board shows has changed. */
export interface CoordinatorChange {
  readonly kind: 'hosts' | LedgerEvent['kind']
  readonly sweep?: string
}

export interface CoordinatorOptions {
  readonly ledger: Ledger
  readonly queue: TicketQueue
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly artifacts: ArtifactFiles
  /** `unavailable`, `timeout` and `overloaded` are tried again with backoff; every other failure is final. */
  readonly prepare: (key: string, ref: TaskRef) => Promise<PreparedTask>
  readonly beatMs: number
  readonly graceBeats: number
  readonly onChange?: (change: CoordinatorChange) => void
  /** A tick is worthwhile now: something may be leased. */
  readonly wake?: () => void
  readonly log?: (entry: Readonly<Record<string, unknown>>) => void
  /** Jitter of backoff, in [0, 1). */
  readonly random?: () => number
  /** Named crash points of protocol section 11, for fault injection. */
  readonly point?: (name: string) => void
}
