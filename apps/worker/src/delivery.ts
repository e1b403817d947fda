import { type ArtifactStore, type Commit, type CommitVerdict, type ServiceLink, SweepError } from '@sweepboard/contracts'
import type { ArtifactCache } from './artifact-cache.ts'
import { Backoff } from './backoff.ts'
import type { Fault } from './fault.ts'
import type { WorkerEvent } from './options.ts'
import type { Outbox } from './outbox.ts'
import { artifactsOf, leaseOf, ledgerOf, type OutboxEntry } from './outbox-entry.ts'

const IN_FLIGHT = 8
const BATCH = 100
/** Refusals that repeating cannot change. Everything else, a wrong token included, may pass once somebody has seen to it. */
const PERMANENT = new Set(['SB-SERVE-005', 'SB-ART-003'])

export interface DeliveryParts {
  readonly outbox: Outbox
  readonly cache: ArtifactCache
  readonly store: ArtifactStore
  readonly link: ServiceLink
  readonly host: string
  readonly fault: Fault
  readonly log: (event: WorkerEvent) => void
}

/** A request's answer is not waited for any longer. */
class GivenUp extends Error {}

/**
 * Empties the outbox: artifacts first, then commits in batches and in any order, an `end` after all earlier entries of
 * its own lease, ends with results before others; at most 8 requests at once. While the service is away it tries again
 * with growing pauses, for ever.
 */
export class Delivery {
  readonly #parts: DeliveryParts
  readonly #busy = new Set<OutboxEntry>()
  readonly #uploaded = new Set<OutboxEntry>()
  /** Sent one by one after a batch with them was refused whole. */
  readonly #alone = new Set<OutboxEntry>()
  readonly #backoff = new Backoff(250, 15_000)
  readonly #running = new Set<Promise<void>>()
  /** What gives up each request under way. */
  readonly #giveUps = new Set<() => void>()
  #timer: NodeJS.Timeout | null = null
  #closed = false
  #committing = false
  #waiters: (() => void)[] = []

  constructor(parts: DeliveryParts) {
    this.#parts = parts
    parts.outbox.onAdded(() => this.#pump())
  }

  start(): void {
    this.#pump()
  }

  /**
   * The service is known to answer again: what waits for a pause goes at once, and what hangs on a connection from before is repeated, so
   * that it learns of finished chunks before it hands them out once more.
   */
  again(): void {
    for (const giveUp of this.#giveUps) giveUp()
    this.#backoff.reset()
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#pump()
  }

  /** Resolves when every entry has been acknowledged or put aside. */
  empty(): Promise<void> {
    if (this.#parts.outbox.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** Starts no more requests; what is undelivered stays on disk. Resolves when those in hand are answered. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  #pump(): void {
    if (this.#parts.outbox.size === 0) for (const resolve of this.#waiters.splice(0)) resolve()
    while (!this.#closed && this.#timer === null && this.#running.size < IN_FLIGHT) {
      const work = this.#next()
      if (work === null) return
      this.#run(work.entries, work.act)
    }
  }

  #run(entries: readonly OutboxEntry[], act: () => Promise<void>): void {
    for (const entry of entries) this.#busy.add(entry)
    const request = act()
      .then(() => this.#backoff.reset())
      .catch((error) => (error instanceof GivenUp ? undefined : this.#onFailure(entries, error)))
      .catch((error) => this.#pauseFor(error))
      .finally(() => {
        for (const entry of entries) this.#busy.delete(entry)
        this.#running.delete(request)
        this.#pump()
      })
    this.#running.add(request)
  }

  /** The answer to a request, unless it is given up: then nothing is done with it any more. */
  #answer<T>(request: Promise<T>): Promise<T> {
    const { promise: givenUp, reject } = Promise.withResolvers<never>()
    const giveUp = () => reject(new GivenUp())
    this.#giveUps.add(giveUp)
    return Promise.race([request, givenUp]).finally(() => this.#giveUps.delete(giveUp))
  }

  #next(): { entries: readonly OutboxEntry[]; act: () => Promise<void> } | null {
    const all = this.#parts.outbox.entries()
    const free = all.filter((entry) => !this.#busy.has(entry))
    const end = this.#readyEnd(all, free)
    if (end !== undefined) return { entries: [end], act: () => this.#end(end) }
    const batch = this.#committing ? [] : this.#batch(free)
    if (batch.length > 0) return { entries: batch, act: () => this.#commit(batch) }
    const fresh = free.find((entry) => entry.content.kind === 'commit' && !this.#uploaded.has(entry))
    return fresh === undefined ? null : { entries: [fresh], act: () => this.#upload(fresh) }
  }

  #readyEnd(all: readonly OutboxEntry[], free: readonly OutboxEntry[]): OutboxEntry | undefined {
    const first = new Map<string, OutboxEntry>()
    for (const entry of all) if (!first.has(leaseOf(entry))) first.set(leaseOf(entry), entry)
    const ready = free.filter((entry) => entry.content.kind === 'end' && first.get(leaseOf(entry)) === entry)
    return ready.find(({ content }) => content.kind === 'end' && content.end.results.length > 0) ?? ready[0]
  }

  /** Uploaded commits of one ledger; one that a whole batch was refused with goes alone. */
  #batch(free: readonly OutboxEntry[]): OutboxEntry[] {
    const ready = free.filter((entry) => this.#uploaded.has(entry))
    const lead = ready[0]
    if (lead === undefined || this.#alone.has(lead)) return lead === undefined ? [] : [lead]
    return ready.filter((entry) => !this.#alone.has(entry) && ledgerOf(entry) === ledgerOf(lead)).slice(0, BATCH)
  }

  async #upload(entry: OutboxEntry): Promise<void> {
    if (!(await this.#putArtifacts(entry))) return
    this.#uploaded.add(entry)
  }

  /** False when a copy is gone from both sides: the entry is given up, and the chunk is free once the lease ends. */
  async #putArtifacts(entry: OutboxEntry): Promise<boolean> {
    const { cache, store, fault } = this.#parts
    for (const digest of artifactsOf(entry)) {
      const bytes = await cache.own(digest)
      if (bytes === null) {
        if (await this.#answer(store.has(digest))) continue
        await this.#drop(entry, `artifact ${digest} is gone`)
        return false
      }
      await this.#answer(store.put(bytes))
      fault('upload.done')
    }
    return true
  }

  async #commit(entries: readonly OutboxEntry[]): Promise<void> {
    const [lead] = entries
    if (lead === undefined) return
    this.#committing = true
    try {
      const commits = entries
        .map(({ content }) => (content.kind === 'commit' ? content.commit : null))
        .filter((one): one is Commit => one !== null)
      const verdicts = await this.#answer(this.#parts.link.commit(this.#parts.host, ledgerOf(lead), commits))
      for (const [i, entry] of entries.entries()) await this.#judge(entry, verdicts[i])
      if (verdicts.includes('need')) this.#hold()
    } finally {
      this.#committing = false
    }
  }

  async #judge(entry: OutboxEntry, verdict: CommitVerdict | undefined): Promise<void> {
    if (verdict === 'ok') await this.#acknowledge(entry)
    else if (verdict === 'drop') await this.#drop(entry, 'the service does not know this encoding')
    else this.#uploaded.delete(entry)
  }

  async #end(entry: OutboxEntry): Promise<void> {
    if (entry.content.kind !== 'end' || !(await this.#putArtifacts(entry))) return
    await this.#answer(this.#parts.link.end(entry.content.end))
    await this.#acknowledge(entry)
  }

  async #acknowledge(entry: OutboxEntry): Promise<void> {
    this.#parts.fault('ack.before-remove')
    await this.#parts.outbox.remove(entry)
    this.#parts.cache.delivered(artifactsOf(entry))
    this.#uploaded.delete(entry)
    this.#alone.delete(entry)
  }

  async #drop(entry: OutboxEntry, reason: string): Promise<void> {
    await this.#parts.outbox.drop(entry)
    this.#uploaded.delete(entry)
    this.#alone.delete(entry)
    this.#parts.log({ event: 'entry-dropped', lease: leaseOf(entry), kind: entry.content.kind, reason })
  }

  async #onFailure(entries: readonly OutboxEntry[], thrown: unknown): Promise<void> {
    const permanent = thrown instanceof SweepError && PERMANENT.has(thrown.code)
    if (!permanent) return this.#pauseFor(thrown)
    if (entries.length > 1) for (const entry of entries) this.#alone.add(entry)
    else for (const entry of entries) await this.#drop(entry, thrown.message)
  }

  #pauseFor(thrown: unknown): void {
    if (this.#timer === null && !this.#closed) {
      this.#parts.log({
        event: 'service-away',
        what: 'delivery',
        message: thrown instanceof Error ? thrown.message : String(thrown),
      })
    }
    this.#hold()
  }

  #hold(): void {
    if (this.#timer !== null || this.#closed) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#pump()
    }, this.#backoff.next())
  }
}
