import type { SimHost } from './sim-host.ts'
import type { Entry } from './sim-types.ts'
import type { Simulation } from './simulation.ts'

/** Delivery of one boot of a host: what is in flight dies with the process, what is on the disk does not. */
export class SimOutbox {
  readonly #sim: Simulation
  readonly #host: SimHost
  readonly #inFlight = new Set<number>()

  constructor(sim: Simulation, host: SimHost) {
    this.#sim = sim
    this.#host = host
  }

  /** Up to 8 entries in flight; an `end` only after all earlier entries of its lease. */
  deliver(): void {
    const entries = this.#host.breakage.endFirst ? [...this.#host.disk.outbox].reverse() : this.#host.disk.outbox
    for (const entry of entries) {
      if (this.#inFlight.size >= 8) return
      const isEarly =
        entry.end !== null &&
        !this.#host.breakage.endFirst &&
        this.#host.disk.outbox.some(({ id, lease }) => lease === entry.lease && id < entry.id)
      if (this.#inFlight.has(entry.id) || isEarly) continue
      this.#inFlight.add(entry.id)
      this.#send(entry)
    }
  }

  #send(entry: Entry): void {
    const sim = this.#sim
    const free = () => void this.#inFlight.delete(entry.id)
    const drop = () => {
      this.#host.disk.outbox = this.#host.disk.outbox.filter(({ id }) => id !== entry.id)
    }
    const done = () => {
      sim.point('w.ack-before-remove')
      drop()
      free()
      if (entry.commit) this.#host.disk.copies.delete(entry.commit.digest)
    }
    const retry = () => (this.#host.breakage.entryBeforeAck ? free() : sim.later(2, free))
    if (this.#host.breakage.entryBeforeAck) drop()
    const { commit, end } = entry
    if (end !== null) {
      sim.request(this.#host, { kind: 'end', body: end }, (answer) => (answer === null ? retry() : done()))
      return
    }
    if (commit === null) return
    const commitIt = () =>
      sim.request(this.#host, { kind: 'commit', body: [commit] }, (verdicts) => {
        if (verdicts === null) return retry()
        if (verdicts[0] !== 'need') return done()
        entry.isUploaded = false
        if (this.#host.disk.copies.has(commit.digest)) return free()
        sim.oracle.allow(1)
        done()
      })
    const label = this.#host.disk.copies.get(commit.digest)
    if (entry.isUploaded || label === undefined) {
      commitIt()
      return
    }
    sim.request(this.#host, { kind: 'put', body: { digest: commit.digest, label } }, (answer) => {
      if (answer === null) return retry()
      entry.isUploaded = true
      sim.point('w.upload-done')
      commitIt()
    })
  }
}
