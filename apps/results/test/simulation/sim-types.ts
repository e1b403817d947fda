import type { Commit, EncodeWork, End, Load, ScoreWork, SideRecipe } from '@sweepboard/contracts'

/** Ways in which a worker may be built wrong; planted by tests. */
export interface WorkerBreakage {
  readonly ticketBeforeOutbox?: boolean
  readonly entryBeforeAck?: boolean
  readonly outboxNotNamed?: boolean
  readonly claimNamedLate?: boolean
  readonly ignoresStop?: boolean
  readonly noMark?: boolean
  readonly endFirst?: boolean
  readonly scorerTrusts?: boolean
}

export interface Item {
  readonly encoding: number
  readonly n: number
  readonly label: string
  readonly side: SideRecipe
}

export interface Job {
  readonly lease: string
  readonly run: string
  readonly queue: string
  state: 'taken' | 'claiming' | 'running'
  work: EncodeWork | ScoreWork | null
  all: Item[]
  todo: Item[]
  current: Item | null
  ticksLeft: number
  failures: End['failures']
  isDead: boolean
  isAsked: boolean
  gaveBack: boolean
  ghostTicks: number
}

export interface SimSlot {
  readonly id: string
  readonly device: 'cpu' | 'endpoint'
  readonly isScore: boolean
  lane: Load | null
  want: Load | null
  jobs: Job[]
  loadedAt: number
}

export interface Entry {
  readonly id: number
  readonly lease: string
  readonly commit: Commit | null
  readonly end: End | null
  isUploaded: boolean
}

/** What survives a kill. */
export interface Disk {
  outbox: Entry[]
  copies: Map<string, string>
  marks: Map<string, Item[]>
  nextId: number
}
