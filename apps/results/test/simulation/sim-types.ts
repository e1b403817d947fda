import type { ClaimAnswer, Commit, End, Load } from '@sweepboard/contracts'

type Work = Extract<ClaimAnswer, { state: 'granted' }>['work']

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
  /** Digest of the pair set it is a chunk of; null for a chunk of a text set. */
  readonly pairSet: string | null
}

export interface Job {
  readonly lease: string
  readonly run: string
  readonly queue: string
  state: 'taken' | 'claiming' | 'running'
  work: Work | null
  all: Item[]
  todo: Item[]
  current: Item | null
  ticksLeft: number
  failures: End['failures']
  isDead: boolean
  /** Has asked for what it reads. */
  isAsked: boolean
  /** Has the pair sets of its chunks. */
  hasItems: boolean
  gaveBack: boolean
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
  /** Of an `end`: what must be stored before, digest -> content. */
  readonly artifacts: readonly (readonly [digest: string, label: string])[]
  isUploaded: boolean
}

/** What survives a kill. */
export interface Disk {
  outbox: Entry[]
  copies: Map<string, string>
  marks: Map<string, Item[]>
  nextId: number
}

/** What a slot makes of a ticket it has just taken. */
export function newJob(ticket: { lease: string; run: string; queue: string }): Job {
  return {
    ...ticket,
    state: 'taken',
    work: null,
    all: [],
    todo: [],
    current: null,
    ticksLeft: 0,
    failures: [],
    isDead: false,
    isAsked: false,
    hasItems: false,
    gaveBack: false,
  }
}
