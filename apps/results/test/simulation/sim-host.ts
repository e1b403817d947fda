import {
  type Beat,
  type Claim,
  type ClaimAnswer,
  type End,
  isPairRecipe,
  laneName,
  SCORE_LANE,
  type SlotReport,
} from '@sweepboard/contracts'
import { CHUNK_TOKENS } from './chunk-size.ts'
import { SimOutbox } from './sim-outbox.ts'
import { scoreStep } from './sim-score.ts'
import { type Disk, type Entry, type Job, newJob, type SimSlot, type WorkerBreakage } from './sim-types.ts'
import { encodeStep } from './sim-work.ts'
import type { Simulation } from './simulation.ts'
import { Crash } from './violation.ts'

/** A text that takes the worker down does so in the second tick, or in the only one. */
const KILL_TICKS = 2

export interface HostShape {
  readonly slotCount: number
  readonly ticksPerChunk: number
  /** In which tick of its chunk a text that takes the worker down does so. */
  readonly killTicks: number
}

/** A worker's host: slots, outbox and marks on a simulated disk, one request at a time to a simulated network. */
export class SimHost {
  readonly id: string
  readonly breakage: WorkerBreakage
  isUp = false
  boot = 0
  downUntil = 0
  stoppedUntil = 0
  isFull = false
  wasFull = Number.NEGATIVE_INFINITY
  isDraining = false
  isCut = false
  isGone: false | 'for now' | 'for good' = false
  /** When last it was killed, stopped, cut off or lost a beat. */
  disturbed = Number.NEGATIVE_INFINITY
  disk: Disk = { outbox: [], copies: new Map(), marks: new Map(), nextId: 0 }
  slots: SimSlot[] = []
  mail: (() => void)[] = []
  readonly #sim: Simulation
  readonly #slotCount: number
  readonly ticksPerChunk: number
  readonly killTicks: number
  readonly #hasEndpoint: boolean
  #outbox: SimOutbox
  #seq = 0

  /** `shape`: where it is not drawn. */
  constructor(sim: Simulation, index: number, { breakage, shape }: { breakage: WorkerBreakage; shape: HostShape | null }) {
    this.#sim = sim
    this.#outbox = new SimOutbox(sim, this)
    this.id = `h${index}`
    this.breakage = breakage
    this.#slotCount = shape?.slotCount ?? 1 + sim.chance.int(2)
    this.ticksPerChunk = shape?.ticksPerChunk ?? 1 + sim.chance.int(3)
    this.killTicks = shape?.killTicks ?? KILL_TICKS
    this.#hasEndpoint = sim.world.hasEndpoint && (index === 0 || sim.chance.hits(0.4))
    this.#start()
  }

  #start(): void {
    this.isUp = true
    this.stoppedUntil = 0
    this.boot += 1
    this.#seq = 0
    this.mail = []
    this.#outbox = new SimOutbox(this.#sim, this)
    this.isDraining = false
    const slot = (id: string, device: 'cpu' | 'endpoint'): SimSlot => ({
      id,
      device,
      isScore: id === 'score',
      lane: null,
      want: null,
      jobs: [],
      loadedAt: 0,
    })
    this.slots = Array.from({ length: this.#slotCount }, (_, i) => slot(`cpu${i}`, 'cpu'))
    if (this.#hasEndpoint) this.slots.push(slot('remote', 'endpoint'))
    this.slots.push(slot('score', 'cpu'))
    for (const [lease, items] of this.disk.marks) {
      const done = new Set(
        this.disk.outbox.flatMap(({ commit }) => (commit?.lease === lease ? [`${commit.encoding}#${commit.n}`] : [])),
      )
      const crashed = items.filter(({ encoding, n }) => !done.has(`${encoding}#${n}`)).map(({ encoding, n }) => ({ encoding, n }))
      this.write({ lease, commit: null, end: this.endOf(lease, { crashed }), artifacts: [] })
    }
    this.disk.marks.clear()
  }

  kill(why: string): void {
    const sim = this.#sim
    sim.log(this.id, 'KILL', why)
    this.isUp = false
    this.disturbed = sim.now
    this.downUntil = sim.now + 1 + sim.chance.int(sim.chance.hits(0.3) ? 60 : 8)
    for (const { jobs } of this.slots) for (const job of jobs) if (job.current) sim.oracle.allow(1)
  }

  /** Every lease held: from the moment its claim is sent to the acknowledgement of its last outbox entry. */
  holding(): string[] {
    const held = new Set(this.breakage.outboxNotNamed ? [] : this.disk.outbox.map(({ lease }) => lease))
    for (const { jobs } of this.slots) {
      for (const { lease, state } of jobs)
        if (state === 'running' || (state === 'claiming' && !this.breakage.claimNamedLate)) held.add(lease)
    }
    return [...held]
  }

  tick(): void {
    const { now } = this.#sim
    if (!this.isUp) {
      this.disturbed = now
      if (now >= this.downUntil && !this.isGone) this.#start()
      return
    }
    if (this.stoppedUntil > 0) {
      this.disturbed = now
      if (now < this.stoppedUntil) return
      this.stoppedUntil = 0
      for (const read of this.mail.splice(0)) read()
      return
    }
    this.alive(() => {
      if ((now + this.boot) % 3 === 0) this.#beat()
      this.#outbox.deliver()
      for (const slot of this.slots) this.#work(slot)
    })
  }

  /** Runs a step of this process; a crash point in it kills the process. */
  alive(step: () => void): void {
    if (!this.isUp) return
    try {
      step()
    } catch (thrown) {
      if (!(thrown instanceof Crash)) throw thrown
      this.kill(thrown.point)
    }
  }

  #beat(): void {
    this.#seq += 1
    const beat: Beat = {
      host: this.id,
      hostname: this.id,
      boot: this.boot,
      seq: this.#seq,
      version: '1',
      slots: this.slots.map((slot) => this.#report(slot)),
      holding: this.holding(),
      weights: null,
      allowEnv: [],
    }
    this.#sim.request(this, { kind: 'beat', body: beat }, (answer) => {
      if (answer === null) return
      for (const lease of answer.stop) {
        const isRunning = this.slots.some(({ jobs }) => jobs.some((job) => job.lease === lease && job.state === 'running'))
        if (isRunning) this.#sim.oracle.stopped(lease)
        if (!this.breakage.ignoresStop) this.#stop(lease)
      }
      for (const slot of this.slots) {
        const lane = answer.lanes[slot.id]
        if (lane !== undefined) slot.want = lane
      }
    })
  }

  #report(slot: SimSlot): SlotReport {
    const isMoving = this.isDraining || slot.want?.key !== slot.lane?.key
    const state = this.isFull
      ? 'full'
      : slot.isScore
        ? this.isDraining
          ? 'draining'
          : 'serving'
        : isMoving
          ? 'draining'
          : slot.lane === null
            ? 'idle'
            : 'serving'
    const tokensPerSecond = slot.lane === null ? {} : { [slot.lane.key]: (this.#sim.pace * CHUNK_TOKENS) / this.ticksPerChunk }
    return {
      id: slot.id,
      device: slot.device,
      memoryBytes: 1e9,
      deviceCount: 1,
      deviceName: null,
      reading: null,
      peakBytes: {},
      loadSeconds: {},
      state,
      lane: slot.lane?.key ?? null,
      tokensPerSecond,
      closed: [],
    }
  }

  #stop(lease: string): void {
    for (const slot of this.slots) {
      for (const job of [...slot.jobs]) {
        if (job.lease !== lease || job.state !== 'running') continue
        if (job.current) this.#sim.oracle.allow(1)
        this.disk.marks.delete(lease)
        this.leave(slot, job)
      }
    }
  }

  leave(slot: SimSlot, job: Job): void {
    job.isDead = true
    slot.jobs = slot.jobs.filter((one) => one !== job)
    this.#sim.queue.finish(job.queue, job.lease)
  }

  write(entry: Omit<Entry, 'id' | 'isUploaded'>): boolean {
    if (this.isFull) return false
    this.disk.nextId += 1
    this.disk.outbox.push({ ...entry, id: this.disk.nextId, isUploaded: false })
    return true
  }

  endOf(lease: string, parts: Partial<End>): End {
    return {
      ledger: this.#sim.ledger.id,
      host: this.id,
      boot: this.boot,
      lease,
      results: [],
      failures: [],
      scoreFailures: [],
      missing: [],
      crashed: [],
      ...parts,
    }
  }

  #work(slot: SimSlot): void {
    const sim = this.#sim
    const queue = slot.isScore ? SCORE_LANE : slot.lane === null ? null : laneName(slot.lane.key)
    for (const job of slot.jobs) sim.queue.renew(job.queue, job.lease, sim.now)
    const isMoving = !slot.isScore && slot.want?.key !== slot.lane?.key
    if (isMoving || this.isDraining) this.#giveBack(slot)
    if (isMoving && slot.jobs.length === 0) {
      slot.lane = slot.want
      slot.loadedAt = sim.now + 4
    }
    if (queue !== null && !isMoving && slot.jobs.length < 2 && sim.now >= slot.loadedAt && !this.isFull && !this.isDraining)
      this.#take(slot, queue)
    const [job] = slot.jobs
    if (job?.state !== 'running') return
    if (slot.isScore) scoreStep(sim, this, slot, job)
    else encodeStep(sim, this, slot, job)
  }

  #giveBack(slot: SimSlot): void {
    for (const job of slot.jobs) {
      if (job.state !== 'running' || slot.isScore || job.todo.length === 0) continue
      job.todo = []
      job.gaveBack = true
    }
  }

  #take(slot: SimSlot, queue: string): void {
    const sim = this.#sim
    const lease = sim.queue.take(queue, sim.now)
    if (lease === null) return
    const job = newJob({ lease, run: `${this.id}.${this.boot}.${sim.nextRun()}`, queue })
    slot.jobs.push(job)
    sim.point('w.taken')
    this.#claim(slot, job)
  }

  #claim(slot: SimSlot, job: Job): void {
    const sim = this.#sim
    job.state = 'claiming'
    sim.point('w.claim-sent')
    const claim: Claim = { lease: job.lease, run: job.run, host: this.id, boot: this.boot, seq: this.#seq, slot: slot.id }
    sim.request(this, { kind: 'claim', body: claim }, (answer) => {
      if (job.isDead) return
      if (answer === null) {
        sim.deliverLater(this, 2, () => {
          if (!job.isDead) this.#claim(slot, job)
        })
        return
      }
      this.#claimed(slot, job, answer)
    })
  }

  #claimed(slot: SimSlot, job: Job, answer: ClaimAnswer): void {
    if (answer.state === 'gone') {
      this.leave(slot, job)
      return
    }
    this.#sim.oracle.granted(job.lease, job.run)
    job.state = 'running'
    job.work = answer.work
    if (answer.work.kind === 'encode') {
      const { load, parts } = answer.work
      job.all = parts.flatMap(({ encoding, side, textSet, chunks }) =>
        chunks.map(({ n }) => ({
          encoding,
          n,
          label: this.#sim.world.label(load.key, textSet, side, n),
          pairSet: isPairRecipe(side) ? textSet : null,
        })),
      )
      job.todo = [...job.all]
    }
    this.#sim.point('w.claimed')
  }
}
