import type { Beat, BeatAnswer, Claim, ClaimAnswer, Commit, CommitVerdict, End, PreparedTask } from '@sweepboard/contracts'
import { SweepError } from '@sweepboard/contracts'
import { windowFor } from '@sweepboard/dispatch'
import { type LeaseRow, Ledger, openDatabase, type SqliteDatabase } from '@sweepboard/ledger'
import { Coordinator } from '../../src/coordinator.ts'
import { Chance } from './chance.ts'
import { Oracle } from './oracle.ts'
import { SimHost, type WorkerBreakage } from './sim-host.ts'
import { SimQueue } from './sim-queue.ts'
import { Crash, Violation } from './violation.ts'
import { type Mode, World } from './world.ts'

/** Faults happen before this tick; one tick is a second. */
const CALM = 160
const LAST_TICK = 2600
const BEAT_TICKS = 3
const GC_TICKS = 40

export const POINTS = [
  'submit.after',
  'prepared.before',
  'lease.before-add',
  'lease.after-add',
  'claim.before',
  'claim.after',
  'commit.before',
  'commit.after',
  'end.before',
  'end.after',
  'expire.after',
  'control.after',
  'gc.after-mark',
  'gc.before-unlink',
  'w.taken',
  'w.claim-sent',
  'w.claimed',
  'w.chunk-begun',
  'w.artifact-before',
  'w.artifact-written',
  'w.outbox-written',
  'w.ticket-before',
  'w.ticket-done',
  'w.ack-before-remove',
  'w.score-read',
  'w.score-done',
  'w.upload-done',
] as const

/** A part built wrong on purpose: what a test plants to see that an invariant finds it. */
export interface Breakage {
  readonly worker?: WorkerBreakage
  /** Changes a freshly opened ledger. */
  readonly ledger?: (ledger: Ledger, db: SqliteDatabase, chance: Chance) => void
  readonly coordinator?: (coordinator: Coordinator) => void
  /** Changes the database once, e.g. by a trigger. */
  readonly database?: (db: SqliteDatabase) => void
  readonly random?: (bytes: number) => Uint8Array
  readonly graceBeats?: number
  /** The service's clock from the simulation's, ms. */
  readonly now?: (ms: number, sinceBoot: number) => number
  readonly tailKillers?: boolean
}

export interface Outcome {
  readonly ticks: number
  readonly mode: Mode
  readonly expired: number
  readonly hit: ReadonlySet<string>
}

interface Requests {
  beat: [Beat, BeatAnswer]
  claim: [Claim, ClaimAnswer]
  commit: [Commit[], CommitVerdict[]]
  end: [End, true]
  put: [{ digest: string; label: string }, true]
  fetch: [string[], (string | null)[]]
}

/** One seed: the shipped ledger, dispatcher and coordinator under a simulated clock, network, queue, disk and hosts. */
export class Simulation {
  readonly mode: Mode
  readonly chance: Chance
  readonly world: World
  readonly queue: SimQueue
  readonly oracle: Oracle
  readonly hosts: SimHost[] = []
  readonly db: SqliteDatabase
  readonly store = new Map<string, string>()
  /** Digests whose file was removed or damaged from outside. */
  readonly damaged = new Set<string>()
  readonly net: { drop: number; delay: number }
  readonly hit = new Set<string>()
  now = 0
  ledger: Ledger
  ledgerId: string
  #coordinator: Coordinator
  #isUp = true
  #bootedAt = 0
  #downUntil = 0
  #crashed: string | null = null
  #inBeat = false
  #runCount = 0
  #knownLeases = new Set<string>()
  #isRetried = false
  readonly #breakage: Breakage
  readonly #armed = new Map<string, number>()
  readonly #chaos: number
  readonly #agenda = new Map<number, (() => void)[]>()
  readonly #preparing: { at: number; boot: number; settle: () => void }[] = []
  readonly #controls: { at: number; action: 'pause' | 'resume' | 'cancel' | 'retry'; sweep: string }[] = []
  readonly #verbose: boolean
  readonly #statements = new Map<string, ReturnType<SqliteDatabase['prepare']>>()

  constructor(seed: number, breakage: Breakage = {}, verbose = false) {
    this.#verbose = verbose
    this.#breakage = breakage
    this.chance = new Chance(seed)
    const { chance } = this
    this.mode = seed % 8 === 0 ? 'clean' : seed % 8 === 1 ? 'control' : seed % 8 <= 4 ? 'points' : 'chaos'
    if (this.mode === 'points')
      for (let i = 0; i < 1 + chance.int(4); i += 1) this.#armed.set(chance.pick(POINTS), 1 + chance.int(6))
    this.#chaos = this.mode === 'chaos' ? chance.pick([0.002, 0.005, 0.012]) : 0
    this.net =
      this.mode === 'chaos'
        ? { drop: chance.pick([0, 0.03, 0.1]), delay: 1 + chance.int(4) }
        : { drop: this.mode === 'points' ? chance.pick([0, 0.02]) : 0, delay: 1 + chance.int(2) }
    this.world = new World(chance, {
      mode: this.mode,
      killerRate: seed % 16 === 5 ? 0.05 : 0.004,
      tailKillers: breakage.tailKillers ?? seed % 16 === 13,
    })
    this.queue = new SimQueue(chance)
    this.oracle = new Oracle(this)
    this.db = openDatabase(':memory:')
    breakage.database?.(this.db)
    this.ledger = this.#openLedger()
    this.ledgerId = this.ledger.id
    this.#coordinator = this.#newCoordinator()
    for (let i = 0; i < 1 + chance.int(3); i += 1) this.hosts.push(new SimHost(this, i, breakage.worker ?? {}))
    if (this.mode !== 'clean') this.#planControls()
  }

  log(...words: unknown[]): void {
    if (this.#verbose) console.log(`t${this.now}`, ...words)
  }

  nextRun(): number {
    this.#runCount += 1
    return this.#runCount
  }

  leaseRow(id: string): LeaseRow | undefined {
    return this.sql<LeaseRow>('select * from lease where id = ?', id)[0]
  }

  /** A named crash point: the process that passes it may die here. */
  point(name: string): void {
    this.hit.add(name)
    if (this.now >= CALM) return
    const left = this.#armed.get(name)
    if (left === 1) this.#armed.delete(name)
    else if (left !== undefined) this.#armed.set(name, left - 1)
    if (left !== 1 && !this.chance.hits(this.#chaos)) return
    if (!name.startsWith('w.')) this.#crashed = name
    throw new Crash(name)
  }

  later(ticks: number, run: () => void): void {
    const at = this.now + Math.max(1, ticks)
    this.#agenda.set(at, [...(this.#agenda.get(at) ?? []), run])
  }

  /** To a process that may be stopped (then when it goes on) or dead (then never). */
  deliverTo(host: SimHost, run: () => void): void {
    const { boot } = host
    const read = () => {
      if (host.boot === boot) host.alive(run)
    }
    if (host.stoppedUntil > 0) host.mail.push(read)
    else read()
  }

  #openLedger(): Ledger {
    const ledger = Ledger.over(this.db, {
      random: this.#breakage.random ?? ((bytes) => this.chance.bytes(bytes)),
      wallClock: () => `t${this.now}`,
    })
    this.#breakage.ledger?.(ledger, this.db, this.chance)
    const expire = ledger.expire.bind(ledger)
    ledger.expire = (lease) => {
      this.oracle.expiring(lease, this.#inBeat)
      return expire(lease)
    }
    return ledger
  }

  #newCoordinator(): Coordinator {
    this.#bootedAt = this.now
    const clock = this.#breakage.now ?? ((_ms: number, sinceBoot: number) => sinceBoot)
    const boot = this.now
    const coordinator = new Coordinator({
      ledger: this.ledger,
      queue: this.queue,
      now: () => clock(this.now * 1000, (this.now - boot) * 1000),
      artifacts: {
        exists: (digest) => this.store.has(digest),
        verify: (digest) => (this.store.get(digest) ?? 'JUNK') !== 'JUNK',
        remove: (digest) => void this.store.delete(digest),
      },
      prepare: (key) => this.#prepare(key),
      beatMs: BEAT_TICKS * 1000,
      graceBeats: this.#breakage.graceBeats ?? 5,
      random: () => this.chance.next(),
      point: (name) => this.point(name),
      log: (entry) => this.log('service', JSON.stringify(entry)),
    })
    this.#breakage.coordinator?.(coordinator)
    return coordinator
  }

  #prepare(key: string): Promise<PreparedTask> {
    const { promise, resolve, reject } = Promise.withResolvers<PreparedTask>()
    const task = this.world.tasks.find((one) => one.key === key)
    const isShaky = this.mode !== 'clean' && this.now < CALM && this.chance.hits(0.15)
    const settle = () => {
      if (isShaky) reject(new SweepError('SB-HTTP-001', { url: 'hub', message: 'away' }))
      else if (task?.isBad) reject(new SweepError('SB-TASK-001', { count: 1, task: key }))
      else resolve(this.world.prepared(key))
    }
    this.#preparing.push({ at: this.now + 2 + this.chance.int(8), boot: this.#bootedAt, settle })
    return promise
  }

  #planControls(): void {
    const { chance } = this
    for (let i = 0; i < chance.int(4); i += 1) {
      const sweep = chance.pick(this.world.plans).id
      const at = chance.int(120)
      this.#controls.push({ at, action: chance.pick(['pause', 'pause', 'cancel'] as const), sweep })
      if (chance.hits(0.8))
        this.#controls.push({ at: at + 5 + chance.int(60), action: chance.pick(['resume', 'retry'] as const), sweep })
    }
    this.#controls.sort((a, b) => a.at - b.at)
  }

  /** Sends a message; `null` is an answer that never came. */
  request<K extends keyof Requests>(
    host: SimHost,
    message: { kind: K; body: Requests[K][0] },
    read: (answer: Requests[K][1] | null) => void,
  ): void {
    const { boot } = host
    const body: Requests[K][0] = JSON.parse(JSON.stringify(message.body))
    const travel = () => 1 + this.chance.int(this.net.delay)
    const isLost = () => this.now < CALM && this.chance.hits(this.net.drop)
    const reply = (answer: Requests[K][1] | null, extra = 0) =>
      this.later(travel() + extra, () => {
        if (host.isUp && host.boot === boot) this.deliverTo(host, () => read(answer))
      })
    const lose = () => {
      if (message.kind === 'beat') host.disturbed = this.now
      reply(null, 6)
    }
    if (isLost() || host.isCut) return lose()
    const late = this.mode === 'chaos' && this.now < CALM && this.chance.hits(0.03) ? this.chance.int(25) : 0
    if (late > 0 && message.kind === 'beat') host.disturbed = this.now
    this.later(travel() + late, () => {
      const answer = this.#answer(host, message.kind, body)
      if (answer === null) return reply(null)
      if (isLost()) return lose()
      reply(JSON.parse(JSON.stringify(answer)))
    })
  }

  #answer<K extends keyof Requests>(host: SimHost, kind: K, body: Requests[K][0]): Requests[K][1] | null {
    if (!this.#isUp) return null
    const c = this.#coordinator
    const handlers: { [Q in keyof Requests]: (body: Requests[Q][0]) => Requests[Q][1] } = {
      beat: (beat) => c.beat(beat),
      claim: (claim) => c.claim(claim),
      commit: (commits) => c.commit(host.id, this.ledgerId, commits),
      end: (end) => {
        this.oracle.ending(host, end.lease)
        c.end(end)
        return true
      },
      put: ({ digest, label }) => {
        this.store.set(digest, label)
        return true
      },
      fetch: (digests) => digests.map((digest) => (this.store.get(digest) === 'JUNK' ? null : (this.store.get(digest) ?? null))),
    }
    this.#inBeat = kind === 'beat'
    try {
      return handlers[kind](body)
    } catch (thrown) {
      if (!(thrown instanceof Crash)) throw thrown
      this.#crash(thrown.point)
      return null
    } finally {
      this.#inBeat = false
    }
  }

  #crash(point: string): void {
    this.log('service CRASH', point)
    this.#isUp = false
    this.#crashed = null
    this.#downUntil = this.now + 1 + this.chance.int(point === 'long' ? 60 : 12)
  }

  async run(): Promise<Outcome> {
    let isOver = false
    for (this.now = 1; this.now < LAST_TICK && !isOver; this.now += 1) {
      this.queue.isHostile = this.mode === 'chaos' && this.now < CALM
      this.queue.tick(this.now)
      if (this.queue.isHostile) this.#mischief()
      if (this.now === CALM) this.#heal()
      for (const run of this.#agenda.get(this.now) ?? []) run()
      this.#agenda.delete(this.now)
      await this.#service()
      for (const host of this.hosts) host.tick()
      this.oracle.check()
      isOver = this.#isOver()
    }
    if (!isOver) throw new Violation('terminates', this.#state())
    this.oracle.checkEnd()
    this.db.close()
    return { ticks: this.now, mode: this.mode, expired: this.oracle.expiredCount, hit: this.hit }
  }

  async #service(): Promise<void> {
    if (!this.#isUp) {
      if (this.now < this.#downUntil) return
      this.#isUp = true
      this.ledger = this.#openLedger()
      this.#coordinator = this.#newCoordinator()
      this.log('service up')
    }
    try {
      this.#users()
      for (const { settle } of this.#preparing.filter(({ at, boot }) => at <= this.now && boot === this.#bootedAt)) settle()
      this.#preparing.splice(
        0,
        this.#preparing.length,
        ...this.#preparing.filter(({ at, boot }) => at > this.now && boot === this.#bootedAt),
      )
      for (let i = 0; i < 4; i += 1) await null
      this.#knownLeases = new Set(this.#leases().map(({ id }) => id))
      if (this.#crashed === null) await this.#coordinator.tick()
      this.#checkWindow()
      if (this.#crashed === null && this.now % 10 === 0) this.#collect()
    } catch (thrown) {
      if (!(thrown instanceof Crash)) throw thrown
    }
    if (this.#crashed !== null) this.#crash(this.#crashed)
  }

  #users(): void {
    const c = this.#coordinator
    for (const { id, at, plan, weight } of this.world.plans) {
      if (this.now > at && this.sql('select 1 from sweep where id = ?', id).length === 0)
        c.submit({ sweep: id, name: id, spec: '', plan, createdAt: '', weight })
    }
    while (this.#controls.length > 0 && (this.#controls[0]?.at ?? 0) <= this.now) {
      const next = this.#controls.shift()
      if (next) this.#control(next.sweep, next.action)
    }
    if (this.now <= CALM) return
    for (const { id, state } of this.ledger.sweeps()) if (state === 'paused') this.#control(id, 'resume')
  }

  #control(sweep: string, action: 'pause' | 'resume' | 'cancel' | 'retry'): void {
    try {
      this.#coordinator.control(sweep, action)
    } catch (thrown) {
      if (!(thrown instanceof SweepError) || !['SB-LEDGER-002', 'SB-LEDGER-003'].includes(thrown.code)) throw thrown
    }
  }

  #collect(): void {
    const ms = (this.now - this.#bootedAt) * 1000
    this.ledger.markGarbage(this.store.keys(), ms)
    this.point('gc.after-mark')
    this.ledger.deleteGarbage(ms, GC_TICKS * 1000, (digest) => {
      this.point('gc.before-unlink')
      this.store.delete(digest)
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
    return this.sql('select id, lane from lease')
  }

  /** Rows straight from the database, past the ledger's own reads. */
  sql<R>(text: string, ...values: (string | number)[]): R[] {
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      statement = this.db.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement.all(...values) as R[]
  }

  /** One random fault, or none. */
  #mischief(): void {
    const { chance } = this
    const host = chance.pick(this.hosts)
    const k = chance.next()
    const during = (ticks: number, undo: () => void) => this.later(ticks, undo)
    if (k < 0.02) {
      if (host.isUp) host.kill('random')
    } else if (k < 0.03) {
      if (this.#isUp) this.#crash(chance.hits(0.3) ? 'long' : 'random')
    } else if (k < 0.04) {
      if (host.isUp && host.stoppedUntil === 0) host.stoppedUntil = this.now + 2 + chance.int(50)
    } else if (k < 0.048) this.queue.flush()
    else if (k < 0.056) this.queue.rollBack()
    else if (k < 0.062) {
      this.queue.isUp = false
      during(3 + chance.int(25), () => {
        this.queue.isUp = true
      })
    } else if (k < 0.068) this.#cut(host)
    else if (k < 0.074) this.#fill(host)
    else if (k < 0.08) this.#damage()
    else if (k < 0.083) this.#vanish(host)
    else if (k < 0.09 && host.isUp) {
      host.isDraining = true
      during(15, () => {
        host.isDraining = false
      })
    }
  }

  #cut(host: SimHost): void {
    host.isCut = true
    host.disturbed = this.now
    this.later(5 + this.chance.int(50), () => {
      host.isCut = false
      host.disturbed = this.now
    })
  }

  #fill(host: SimHost): void {
    host.isFull = true
    host.wasFull = this.now
    this.later(10 + this.chance.int(30), () => {
      host.isFull = false
      host.wasFull = this.now
    })
  }

  #damage(): void {
    const rows = this.sql<{ digest: string }>('select digest from chunk where digest is not null')
    if (rows.length === 0) return
    const { digest } = this.chance.pick(rows)
    this.damaged.add(digest)
    if (this.chance.hits(0.5)) this.store.delete(digest)
    else this.store.set(digest, 'JUNK')
  }

  /** A host goes, and its disk with it. */
  #vanish(host: SimHost): void {
    if (!host.isUp || host.isGone || this.hosts.filter(({ isGone }) => !isGone).length < 2) return
    if (this.world.hasEndpoint && host.id === 'h0') return
    host.isGone = this.chance.hits(0.5) ? 'for good' : 'for now'
    host.kill('vanishes')
    this.oracle.allow(host.disk.outbox.length)
    host.disk = { outbox: [], copies: new Map(), marks: new Map(), nextId: host.disk.nextId }
  }

  #heal(): void {
    this.queue.isUp = true
    for (const host of this.hosts) {
      host.isCut = false
      host.isFull = false
      host.isDraining = false
      if (host.stoppedUntil > 0) host.stoppedUntil = this.now
      if (host.isGone === 'for now') host.isGone = false
      if (!host.isUp) host.downUntil = this.now
    }
    if (!this.#isUp) this.#downUntil = this.now
  }

  #isOver(): boolean {
    if (this.now <= CALM || !this.#isUp) return false
    const sweeps = this.ledger.sweeps()
    if (sweeps.length < this.world.plans.length || sweeps.some(({ state }) => state === 'running' || state === 'paused'))
      return false
    if (!this.#isRetried) {
      this.#isRetried = true
      if (this.chance.hits(0.3)) this.#control(this.chance.pick(this.world.plans).id, 'retry')
      return false
    }
    return this.hosts.every((host) => host.isGone || host.disk.outbox.length === 0)
  }

  #state(): string {
    const open = this.sql('select sweep, grp from want where open = 1')
    const leases = this.sql('select id, kind, lane, run, host from lease')
    const sweeps = this.ledger.sweeps().map(({ id, state }) => `${id} ${state}`)
    return `not finished by ${this.now}: ${JSON.stringify({ sweeps, open, leases, unservable: this.#coordinator.unservable() }).slice(0, 900)}`
  }
}
