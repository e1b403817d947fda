import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Ledger } from '@sweepboard/ledger'

/** How long a file must have been seen unreferenced before it goes: longer than any upload waits for its commit. */
export const GARBAGE_AGE_MS = 24 * 3_600_000
const EVERY_MS = 3_600_000
/** A write this old was killed in the middle. */
const LEFTOVER_AGE_MS = 3_600_000
/** Files looked at in one transaction: a few ms, so that requests are answered in between. */
const SLICE = 500

/** The artifact files, as gc needs them. */
export interface GarbageStore {
  list(): Iterable<string>
  remove(digest: string): void
  /** Files of writers killed in the middle; returns how many were removed. */
  removeLeftovers(olderThanMs: number): number
}

export interface GarbageOptions {
  readonly ledger: Ledger
  readonly store: GarbageStore
  /** Monotonic milliseconds of the service. */
  readonly now: () => number
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
  readonly leftovers: number
}

/**
 * Marks stored files that no row refers to, and deletes what has been marked for a day (protocol section 9). Between two slices other
 * work goes on; a file referred to in the meantime stays, because each is looked at again in the transaction that unlinks it.
 */
export class Garbage {
  readonly #options: GarbageOptions
  #lastRun: number
  #running: Promise<GarbageRun> | null = null
  #isStopped = false

  constructor(options: GarbageOptions) {
    this.#options = options
    this.#lastRun = options.now()
  }

  /** Collects where the last time was an hour ago; returns at once. */
  tick(): void {
    if (this.#options.now() - this.#lastRun < EVERY_MS) return
    this.collect({ olderThanMs: GARBAGE_AGE_MS, isDry: false }).catch((thrown: unknown) =>
      this.#options.log?.({ level: 'error', message: 'gc failed', error: String(thrown) }),
    )
  }

  /** One run at a time: a second call waits for the first. A dry run marks and deletes nothing. */
  async collect(how: { olderThanMs: number; isDry: boolean }): Promise<GarbageRun> {
    while (this.#running !== null) await this.#running.catch(() => undefined)
    this.#lastRun = this.#options.now()
    this.#running = this.#collect(how).finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** Ends a run under way after its slice. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running?.catch(() => undefined)
  }

  async #collect({ olderThanMs, isDry }: { olderThanMs: number; isDry: boolean }): Promise<GarbageRun> {
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
    if (isDry) return { unreferenced, old: old.length, deleted: 0, leftovers: 0 }
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
    return { unreferenced, old: old.length, deleted, leftovers }
  }

  *#slices(digests: readonly string[]): Generator<string[]> {
    for (let at = 0; at < digests.length && !this.#isStopped; at += SLICE) yield digests.slice(at, at + SLICE)
  }
}
