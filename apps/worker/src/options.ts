import type { ArtifactStore, JoinAnswer, ServiceLink, SlotReport, TicketQueue } from '@sweepboard/contracts'
import type { OwnLaunchers } from '@sweepboard/models'
import type { Gpus } from './gpus.ts'
import type { SlotOption } from './slot-option.ts'

/** What a worker says about itself while it runs. Texts, vectors and keys never appear in it. */
export interface WorkerEvent {
  readonly event:
    | 'joined'
    | 'device'
    | 'device-trouble'
    | 'service-away'
    | 'service-back'
    | 'slot'
    | 'lane-closed'
    | 'lease'
    | 'chunk'
    | 'chunk-failed'
    | 'chunk-known'
    | 'scored'
    | 'given-back'
    | 'stopped-lease'
    | 'child-gone'
    | 'child-recycled'
    | 'server'
    | 'server-gone'
    | 'server-leftover'
    | 'device-lost'
    | 'crash-reported'
    | 'engine-busy'
    | 'entry-dropped'
    | 'queue-error'
    | 'disk-full'
    | 'disk-free'
    | 'outbox-full'
    | 'outbox-free'
    | 'failed'
  readonly [detail: string]: unknown
}

export interface WorkerOptions {
  readonly link: ServiceLink
  readonly queue: (join: JoinAnswer) => TicketQueue | Promise<TicketQueue>
  /** The service's store. */
  readonly store: ArtifactStore
  /** The worker's own folder: `outbox/`, `artifacts/`, `marks/`, `host.json`, `slots.json`. One process at a time. */
  readonly folder: string
  readonly slots: readonly SlotOption[]
  /** The GPUs that slots name; absent where none does. */
  readonly gpus?: Gpus
  /** Whether this host scores; one scoring job at a time. Default true. */
  readonly score?: boolean
  /** Names of the environment variables that may be read for API keys. */
  readonly allowEnv: readonly string[]
  readonly readEnv: (name: string) => string | undefined
  readonly modelsRoot?: string
  /** Digests of the model folders below `modelsRoot`; null = shares the service's file system. */
  readonly weights?: readonly string[] | null
  /** What this host says of launchers; absent = the known ones as they are. */
  readonly launchers?: OwnLaunchers
  /** Of which the servers started here get what `serverEnvironment` lets through. Default: this process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Milliseconds a server may take from its start until it answers. Default 30 minutes. */
  readonly serverStartMs?: number
  /** Milliseconds a server has to end when asked, before it is killed. Default 10,000. */
  readonly serverStopMs?: number
  readonly hostname: string
  readonly version: string
  /** Commit of the code, for evidence. */
  readonly code: string
  /** Threads of one local engine. */
  readonly threads?: number
  /** A child that makes no progress for so long is killed. Default 300,000. */
  readonly noProgressMs?: number
  /** Milliseconds without an answer after which a slot that leaves its lane gives back what a server has in hand. Default 20,000. */
  readonly muteMs?: number
  /** Milliseconds a chunk or a group may take, tries and waits included, before what computes it is ended. Default 6 hours. */
  readonly jobMs?: number
  /** Bytes an inference child may hold after a chunk before it is replaced. Default: half of the memory there is. */
  readonly recycleBytes?: number
  /** Bytes that artifacts in the worker's folder may take, beside what is at work. Default: a quarter of the free disk, at most 100 GiB. */
  readonly cacheBytes?: number
  /** Opens the store once the service has said which it is, in place of `store`. */
  readonly openStore?: (join: JoinAnswer) => Promise<ArtifactStore>
  /** Bytes of undelivered vectors from which on no more work is taken. Default 4 GiB. */
  readonly outboxBytes?: number
  readonly log: (event: WorkerEvent) => void
  /** Monotonic milliseconds. */
  readonly now?: () => number
  /** Fault injection: SIGKILL at this crash point (protocol section 11), `point` or `point#nth`. */
  readonly crashAt?: string
  /** Ends the wait for a service that is not there yet. */
  readonly signal?: AbortSignal
}

export interface RunningWorker {
  /** The id kept in the folder. */
  readonly host: string
  /**
   * Takes no new ticket; `drain` finishes the chunks in hand whose server answers and gives the rest back, otherwise they are dropped
   * too. Waits up to 10 s for the outbox; what the service could not be told stays on disk for the next start.
   */
  stop(options: { drain: boolean }): Promise<void>
  /** Ends now: children killed, nothing sent. The folder is as a later start needs it. */
  kill(): Promise<void>
  /** Resolves when no lease is held: nothing runs and the outbox is empty. */
  idle(): Promise<void>
  slots(): SlotReport[]
  /** What the service has not acknowledged yet. */
  outbox(): { readonly entries: number; readonly vectorBytes: number }
}
