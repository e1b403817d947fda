import { type LeaseRow, type Ledger, openDatabase, type SqliteDatabase } from '@sweepboard/ledger'
import { SERVICE_CRASH_POINTS } from '../../src/crash-point.ts'
import type { Breakage } from './breakage.ts'
import { Chance } from './chance.ts'
import { heal, mischief } from './mischief.ts'
import { Oracle } from './oracle.ts'
import { SimHost } from './sim-host.ts'
import { SimQueue } from './sim-queue.ts'
import { SimRetention } from './sim-retention.ts'
import { type Requests, SimService } from './sim-service.ts'
import { Crash, Violation } from './violation.ts'
import { type Mode, World } from './world.ts'

const LAST_TICK = 2600
const CALM = 160
/** Tokens that slots say they do, in those that they do: a lease of two seconds holds one chunk in some seeds, many in others. */
const PACES = [1, 3, 3, 6]
const IN_STEP_PACE = 6
/** What stands over the first stages comes late. */
const LONG_CALM = 220

export const POINTS = [
  ...SERVICE_CRASH_POINTS,
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

export interface Outcome {
  readonly ticks: number
  readonly mode: Mode
  readonly expired: number
  readonly hit: ReadonlySet<string>
}

/** One seed: the shipped ledger, dispatcher and coordinator under a simulated clock, network, queue, disk and hosts. */
export class Simulation {
  readonly mode: Mode
  readonly chance: Chance
  /** Two slots of one worker, a killer text on one and an innocent chunk on the other (protocol section 14, hole 10). */
  readonly isInStep: boolean
  readonly world: World
  /** Faults happen before this tick; one tick is a second. */
  readonly calm: number
  readonly queue: SimQueue
  readonly oracle: Oracle
  readonly retention: SimRetention
  readonly hosts: SimHost[] = []
  readonly db: SqliteDatabase
  readonly store = new Map<string, string>()
  /** Digests whose file was removed or damaged from outside. */
  readonly damaged = new Set<string>()
  /** Chance of a damaged pair set, per tick of chaos. */
  readonly pairDamage: number
  readonly net: { drop: number; delay: number }
  /** How much faster slots say they are than they are. */
  readonly pace: number
  /** Extra ticks that a pair set travels: sweeps that come meanwhile may want it deeper. */
  readonly pairTicks: number
  readonly hit = new Set<string>()
  now = 0
  readonly service: SimService
  #runCount = 0
  #isRetried = false
  readonly #armed = new Map<string, number>()
  readonly #chaos: number
  readonly #agenda = new Map<number, (() => void)[]>()
  readonly #verbose: boolean
  readonly #statements = new Map<string, { all(...values: unknown[]): unknown[] }>()

  constructor(seed: number, breakage: Breakage = {}, verbose = false) {
    this.#verbose = verbose
    this.pairDamage = breakage.pairDamage ?? 0.015
    this.chance = new Chance(seed)
    const { chance } = this
    this.isInStep = breakage.isInStep ?? seed % 32 === 13
    this.mode = this.isInStep
      ? 'points'
      : seed % 8 === 0
        ? 'clean'
        : seed % 8 === 1
          ? 'control'
          : seed % 8 <= 4
            ? 'points'
            : 'chaos'
    if (this.mode === 'points' && !this.isInStep)
      for (let i = 0; i < 1 + chance.int(4); i += 1) this.#armed.set(chance.pick(POINTS), 1 + chance.int(6))
    this.#chaos = this.mode === 'chaos' ? chance.pick([0.002, 0.005, 0.012]) : 0
    this.net =
      this.mode === 'chaos'
        ? { drop: chance.pick([0, 0.03, 0.1]), delay: 1 + chance.int(4) }
        : { drop: this.mode === 'points' ? chance.pick([0, 0.02]) : 0, delay: 1 + chance.int(2) }
    this.world = new World(chance, {
      seed,
      stageRate: breakage.stageRate ?? 0.5,
      mode: this.mode,
      killerRate: seed % 16 === 5 ? 0.05 : 0.004,
      isInStep: this.isInStep,
      tailKillers: breakage.tailKillers ?? seed % 16 === 13,
    })
    this.pace = this.isInStep ? IN_STEP_PACE : new Chance(seed + 3_000_017).pick(PACES)
    this.pairTicks = breakage.pairTicks ?? 0
    this.calm = this.mode === 'chaos' && this.world.hasStages ? LONG_CALM : CALM
    this.retention = new SimRetention(seed, breakage.retentionRate ?? 0.3)
    this.queue = new SimQueue(chance)
    this.db = openDatabase(':memory:')
    this.oracle = new Oracle(this)
    breakage.database?.(this.db)
    this.service = new SimService(this, breakage)
    const hostCount = this.isInStep ? 1 : 1 + chance.int(3)
    const shape = this.isInStep ? { slotCount: 2, ticksPerChunk: 6, killTicks: 4 } : null
    for (let i = 0; i < hostCount; i += 1) this.hosts.push(new SimHost(this, i, { breakage: breakage.worker ?? {}, shape }))
  }

  get ledger(): Ledger {
    return this.service.ledger
  }

  log(...words: unknown[]): void {
    if (this.#verbose) process.stderr.write(`t${this.now} ${words.join(' ')}\n`)
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
    if (this.now >= this.calm) return
    const left = this.#armed.get(name)
    if (left === 1) this.#armed.delete(name)
    else if (left !== undefined) this.#armed.set(name, left - 1)
    if (left !== 1 && !this.chance.hits(this.#chaos)) return
    if (!name.startsWith('w.')) this.service.crashed = name
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

  /** The same after some ticks; not to a later boot. */
  deliverLater(host: SimHost, ticks: number, run: () => void): void {
    const { boot } = host
    this.later(ticks, () => {
      if (host.isUp && host.boot === boot) this.deliverTo(host, run)
    })
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
    const isLost = () => this.now < this.calm && this.chance.hits(this.net.drop)
    const reply = (answer: Requests[K][1] | null, extra = 0) =>
      this.later(travel() + extra, () => {
        if (host.isUp && host.boot === boot) this.deliverTo(host, () => read(answer))
      })
    const lose = () => {
      if (message.kind === 'beat') host.disturbed = this.now
      reply(null, 6)
    }
    if (isLost() || host.isCut) {
      lose()
      return
    }
    const late = this.mode === 'chaos' && this.now < this.calm && this.chance.hits(0.03) ? this.chance.int(25) : 0
    if (late > 0 && message.kind === 'beat') host.disturbed = this.now
    this.later(travel() + late, () => {
      const answer = this.service.answer(host, message.kind, body)
      if (answer === null) return reply(null)
      if (isLost()) return lose()
      reply(JSON.parse(JSON.stringify(answer)))
    })
  }

  async run(): Promise<Outcome> {
    let isOver = false
    for (this.now = 1; this.now < LAST_TICK && !isOver; this.now += 1) {
      this.queue.isHostile = this.mode === 'chaos' && this.now < this.calm
      this.queue.tick(this.now)
      if (this.queue.isHostile) mischief(this)
      if (this.now === this.calm) heal(this)
      for (const run of this.#agenda.get(this.now) ?? []) run()
      this.#agenda.delete(this.now)
      await this.service.tick()
      for (const host of this.hosts) host.tick()
      this.oracle.check()
      isOver = this.#isOver()
    }
    if (!isOver) throw new Violation('terminates', this.#state())
    this.oracle.checkEnd()
    this.db.close()
    return { ticks: this.now, mode: this.mode, expired: this.oracle.expiredCount, hit: this.hit }
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

  sweepStates(): { id: string; state: string }[] {
    return this.sql('select id, state from sweep order by id')
  }

  #isOver(): boolean {
    if (this.now <= this.calm || !this.service.isUp) return false
    const sweeps = this.sweepStates()
    if (sweeps.length < this.world.plans.length || sweeps.some(({ state }) => state === 'running' || state === 'paused'))
      return false
    if (!this.#isRetried) {
      this.#isRetried = true
      if (this.chance.hits(0.3)) this.service.control(this.chance.pick(this.world.plans).id, 'retry')
      return false
    }
    return this.hosts.every((host) => host.isGone || host.disk.outbox.length === 0)
  }

  #state(): string {
    const open = this.sql('select sweep, grp from want where open = 1')
    const leases = this.sql('select id, kind, lane, run, host from lease')
    const sweeps = this.sweepStates().map(({ id, state }) => `${id} ${state}`)
    return `not finished by ${this.now}: ${JSON.stringify({ sweeps, open, leases, unservable: this.service.unservable() }).slice(0, 900)}`
  }
}
