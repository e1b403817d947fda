import type { FolderStore } from '@sweepboard/artifacts'
import type { JoinAnswer, TicketQueue } from '@sweepboard/contracts'
import type { Ledger } from '@sweepboard/ledger'
import type { HubSettings } from '@sweepboard/tasks'

export interface ServiceOptions {
  readonly folder: string
  /** Who holds the folder, shown to the next one who tries: command, pid and host. */
  readonly holder: string
  /** Made after the ledger is open: Redis queues are prefixed by the ledger's id. */
  readonly openQueue: (ledgerId: string) => Promise<{ queue: TicketQueue; join: JoinAnswer['queue'] }>
  readonly version: string
  /** Folder for artifacts in place of the data folder's own, from now on: one that other hosts mount, too. */
  readonly artifacts?: string | undefined
  /** Heartbeat period in ms: 500 embedded, 5000 in a fleet. */
  readonly beatMs: number
  readonly tickMs: number
  /** Folders a preparation may read, beside the shipped tasks; null = any (embedded: the user's own command). */
  readonly readableRoots: readonly string[] | null
  /** How a preparation reaches the Hugging Face hub; absent = not at all. */
  readonly hub?: HubSettings | undefined
  readonly log: (entry: Readonly<Record<string, unknown>>) => void
  /** Called at the named crash points of protocol section 11: fault injection only. */
  readonly point?: (name: string) => void
}

export const GRACE_BEATS = 5

/** What a service opens before it is made. */
export interface ServiceParts {
  readonly ledger: Ledger
  readonly queue: TicketQueue
  readonly join: JoinAnswer['queue']
  readonly store: FolderStore
  readonly joinStore: JoinAnswer['store']
}
