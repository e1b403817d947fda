import type {
  Beat,
  BeatAnswer,
  Claim,
  ClaimAnswer,
  Commit,
  CommitVerdict,
  End,
  FailureRecord,
  PreparedTask,
  TaskRef,
  TicketQueue,
} from '@sweepboard/contracts'
import { SCORE_LANE } from '@sweepboard/contracts'
import {
  DEFAULT_TOKENS_PER_SECOND,
  leasesToStop,
  leaseTokens,
  omittedLeases,
  pickChunks,
  pickSweep,
  reconcile,
  SCORE_COST_SECONDS,
  type Unservable,
  windowFor,
} from '@sweepboard/dispatch'
import type { ControlAction, Ledger, LedgerEvent, Submission } from '@sweepboard/ledger'
import { HostTable, type HostView, isScoreSlot } from './coordinator-hosts.ts'
import { closedFailure, LaneTable } from './coordinator-lanes.ts'
import { Preparations } from './coordinator-preparation.ts'
import { Tickets } from './coordinator-queue.ts'

/** The service's own artifact files, looked at synchronously inside a ledger transaction. */
export interface ArtifactFiles {
  exists(digest: string): boolean
  /** Reads the file: false where it is gone or its bytes do not have its digest. */
  verify(digest: string): boolean
  /** Removes a file found damaged, so that the same digest can be stored again. Needed unless `verify` does so itself. */
  remove?(digest: string): void
}

/** Something the board shows has changed. */
export interface CoordinatorChange {
  readonly kind: 'hosts' | LedgerEvent['kind']
  readonly sweep?: string
}

export interface CoordinatorOptions {
  readonly ledger: Ledger
  readonly queue: TicketQueue
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly artifacts: ArtifactFiles
  /** `unavailable`, `timeout` and `overloaded` are tried again with backoff; every other failure is final. */
  readonly prepare: (key: string, ref: TaskRef) => Promise<PreparedTask>
  readonly beatMs: number
  readonly graceBeats: number
  readonly onChange?: (change: CoordinatorChange) => void
  /** A tick is worthwhile now: something may be leased. */
  readonly wake?: () => void
  readonly log?: (entry: Readonly<Record<string, unknown>>) => void
  /** Jitter of backoff, in [0, 1). */
  readonly random?: () => number
  /** Named crash points of protocol section 11, for fault injection. */
  readonly point?: (name: string) => void
}

/**
 * Ledger, dispatcher and queue put together: answers the workers' messages and, each tick, leases, reconciles and prepares. It keeps
 * no list of things to do: everything is asked of the ledger again each time, so a restart needs no recovery. No timers of its own.
 */
export class Coordinator {
  readonly #options: CoordinatorOptions
  readonly #ledger: Ledger
  readonly #hosts: HostTable
  readonly #lanes: LaneTable
  readonly #tickets: Tickets
  readonly #preparations: Preparations
  readonly #startedAt: number
  readonly #graceMs: number
  readonly #sentAt = new Map<string, number>()
  readonly #namedAt = new Map<string, number>()
  /** Lanes whose queue may hold tickets. */
  readonly #usedLanes = new Set<string>([SCORE_LANE])
  #lastTick: number
  #lastReconcile: number
  #lastChoice = Number.NEGATIVE_INFINITY
  #ticking: Promise<void> | null = null

  constructor(options: CoordinatorOptions) {
    this.#options = options
    this.#ledger = options.ledger
    this.#graceMs = options.beatMs * options.graceBeats
    this.#startedAt = options.now()
    this.#lastTick = this.#startedAt
    this.#lastReconcile = this.#startedAt
    this.#hosts = new HostTable(this.#graceMs)
    this.#lanes = new LaneTable(options.ledger, this.#hosts, options.now)
    const log = options.log ?? (() => undefined)
    this.#tickets = new Tickets(options.queue, log)
    this.#preparations = new Preparations({
      ledger: options.ledger,
      prepare: options.prepare,
      now: options.now,
      random: options.random ?? Math.random,
      log,
      changed: () => this.#changed(),
      point: (name) => this.#point(name),
    })
  }

  /** A host's heartbeat. Answers which leases to stop and which lane each encode slot serves. Older beats are ignored. */
  beat(beat: Beat): BeatAnswer {
    const now = this.#options.now()
    const ledger = this.#ledger.id
    const isNewHost = !this.#hosts.views(now).some(({ host, boot }) => host === beat.host && boot === beat.boot)
    if (!this.#hosts.record(beat, now)) return { stop: [], lanes: {}, ledger }
    for (const id of beat.holding) if (this.#ledger.lease(id)?.host === beat.host) this.#namedAt.set(id, now)
    const held = this.#ledger
      .leasesOf(beat.host)
      .map(({ id, boot, claimSeq }) => ({ id, boot: boot ?? 0, claimSeq: claimSeq ?? 0 }))
    for (const id of omittedLeases(held, beat)) {
      this.#ledger.expire(id)
      this.#point('expire.after')
    }
    const stop = leasesToStop(beat.holding, beat.host, (id) => this.#ledger.lease(id)?.host)
    if (isNewHost || now - this.#lastChoice >= this.#options.beatMs) this.#choose(now)
    this.#changed()
    if (isNewHost) this.#options.onChange?.({ kind: 'hosts' })
    return { stop, lanes: this.#lanesFor(beat), ledger }
  }

  #lanesFor(beat: Beat): BeatAnswer['lanes'] {
    const lanes: BeatAnswer['lanes'] = {}
    const told = this.#hosts.told(beat.host)
    for (const slot of beat.slots) {
      const lane = told.get(slot.id)
      if (lane !== undefined && !isScoreSlot(slot)) lanes[slot.id] = lane === null ? null : this.#ledger.load(lane)
    }
    return lanes
  }

  /** Granted to one run, ever; the same run may ask again. */
  claim(asked: Claim): ClaimAnswer {
    this.#point('claim.before')
    const answer = this.#ledger.claim(asked)
    if (answer.state === 'granted') this.#namedAt.set(asked.lease, this.#options.now())
    this.#changed()
    this.#point('claim.after')
    return answer
  }

  /** One verdict per commit, in order; `drop` for all where they belong to another ledger. */
  commit(_host: string, ledger: string, commits: readonly Commit[]): CommitVerdict[] {
    if (ledger !== this.#ledger.id) return commits.map(() => 'drop')
    this.#point('commit.before')
    const verdicts = this.#ledger.commit(commits, (digest) => this.#options.artifacts.exists(digest))
    this.#changed()
    this.#point('commit.after')
    return verdicts
  }

  /** What a run reports at its end; of another ledger: ignored. */
  end(sent: End): void {
    if (sent.ledger !== this.#ledger.id) return
    this.#point('end.before')
    this.#ledger.end(sent, (digest) => this.#isWhole(digest))
    this.#changed()
    this.#point('end.after')
  }

  #isWhole(digest: string): boolean {
    const { artifacts } = this.#options
    if (artifacts.verify(digest)) return true
    artifacts.remove?.(digest)
    return false
  }

  /** Idempotent by sweep id. */
  submit(sent: Submission, prepared: readonly PreparedTask[] = []): { isNew: boolean } {
    const answer = this.#ledger.submit(sent, prepared)
    this.#changed()
    this.#point('submit.after')
    return answer
  }

  /** Throws `SB-LEDGER-002` (no such sweep) and `SB-LEDGER-003` (not in this state). */
  control(sweep: string, action: ControlAction): void {
    this.#ledger.control(sweep, action)
    this.#changed()
    this.#point('control.after')
  }

  /** Fails every waiting chunk of a lane: for an embedded run, which no other worker can join. */
  failLane(lane: string, failure: FailureRecord): void {
    this.#ledger.laneDead(lane, failure)
    this.#changed()
  }

  /** Lanes no live slot can ever serve, as of the last choice; empty as long as no host is live. */
  unservable(): readonly Unservable[] {
    return this.#lanes.unservable()
  }

  hosts(): HostView[] {
    return this.#hosts.views(this.#options.now())
  }

  /** Tasks whose preparation failed for a reason that may pass. */
  preparationsWaiting(): { key: string; attempt: number; message: string }[] {
    return this.#preparations.waiting()
  }

  /** Prepares, chooses lanes, leases, and each beat reconciles. A call during a tick joins it. */
  tick(): Promise<void> {
    this.#ticking ??= this.#tick().finally(() => {
      this.#ticking = null
    })
    return this.#ticking
  }

  async #tick(): Promise<void> {
    const now = this.#options.now()
    this.#changed()
    this.#spend(now)
    this.#preparations.start()
    this.#choose(now)
    this.#failClosedLanes()
    await this.#tickets.probe()
    const leased = this.#tickets.isAway ? 0 : this.#lease()
    await this.#tickets.send()
    if (leased > 0) this.#point('lease.after-add')
    if (now - this.#lastReconcile >= this.#options.beatMs) {
      this.#lastReconcile = now
      await this.#reconcile()
    }
  }

  /** Running time is added up here; a sweep beyond its budget is cancelled (what it has stays). */
  #spend(now: number): void {
    const elapsed = now - this.#lastTick
    this.#lastTick = now
    if (elapsed > 0 && this.#ledger.runningSweeps().length > 0) this.#ledger.addRunTime(elapsed)
    for (const sweep of this.#ledger.overBudget()) {
      this.#options.log?.({ level: 'warn', message: 'the sweep is beyond its budget and is cancelled', sweep })
      this.control(sweep, 'cancel')
    }
  }

  #choose(now: number): void {
    this.#lastChoice = now
    this.#lanes.choose(now)
  }

  #failClosedLanes(): void {
    for (const { lane, kind, reason } of this.#lanes.unservable()) {
      if (kind !== 'closed') continue
      this.failLane(lane, closedFailure(this.#ledger.load(lane)?.model ?? lane, reason))
    }
  }

  /** Fills each lane's window; answers how many leases it made. */
  #lease(): number {
    let leased = 0
    const now = this.#options.now()
    const open = new Map<string, number>()
    for (const { lane } of this.#ledger.openLeases()) open.set(lane, (open.get(lane) ?? 0) + 1)
    const serving = this.#hosts.serving(now)
    const liveSlots = [...serving].reduce((sum, [lane, { slots }]) => sum + (lane === SCORE_LANE ? 0 : slots), 0)
    for (const [lane, { slots, slowest }] of serving) {
      this.#usedLanes.add(lane)
      for (let count = open.get(lane) ?? 0; count < windowFor(slots); count += 1) {
        const fleet = { slowestTokensPerSecond: slowest ?? DEFAULT_TOKENS_PER_SECOND, liveSlots, laneSlots: slots }
        const ticket = lane === SCORE_LANE ? this.#leaseScore() : this.#leaseEncode(lane, fleet)
        if (ticket === null) break
        leased += 1
        this.#sentAt.set(ticket, now)
        this.#point('lease.before-add')
        this.#tickets.add(ticket, lane)
      }
    }
    return leased
  }

  #leaseEncode(lane: string, fleet: { slowestTokensPerSecond: number; liveSlots: number; laneSlots: number }): string | null {
    const most = leaseTokens({ ...fleet, tokensLeft: this.#lanes.todoTokens(lane) })
    for (const sweep of pickSweep(this.#ledger.runningSweeps())) {
      const { chunks, tokens } = pickChunks(this.#ledger.todoChunks(lane, sweep.id), most)
      if (chunks.length === 0) continue
      this.#lanes.take(lane, tokens)
      return this.#ledger.leaseEncode({ lane, sweep: sweep.id, chunks, cost: tokens / fleet.slowestTokensPerSecond })
    }
    // Nothing to pick though something was thought to wait: somebody committed chunks that nobody had leased.
    if (this.#lanes.todoTokens(lane) > 0) this.#lanes.outdated()
    return null
  }

  #leaseScore(): string | null {
    for (const sweep of pickSweep(this.#ledger.runningSweeps())) {
      const [next] = this.#ledger.scorableGroups(sweep.id, 1)
      if (next !== undefined) return this.#ledger.leaseScore({ sweep: sweep.id, ...next, cost: SCORE_COST_SECONDS })
    }
    return null
  }

  async #reconcile(): Promise<void> {
    const asked = new Set([...this.#usedLanes, ...this.#ledger.openLeases().map(({ lane }) => lane)])
    const waiting = await this.#tickets.waiting(asked)
    const now = this.#options.now()
    const actions = reconcile({
      now,
      startedAt: this.#startedAt,
      graceMs: this.#graceMs,
      leases: this.#ledger.openLeases().map(({ id, lane, run }) => ({
        id,
        lane,
        isClaimed: run !== null,
        sentAt: this.#sentAt.get(id) ?? null,
        namedAt: this.#namedAt.get(id) ?? null,
      })),
      servedLanes: new Set(this.#hosts.serving(now).keys()),
      waiting,
    })
    for (const action of actions) {
      if (action.kind === 'expire') {
        this.#ledger.expire(action.lease)
        this.#options.log?.({ level: 'info', message: 'lease expired', lease: action.lease, why: action.why })
        this.#changed()
        this.#point('expire.after')
      } else this.#tickets.remove(action.ticket, action.lane)
    }
    await this.#tickets.send()
  }

  /** Passes on what the ledger changed: tickets of closed leases are withdrawn, the board is told. */
  #changed(): void {
    const events = this.#ledger.takeEvents()
    for (const event of events) {
      if (event.kind === 'lease-closed') {
        this.#sentAt.delete(event.lease)
        this.#namedAt.delete(event.lease)
        this.#tickets.remove(event.lease, event.lane)
      }
      if (changesWork(event)) this.#lanes.outdated()
      this.#options.onChange?.(event.kind === 'sweep' ? { kind: 'sweep', sweep: event.sweep } : { kind: event.kind })
    }
    if (events.length > 0) this.#options.wake?.()
  }

  #point(name: string): void {
    this.#options.point?.(name)
  }
}

/** Whether an event changes what waits in the lanes; leasing and committing what was leased does not. */
function changesWork(event: LedgerEvent): boolean {
  return (
    event.kind === 'sweep' || event.kind === 'task' || event.kind === 'cell' || (event.kind === 'chunk' && event.state !== 'done')
  )
}
