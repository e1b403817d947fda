import type { ArtifactCache } from './artifact-cache.ts'
import type { Fault } from './fault.ts'
import type { HeldLeases } from './held-leases.ts'
import type { HostFolder } from './host-folder.ts'
import type { Marks } from './mark.ts'
import type { WorkerOptions } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { ServerRecords } from './server-record.ts'
import type { SlotMemory } from './slot-memory.ts'
import type { Turn } from './turn.ts'

/** What all slots of one host share. */
export interface Host {
  readonly options: WorkerOptions
  readonly folder: HostFolder
  /** The ledger this worker joined: written into every outbox entry. */
  readonly ledger: string
  readonly beatMs: number
  readonly noProgressMs: number
  /** How long a slot that leaves its lane waits for a server that answers nothing. */
  readonly muteMs: number
  readonly jobMs: number
  readonly now: () => number
  readonly fault: Fault
  /** The child's crash point, to the first engine child only: its replacements would die of it for ever. */
  readonly childCrashAt: () => string | null
  readonly cache: ArtifactCache
  readonly outbox: Outbox
  readonly marks: Marks
  readonly held: HeldLeases
  readonly memory: SlotMemory
  /** Servers that run, on disk. */
  readonly servers: ServerRecords
  /** Shared by computing encode runs; a quarantined one takes it alone. */
  readonly quarantine: Turn
  /** Sequence number of the last beat composed. */
  readonly lastSeq: () => number
  /** Sends a beat now, because a slot changed. */
  readonly beatSoon: () => void
  /** Takes no more work: the disk is full until a probe says otherwise. */
  readonly onDiskFull: () => void
}
