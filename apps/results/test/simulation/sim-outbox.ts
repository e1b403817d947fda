import type { SimHost } from './sim-host.ts'
import type { Entry } from './sim-types.ts'
import type { Simulation } from './simulation.ts'

const REQUESTS = 8
const BATCH = 100

/** Delivery of one boot of a host: what is in flight dies with the process, what is on the disk does not. */
export class SimOutbox {
  readonly #sim: Simulation
  readonly #host: SimHost
  readonly #busy = new Set<Entry>()
  #requests = 0
  #isCommitting = false

  constructor(sim: Simulation, host: SimHost) {
    this.#sim = sim
    this.#host = host
  }

  /** Up to 8 requests: an `end` after all earlier entries of its lease, one batch of commits, uploads. */
  deliver(): void {
    for (const entry of this.#host.disk.outbox) if (this.#requests < REQUESTS && this.#isReadyEnd(entry)) this.#end(entry)
    const batch = this.#host.disk.outbox.filter((entry) => entry.commit && entry.isUploaded && !this.#busy.has(entry))
    if (!this.#isCommitting && batch.length > 0 && this.#requests < REQUESTS) this.#commit(batch.slice(0, BATCH))
    for (const entry of this.#host.disk.outbox) {
      if (this.#requests >= REQUESTS) return
      if (entry.commit && !entry.isUploaded && !this.#busy.has(entry)) this.#upload(entry, entry.commit.digest)
    }
  }

  #isReadyEnd(entry: Entry): boolean {
    if (entry.end === null || this.#busy.has(entry)) return false
    const isEarly = this.#host.disk.outbox.some(({ id, lease }) => lease === entry.lease && id < entry.id)
    return this.#host.breakage.endFirst === true || !isEarly
  }

  /** Entries are in flight; the answer frees them, a lost one after a pause. */
  #hold(entries: readonly Entry[]): { free: () => void; retry: () => void } {
    for (const entry of entries) this.#busy.add(entry)
    this.#requests += 1
    const free = () => {
      this.#requests -= 1
      for (const entry of entries) this.#busy.delete(entry)
    }
    return { free, retry: () => (this.#host.breakage.entryBeforeAck ? free() : this.#sim.later(2, free)) }
  }

  #send(entries: readonly Entry[]): { free: () => void; retry: () => void } {
    if (this.#host.breakage.entryBeforeAck) for (const entry of entries) this.#drop(entry)
    return this.#hold(entries)
  }

  #drop(entry: Entry): void {
    this.#host.disk.outbox = this.#host.disk.outbox.filter((one) => one !== entry)
  }

  #done(entry: Entry): void {
    this.#sim.point('w.ack-before-remove')
    this.#drop(entry)
    if (entry.commit) this.#host.disk.copies.delete(entry.commit.digest)
  }

  #end(entry: Entry): void {
    const { end } = entry
    if (end === null) return
    const { free, retry } = this.#send([entry])
    const put = (i: number): void => {
      const artifact = entry.artifacts[i]
      if (artifact === undefined) {
        this.#sim.request(this.#host, { kind: 'end', body: end }, (answer) => {
          if (answer === null) return retry()
          free()
          this.#done(entry)
        })
        return
      }
      const [digest, label] = artifact
      this.#sim.request(this.#host, { kind: 'put', body: { digest, label } }, (answer) =>
        answer === null ? retry() : put(i + 1),
      )
    }
    const ticks = end.pairSet === undefined ? 0 : this.#sim.pairTicks
    if (ticks === 0) put(0)
    else this.#sim.deliverLater(this.#host, ticks, () => put(0))
  }

  #upload(entry: Entry, digest: string): void {
    const label = this.#host.disk.copies.get(digest)
    if (label === undefined) {
      // Another entry of the same content took the copy with it: the service may have it all the same.
      entry.isUploaded = true
      return
    }
    const { free, retry } = this.#hold([entry])
    this.#sim.request(this.#host, { kind: 'put', body: { digest, label } }, (answer) => {
      if (answer === null) return retry()
      entry.isUploaded = true
      free()
      this.#sim.point('w.upload-done')
    })
  }

  #commit(entries: readonly Entry[]): void {
    const { free, retry } = this.#send(entries)
    this.#isCommitting = true
    const commits = entries.flatMap(({ commit }) => commit ?? [])
    this.#sim.request(this.#host, { kind: 'commit', body: commits }, (verdicts) => {
      this.#isCommitting = false
      if (verdicts === null) return retry()
      free()
      for (const [i, entry] of entries.entries()) this.#judge(entry, verdicts[i] === 'need')
    })
  }

  #judge(entry: Entry, isNeeded: boolean): void {
    if (isNeeded) {
      entry.isUploaded = false
      if (entry.commit && this.#host.disk.copies.has(entry.commit.digest)) return
      this.#sim.oracle.allow(1)
    }
    this.#done(entry)
  }
}
