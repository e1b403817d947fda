import type { Beat, BeatAnswer, Claim, ClaimAnswer, Commit, CommitVerdict, End, PreparedTask } from '@sweepboard/contracts'
import { SweepError } from '@sweepboard/contracts'
import { isAfter, windowFor } from '@sweepboard/dispatch'
import { Ledger, type Submission } from '@sweepboard/ledger'
import { Coordinator } from '../../src/coordinator.ts'
import type { VectorOrder } from '../../src/forget-vectors.ts'
import { Garbage } from '../../src/garbage.ts'
import type { Breakage } from './breakage.ts'
import type { SimHost } from './sim-host.ts'
import type { Simulation } from './simulation.ts'
import { Crash, Violation } from './violation.ts'

const BEAT_TICKS = 3
const GC_TICKS = 40

export interface Requests {
  beat: [Beat, BeatAnswer]
  claim: [Claim, ClaimAnswer]
  commit: [Commit[], CommitVerdict[]]
  end: [End, true]
  put: [{ digest: string; label: string }, true]
  fetch: [string[], (string | null)[]]
}

/** The service's process: the shipped ledger and coordinator over a database that outlives it, and the users who command it. */
export class SimService {
  isUp = true
  /** The crash point it is about to die of, where the thrown `Crash` was caught on the way. */
  crashed: string | null = null
  ledger: Ledger
  readonly #sim: Simulation
  readonly #breakage: Breakage
  #coordinator: Coordinator
  #garbage: Garbage
  #failed: unknown = null
  #bootedAt = 0
  #downUntil = 0
  #inBeat = false
  readonly #newestBeat = new Map<string, Beat>()
  #knownLeases = new Set<string>()
  #preparing: { at: number; boot: number; settle: () => void }[] = []
  readonly #controls: { at: number; action: 'pause' | 'resume' | 'cancel' | 'retry'; sweep: string }[] = []

  constructor(sim: Simulation, breakage: Breakage) {
    this.#sim = sim
    this.#breakage = breakage
    this.ledger = this.#openLedger()
    this.#coordinator = this.#newCoordinator()
    this.#garbage = this.#newGarbage()
    if (sim.mode !== 'clean' && !sim.isInStep) this.#planControls()
  }

  backAt(tick: number): void {
    if (!this.isUp) this.#downUntil = tick
  }

  unservable(): unknown {
    return this.#coordinator.unservable()
  }

  #openLedger(): Ledger {
    const ledger = Ledger.over(this.#sim.db, {
      random: this.#breakage.random ?? ((bytes) => this.#sim.chance.bytes(bytes)),
      wallClock: () => `t${this.#sim.now}`,
    })
    this.#breakage.ledger?.(ledger, this.#sim.db, this.#sim.chance)
    const expire = ledger.expire.bind(ledger)
    ledger.expire = (lease) => {
      this.#sim.oracle.expiring(lease, this.#inBeat)
      return expire(lease)
    }
    const forget = ledger.forget.bind(ledger)
    ledger.forget = (encodings, rule) => {
      const answer = this.#sim.oracle.forgetting.watch(rule, () => forget(encodings, rule))
      if (answer.forgotten.length > 0 && this.#sim.now < this.#sim.calm && this.#sim.retention.isFatal) {
        this.crashed = 'gc.forgotten'
        throw new Crash(this.crashed)
      }
      return answer
    }
    return ledger
  }

  #newCoordinator(): Coordinator {
    this.#bootedAt = this.#sim.now
    const boot = this.#sim.now
    const coordinator = new Coordinator({
      ledger: this.ledger,
      queue: this.#sim.queue,
      now: () => (this.#sim.now - boot) * 1000,
      artifacts: {
        exists: (digest) => this.#sim.store.has(digest),
        verify: (digest) => this.#sim.world.isTaskArtifact(digest) || (this.#sim.store.get(digest) ?? 'JUNK') !== 'JUNK',
        remove: (digest) => void this.#sim.store.delete(digest),
      },
      prepare: (key) => this.#prepare(key),
      beatMs: BEAT_TICKS * 1000,
      graceBeats: this.#breakage.graceBeats ?? 5,
      random: () => this.#sim.chance.next(),
      point: (name) => this.#sim.point(name),
      log: (entry) => this.#sim.log('service', JSON.stringify(entry)),
    })
    this.#breakage.coordinator?.(coordinator, this.ledger)
    return coordinator
  }

  #prepare(key: string): Promise<PreparedTask> {
    const { promise, resolve, reject } = Promise.withResolvers<PreparedTask>()
    const task = this.#sim.world.tasks.find((one) => one.key === key)
    const isShaky = this.#sim.mode !== 'clean' && this.#sim.now < this.#sim.calm && this.#sim.chance.hits(0.15)
    const settle = () => {
      if (isShaky) reject(new SweepError('SB-HTTP-001', { url: 'hub', message: 'away' }))
      else if (task?.isBad) reject(new SweepError('SB-TASK-001', { count: 1, task: key }))
      else resolve(this.#sim.world.prepared(key))
    }
    this.#preparing.push({ at: this.#sim.now + 2 + this.#sim.chance.int(8), boot: this.#bootedAt, settle })
    return promise
  }

  #planControls(): void {
    const { chance } = this.#sim
    for (let i = 0; i < chance.int(4); i += 1) {
      const sweep = chance.pick(this.#sim.world.plans).id
      const at = chance.int(120)
      this.#controls.push({ at, action: chance.pick(['pause', 'pause', 'cancel'] as const), sweep })
      if (chance.hits(0.8))
        this.#controls.push({ at: at + 5 + chance.int(60), action: chance.pick(['resume', 'retry'] as const), sweep })
    }
    this.#controls.sort((a, b) => a.at - b.at)
  }

  /** What the service says to a message; null where it is away or dies of it. */
  answer<K extends keyof Requests>(host: SimHost, kind: K, body: Requests[K][0]): Requests[K][1] | null {
    if (!this.isUp) return null
    const c = this.#coordinator
    const handlers: { [Q in keyof Requests]: (body: Requests[Q][0]) => Requests[Q][1] } = {
      beat: (beat) => {
        const answer = c.beat(beat)
        const newest = this.#newestBeat.get(beat.host)
        if (newest !== undefined && !isAfter(beat, newest)) return answer
        this.#newestBeat.set(beat.host, beat)
        this.#sim.oracle.answered(beat.holding, answer.stop)
        return answer
      },
      claim: (claim) => c.claim(claim),
      commit: (commits) => c.commit(host.id, this.ledger.id, commits),
      end: (end) => {
        this.#sim.oracle.ending(host, end)
        c.end(end)
        return true
      },
      put: ({ digest, label }) => {
        this.#sim.store.set(digest, label)
        this.ledger.keep(digest)
        return true
      },
      fetch: (digests) =>
        digests.map((digest) => (this.#sim.store.get(digest) === 'JUNK' ? null : (this.#sim.store.get(digest) ?? null))),
    }
    this.#inBeat = kind === 'beat'
    try {
      return handlers[kind](body)
    } catch (thrown) {
      // The host is told to upload again, and sends all of it once more.
      if (thrown instanceof SweepError && thrown.code === 'SB-ART-001') return null
      if (!(thrown instanceof Crash)) throw thrown
      this.crash(thrown.point)
      return null
    } finally {
      this.#inBeat = false
    }
  }

  /** The process dies; everything it had in memory is gone. */
  crash(point: string): void {
    this.#sim.log('service CRASH', point)
    this.isUp = false
    this.crashed = null
    this.#downUntil = this.#sim.now + 1 + this.#sim.chance.int(point === 'long' ? 60 : 12)
  }

  /** One tick of its life. */
  async tick(): Promise<void> {
    if (!this.isUp) {
      if (this.#sim.now < this.#downUntil) return
      this.isUp = true
      this.ledger = this.#openLedger()
      this.#coordinator = this.#newCoordinator()
      this.#garbage = this.#newGarbage()
      this.#newestBeat.clear()
      this.#sim.log('service up')
    }
    try {
      this.#users()
      for (const { settle } of this.#preparing.filter(({ at, boot }) => at <= this.#sim.now && boot === this.#bootedAt)) settle()
      this.#preparing.splice(
        0,
        this.#preparing.length,
        ...this.#preparing.filter(({ at, boot }) => at > this.#sim.now && boot === this.#bootedAt),
      )
      // Settled preparations go on in microtasks.
      for (let i = 0; i < 4; i += 1) await null
      this.#knownLeases = new Set(this.#leases().map(({ id }) => id))
      if (this.crashed === null) await this.#coordinator.tick()
      this.#checkWindow()
      if (this.crashed === null && this.#sim.now % 10 === 0) this.#collect()
      if (this.crashed === null && this.#sim.retention.isOn && this.#sim.now % 7 === 0) this.#inBackground(this.#garbage.retire())
      if (this.crashed === null && this.#sim.now < this.#sim.calm && this.#sim.retention.isAsked) this.#collect({})
    } catch (thrown) {
      if (!(thrown instanceof Crash)) throw thrown
    }
    if (this.#failed !== null) throw this.#failed
    if (this.crashed !== null) this.crash(this.crashed)
  }

  #users(): void {
    for (const { id, at, plan, weight } of this.#sim.world.plans) {
      if (this.#sim.now > at && this.#sim.sql('select 1 from sweep where id = ?', id).length === 0)
        this.#submit({ sweep: id, name: id, spec: '', plan, createdAt: '', weight, keep: this.#sim.retention.keepOf(id) })
    }
    while (this.#controls.length > 0 && (this.#controls[0]?.at ?? 0) <= this.#sim.now) {
      const next = this.#controls.shift()
      if (next) this.control(next.sweep, next.action)
    }
    if (this.#sim.now <= this.#sim.calm) return
    for (const { id, state } of this.#sim.sweepStates()) if (state === 'paused') this.control(id, 'resume')
  }

  /** As big sweeps do, the heavier ones send their groups before: the process may die in between. */
  #submit(sent: Submission & { weight: number }): void {
    if (sent.weight === 1) {
      this.#coordinator.submit(sent)
      return
    }
    const { groups } = sent.plan
    const first = groups.filter((_, i) => i < this.#sim.now % (groups.length + 1))
    this.ledger.addGroups(first, [])
    if (first.length < groups.length && this.#sim.now < this.#sim.calm) return
    const wants = groups.map(({ key, configs, rank }) => ({ group: key, configs, rank }))
    this.#coordinator.submit({ ...sent, plan: { ...sent.plan, groups: [] }, wants })
  }

  control(sweep: string, action: 'pause' | 'resume' | 'cancel' | 'retry'): void {
    try {
      this.#coordinator.control(sweep, action)
    } catch (thrown) {
      if (!(thrown instanceof SweepError) || !['SB-LEDGER-002', 'SB-LEDGER-003'].includes(thrown.code)) throw thrown
    }
  }

  /** The shipped garbage collector; between its slices a tick goes by. */
  #newGarbage(): Garbage {
    const sim = this.#sim
    const boot = sim.now
    return new Garbage({
      ledger: this.ledger,
      store: {
        list: () => sim.store.keys(),
        remove: (digest) => void sim.store.delete(digest),
        sizeSync: (digest) => sim.store.get(digest)?.length ?? null,
        removeLeftovers: () => 0,
      },
      now: () => (sim.now - boot) * 1000,
      pause: () => new Promise<void>((resolve) => sim.later(1, () => this.isUp && this.#bootedAt === boot && resolve())),
      point: (name) => sim.point(name),
    })
  }

  #collect(vectors?: VectorOrder): void {
    this.#inBackground(this.#garbage.collect({ olderThanMs: GC_TICKS * 1000, isDry: false, vectors }))
  }

  #inBackground(work: Promise<unknown>): void {
    work.catch((thrown: unknown) => {
      // A crash has named itself in `crashed`; the process dies at the end of this tick.
      if (!(thrown instanceof Crash)) this.#failed = thrown
    })
  }

  /** Leases made in this tick stay within three per slot that takes tickets of their lane. */
  #checkWindow(): void {
    const leases = this.#leases()
    const slots = new Map<string, number>()
    for (const host of this.#coordinator.hosts()) {
      for (const { id, lane, state } of host.slots) {
        const at = id === 'score' ? 'lane-score' : lane
        if (at !== null && state === 'serving') slots.set(at, (slots.get(at) ?? 0) + 1)
      }
    }
    for (const lane of new Set(leases.filter(({ id }) => !this.#knownLeases.has(id)).map((one) => one.lane))) {
      const open = leases.filter((one) => one.lane === lane).length
      if (open > windowFor(slots.get(lane) ?? 0))
        throw new Violation('bounded-window', `${open} leases for ${slots.get(lane) ?? 0} slots`)
    }
  }

  #leases(): { id: string; lane: string }[] {
    return this.#sim.sql('select id, lane from lease')
  }
}
