import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Ledger } from '@sweepboard/ledger'
import {
  type ForgetParts,
  type ForgetRun,
  forgetRetired,
  forgetVectors,
  type VectorFiles,
  type VectorOrder,
} from './forget-vectors.ts'

/** How long a file must have been seen unreferenced before it goes: longer than any upload waits for its commit. */
export const GARBAGE_AGE_MS = 24 * 3_600_000
const EVERY_MS = 3_600_000
/** Least time between two looks at what sweeps no longer keep. */
const RETIRE_MS = 10_000
/** A write this old was killed in the middle. */
const LEFTOVER_AGE_MS = 3_600_000
/** Files looked at in one transaction: a few ms, so that requests are answered in between. */
const SLICE = 500

/** The artifact files, as gc needs them. */
export interface GarbageStore extends VectorFiles {
  /** Files of writers killed in the middle; returns how many were removed. */
  removeLeftovers(olderThanMs: number): number
}

export interface GarbageOptions {
  readonly ledger: Ledger
  readonly store: GarbageStore
  /** Monotonic milliseconds of the service. */
  readonly now: () => number
  /** Milliseconds since 1970: vectors are not used for days, over restarts. */
  readonly wallNow?: () => number
  /** Age of an unreferenced file in ms; without it the time since its mark. */
  readonly age?: (digest: string) => number
  /** Lets other work go on; by default until the next turn of the event loop. */
  readonly pause?: () => Promise<unknown>
  readonly log?: (entry: Readonly<Record<string, unknown>>) => void
  /** Named crash points of protocol section 11, for fault injection. */
  readonly point?: (name: string) => void
}

export interface GarbageRun {
  /** Stored files nothing refers to, before this run. */
  readonly unreferenced: number
  /** How many of them are old enough: deleted, unless the run was dry. */
  readonly old: number
  readonly deleted: number
  /** Bytes of the old ones. */
  readonly bytes: number
  readonly leftovers: number
  /** What became of the vectors asked for; null where nobody asked for any. */
  readonly vectors: ForgetRun | null
}

export interface GarbageOrder {
  /** Age of unreferenced files that go. */
  readonly olderThanMs: number
  readonly isDry: boolean
  /** Vectors to forget, beside what nothing refers to. */
  readonly vectors?: VectorOrder | undefined
}

/**
 * Marks stored files that no row refers to, and deletes what has been marked for a day (protocol section 9). Between two slices other
 * work goes on; a file referred to in the meantime stays, because each is looked at again in the transaction that unlinks it.
 */
export class Garbage {
  readonly #options: GarbageOptions
  #lastRun: number
  #lastRetire = Number.NEGATIVE_INFINITY
  #mayRetire = true
  #running: Promise<unknown> | null = null
  #isStopped = false

  constructor(options: GarbageOptions) {
    this.#options = options
    this.#lastRun = options.now()
  }

  /** Collects where the last time was an hour ago, and forgets what no sweep keeps any more; returns at once. */
  tick(): void {
    const now = this.#options.now()
    const failed = (thrown: unknown) => this.#options.log?.({ level: 'error', message: 'gc failed', error: String(thrown) })
    if (this.#mayRetire && now - this.#lastRetire >= RETIRE_MS) this.retire().catch(failed)
    if (now - this.#lastRun >= EVERY_MS) this.collect({ olderThanMs: GARBAGE_AGE_MS, isDry: false }).catch(failed)
  }

  /** A cell, a sweep, a task or a lease changed: some vectors may have been needed for the last time. */
  changed(): void {
    this.#mayRetire = true
  }

  /** Forgets the vectors that no sweep keeps and nothing uses. */
  async retire(): Promise<void> {
    this.#mayRetire = false
    this.#lastRetire = this.#options.now()
    await this.#alone(async () => {
      const { encodings, files } = await forgetRetired(this.#parts())
      if (encodings > 0) this.#options.log?.({ level: 'info', message: 'vectors forgotten', encodings, files })
    })
  }

  /** One run at a time: a second call waits for the first. A dry run marks and deletes nothing. */
  collect(how: GarbageOrder): Promise<GarbageRun> {
    this.#lastRun = this.#options.now()
    return this.#alone(async () => {
      const vectors = how.vectors === undefined ? null : await forgetVectors(this.#parts(), how.vectors, how.isDry)
      return { ...(await this.#collect(how)), vectors }
    })
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#running !== null) await this.#running.catch(() => undefined)
    const running = work().finally(() => {
      this.#running = null
    })
    this.#running = running
    return running
  }

  #parts(): ForgetParts {
    const { ledger, store, wallNow = Date.now, pause = nextTurn } = this.#options
    return { ledger, store, wallNow, pause, isStopped: () => this.#isStopped }
  }

  /** Ends a run under way after its slice. */
  async stop(): Promise<void> {
    this.#isStopped = true
    while (this.#running !== null) await this.#running.catch(() => undefined)
  }

  async #collect({ olderThanMs, isDry }: GarbageOrder): Promise<Omit<GarbageRun, 'vectors'>> {
    const { ledger, store, now, age, pause = nextTurn, log, point } = this.#options
    const at = now()
    let unreferenced = 0
    const old: string[] = []
    for (const slice of this.#slices([...store.list()])) {
      const found = ledger.unreferenced(slice)
      unreferenced += found.length
      old.push(...found.flatMap(({ digest, since }) => ((age?.(digest) ?? at - (since ?? at)) >= olderThanMs ? [digest] : [])))
      if (!isDry) ledger.markGarbage(slice, at)
      await pause()
    }
    const bytes = old.reduce((sum, digest) => sum + (store.sizeSync(digest) ?? 0), 0)
    if (isDry) return { unreferenced, old: old.length, deleted: 0, bytes, leftovers: 0 }
    point?.('gc.after-mark')
    let deleted = 0
    for (const slice of this.#slices(old)) {
      deleted += ledger.deleteGarbage(slice, (digest) => {
        point?.('gc.before-unlink')
        store.remove(digest)
      }).deleted
      await pause()
    }
    const leftovers = store.removeLeftovers(LEFTOVER_AGE_MS)
    if (deleted + leftovers > 0) log?.({ level: 'info', message: 'gc', unreferenced, deleted, leftovers })
    return { unreferenced, old: old.length, deleted, bytes, leftovers }
  }

  *#slices(digests: readonly string[]): Generator<string[]> {
    for (let at = 0; at < digests.length && !this.#isStopped; at += SLICE) yield digests.slice(at, at + SLICE)
  }
}
