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
} from '@sweepboard/contracts'
import { SweepError } from '@sweepboard/contracts'
import { leasesToStop, omittedLeases, type Unservable } from '@sweepboard/dispatch'
import type { ControlAction, Ledger, LedgerEvent, Submission } from '@sweepboard/ledger'
import { isWhole } from './artifact-files.ts'
import { Budgets } from './coordinator-budget.ts'
import { HostTable, type HostView, isScoreSlot } from './coordinator-hosts.ts'
import { closedFailure, LaneTable } from './coordinator-lanes.ts'
import { LeaseTimes } from './coordinator-leases.ts'
import { Leasing } from './coordinator-leasing.ts'
import type { CoordinatorOptions } from './coordinator-options.ts'
import { Preparations } from './coordinator-preparation.ts'
import { Tickets } from './coordinator-queue.ts'
import { EndpointHolders } from './endpoint-holders.ts'
import { HostCalls } from './host-calls.ts'
import { UnservableLanes } from './unservable-lanes.ts'

/**
 * Ledger, dispatcher and queue put together: answers the workers' messages and, each tick, leases, reconciles and prepares. It keeps
 * no list of things to do: everything is asked of the ledger again each time, so a restart needs no recovery. No timers of its own.
 */
export class Coordinator {
  readonly #options: CoordinatorOptions
  readonly #ledger: Ledger
  readonly #hosts: HostTable
  readonly #holders = new EndpointHolders()
  /** Hosts that should beat sooner than they would. */
  readonly calls = new HostCalls()
  readonly #lanes: LaneTable
  readonly #unservable: UnservableLanes
  readonly #tickets: Tickets
  readonly #preparations: Preparations
  /** Its start, or the first beat after a time in which it heard nobody. */
  #heardSince: number
  readonly #graceMs: number
  readonly #times = new LeaseTimes()
  readonly #leasing: Leasing
  readonly #budgets: Budgets
  #lastReconcile: number
  #lastChoice = Number.NEGATIVE_INFINITY
  #ticking: Promise<void> | null = null
  #retried: (count: number) => void = () => undefined

  constructor(options: CoordinatorOptions) {
    this.#options = options
    this.#ledger = options.ledger
    this.#graceMs = options.beatMs * options.graceBeats
    this.#heardSince = options.now()
    this.#lastReconcile = this.#heardSince
    this.#hosts = new HostTable(this.#graceMs)
    this.#lanes = new LaneTable(options.ledger, this.#hosts, options.now)
    const log = options.log ?? (() => undefined)
    this.#unservable = new UnservableLanes(log)
    this.#tickets = new Tickets(options.queue, log, options.now)
    this.#leasing = new Leasing({
      ledger: options.ledger,
      hosts: this.#hosts,
      lanes: this.#lanes,
      tickets: this.#tickets,
      made: (ticket) => {
        this.#times.sent(ticket, options.now())
        this.#point('lease.before-add')
      },
    })
    this.#budgets = new Budgets({
      ledger: options.ledger,
      now: options.now,
      log,
      cancel: (sweep) => this.control(sweep, 'cancel'),
    })
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
    const live = this.#hosts.views(now)
    const isNewHost = !live.some(({ host, boot }) => host === beat.host && boot === beat.boot)
    if (live.length === 0) this.#heardSince = now
    if (!this.#hosts.record(beat, now)) return { stop: [], lanes: {}, ledger }
    for (const id of beat.holding) if (this.#ledger.lease(id)?.host === beat.host) this.#times.named(id, now)
    const held = this.#ledger
      .leasesOf(beat.host)
      .map(({ id, boot, claimSeq }) => ({ id, boot: boot ?? 0, claimSeq: claimSeq ?? 0 }))
    for (const id of omittedLeases(held, beat)) {
      this.#ledger.expire(id)
      this.#point('expire.after')
    }
    const stop = leasesToStop(beat.holding, beat.host, (id) => this.#ledger.lease(id)?.host)
    this.#holders.heard(beat, now)
    if (isNewHost || now - this.#lastChoice >= this.#options.beatMs) this.#choose(now)
    this.#changed(beat.host)
    if (isNewHost) this.#options.onChange?.({ kind: 'hosts' })
    this.calls.heard(beat.host)
    return { stop, lanes: this.#lanesFor(beat, now), ledger }
  }

  #lanesFor(beat: Beat, now: number): BeatAnswer['lanes'] {
    const lanes: BeatAnswer['lanes'] = {}
    const live = new Set(this.#hosts.views(now).map(({ host }) => host))
    const isLive = (host: string) => live.has(host)
    const mayBeHeld = (key: string) =>
      now - this.#heardSince < this.#graceMs &&
      this.#ledger.openLeases().some(({ lane, host }) => lane === key && host !== null && !live.has(host))
    const told = this.#hosts.told(beat.host)
    for (const slot of beat.slots) {
      const lane = told.get(slot.id)
      if (lane === undefined || isScoreSlot(slot)) continue
      const load = lane === null ? null : this.#ledger.load(lane)
      lanes[slot.id] =
        slot.device === 'endpoint' ? this.#holders.answer(beat, { slot: slot.id, load, isLive, mayBeHeld }, now) : load
    }
    return lanes
  }

  /** Whether the host should beat now; waits for that, unless nobody knows the host. */
  async awaitCall(host: string, signal: AbortSignal): Promise<boolean> {
    const isLive = this.#hosts.views(this.#options.now()).some((view) => view.host === host)
    return isLive && this.calls.wait(host, signal)
  }

  /** Granted to one run, ever; the same run may ask again. */
  claim(asked: Claim): ClaimAnswer {
    this.#point('claim.before')
    const answer = this.#ledger.claim(asked)
    if (answer.state === 'granted') this.#times.named(asked.lease, this.#options.now())
    this.#changed()
    this.#point('claim.after')
    return answer
  }

  /** One verdict per commit, in order; `drop` for all where they belong to another ledger. */
  commit(host: string, ledger: string, commits: readonly Commit[]): CommitVerdict[] {
    if (ledger !== this.#ledger.id) return commits.map(() => 'drop')
    this.#point('commit.before')
    const verdicts = this.#ledger.commit(commits, (digest) => this.#options.artifacts.exists(digest))
    this.#changed(host)
    this.#point('commit.after')
    return verdicts
  }

  /**
   * What a run reports at its end; of another ledger: ignored. Throws `SB-ART-001` where a file that it names is not in the store (a host slept longer than garbage is kept): the host
   * uploads it again and repeats.
   */
  end(sent: End): void {
    if (sent.ledger !== this.#ledger.id) return
    const named = [...sent.results.flatMap(({ run, perQuery }) => [run, perQuery]), sent.pairSet?.digest]
    const absent = named.find((digest) => typeof digest === 'string' && !this.#options.artifacts.exists(digest))
    if (typeof absent === 'string') throw new SweepError('SB-ART-001', { digest: absent })
    this.#point('end.before')
    this.#ledger.end(sent, (digest) => isWhole(this.#options.artifacts, digest))
    this.#changed(sent.host)
    this.#point('end.after')
  }

  /** Idempotent by sweep id. */
  submit(sent: Submission, prepared: readonly PreparedTask[] = []): { isNew: boolean } {
    const credit = this.#leasing.creditOfNewSweep(this.#options.now())
    const answer = this.#ledger.submit({ credit, ...sent }, prepared)
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

  /** Lanes with work that no slot may serve now, those included that wait for a worker or for a slot to open them again. */
  unservableNow(): ReturnType<UnservableLanes['views']> {
    return this.#unservable.views(this.#options.now())
  }

  get isQueueAway(): boolean {
    return this.#tickets.isAway
  }

  /** Milliseconds since the queue was found not to answer; null while it answers. */
  queueAwayForMs(): number | null {
    return this.#tickets.awayForMs()
  }

  /** Called with how many chunks were put back to be computed again. */
  onRetries(listener: (count: number) => void): void {
    this.#retried = listener
  }

  hosts(): HostView[] {
    return this.#hosts.views(this.#options.now())
  }

  /** Nothing that comes back late is recorded any more: the ledger is about to close. */
  close(): void {
    this.calls.close()
    this.#preparations.close()
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
    this.#budgets.spend(now)
    this.#changed()
    this.#preparations.start()
    this.#choose(now)
    this.#failClosedLanes()
    await this.#tickets.probe()
    const leased = this.#tickets.isAway ? 0 : this.#leasing.fill(now)
    await this.#tickets.send()
    if (leased > 0) this.#point('lease.after-add')
    if (now - this.#lastReconcile >= this.#options.beatMs) {
      this.#lastReconcile = now
      await this.#reconcile()
    }
  }

  #choose(now: number): void {
    this.#lastChoice = now
    for (const host of this.#lanes.choose(now)) this.calls.call(host)
    this.#unservable.follow(this.#lanes.lanesNow(), now)
  }

  #failClosedLanes(): void {
    for (const { lane, kind, reason } of this.#lanes.unservable()) {
      if (kind !== 'closed') continue
      this.failLane(lane, closedFailure(this.#ledger.load(lane)?.model ?? lane, reason))
    }
  }

  async #reconcile(): Promise<void> {
    const asked = new Set([...this.#leasing.usedLanes, ...this.#ledger.openLeases().map(({ lane }) => lane)])
    const waiting = await this.#tickets.waiting(asked)
    const now = this.#options.now()
    const actions = this.#times.compare(this.#ledger, {
      now,
      heardSince: this.#heardSince,
      isHeard: this.#hosts.isAnyLive(now),
      graceMs: this.#graceMs,
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

  /** Passes on what the ledger changed: tickets of closed leases are withdrawn, their hosts (but the one that did it) and the board are told. */
  #changed(by: string | null = null): void {
    const events = this.#ledger.takeEvents()
    for (const event of events) {
      if (event.kind === 'lease-closed') {
        this.#times.forget(event.lease)
        this.#tickets.remove(event.lease, event.lane)
        if (event.host !== null && event.host !== by) this.calls.call(event.host)
      }
      if (changesWork(event)) this.#lanes.outdated()
      this.#options.onChange?.(event.kind === 'sweep' ? { kind: 'sweep', sweep: event.sweep } : { kind: event.kind })
    }
    const retries = events.filter((event) => event.kind === 'chunk' && event.state === 'todo').length
    if (retries > 0) this.#retried(retries)
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
