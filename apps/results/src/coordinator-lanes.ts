import { ERRORS, type ErrorEntry, type FailureRecord, SweepError, toFailureRecord } from '@sweepboard/contracts'
import {
  chooseLanes,
  type Demand,
  type LaneChoice,
  type LanePlan,
  type LaneSlot,
  laneOf,
  type Unservable,
} from '@sweepboard/dispatch'
import type { Ledger } from '@sweepboard/ledger'
import type { HostTable } from './coordinator-hosts.ts'
import { servedBy } from './lane-view.ts'
import type { LanesNow, UnservableNow } from './unservable-lanes.ts'

/** Why a lane that every slot closed for good fails: the remedy is that of what closed it, since another slot would fare alike. */
export function closedFailure(model: string, reason: string): FailureRecord {
  const failure = toFailureRecord(new SweepError('SB-WORK-004', { lane: model, reason }))
  const cause = /^SB-[A-Z]+-\d{3}(?=: )/.exec(reason)?.[0]
  if (cause === undefined || !Object.hasOwn(ERRORS, cause)) return failure
  const { kind, fix }: ErrorEntry = ERRORS[cause as keyof typeof ERRORS]
  return { code: cause, kind, message: `${reason} (${model})`, fix }
}

const NO_LAUNCHER = 'SB-WORK-031'

/** Of the reasons for which slots closed a lane for good one that tells most: a host without the launcher says nothing of one whose server failed. */
function tellingReason(slots: readonly LaneSlot[], lane: string): string | undefined {
  const closed = slots.flatMap((slot) => slot.closed.filter((entry) => entry.lane === lane && entry.forMs === null))
  return closed.find(({ reason }) => !reason.startsWith(NO_LAUNCHER))?.reason
}

/** How long a slot without work keeps the model of a sweep that was paused: long enough to look at something and resume. Milliseconds. */
const PAUSED_KEEPS_MS = 60_000

/** Lanes with work, what waits in each, and the choice of slots for them; in memory only. */
export class LaneTable {
  readonly #ledger: Ledger
  readonly #hosts: HostTable
  readonly #now: () => number
  /** Lane -> since when it has had work and no slot. */
  readonly #unserved = new Map<string, number>()
  #todo = new Map<string, number>()
  /** Mean tokens of a chunk, by lane, as it was when some waited last. */
  readonly #chunkTokens = new Map<string, number>()
  readonly #demands = new Map<string, readonly Demand[]>()
  #awaited: ReadonlySet<string> = new Set()
  /** Lane that only paused sweeps have open cells in -> since when; those of before the service's start are not known. */
  readonly #paused = new Map<string, number>()
  #growing: ReadonlySet<string> = new Set()
  #unservable: readonly Unservable[] = []
  #lanesNow: LanesNow = { unservable: [], served: new Set(), open: new Set() }
  /** Followed from choice to choice; a service that starts again makes another. */
  #plan: LanePlan | undefined

  #isOutdated = true
  #readAt = Number.NEGATIVE_INFINITY
  #readMs = 0

  constructor(ledger: Ledger, hosts: HostTable, now: () => number) {
    this.#ledger = ledger
    this.#hosts = hosts
    this.#now = now
  }

  /** Work was added, freed or taken away other than by `take`. */
  outdated(): void {
    this.#isOutdated = true
  }

  /** Tokens of a lane that may be leased now. */
  todoTokens(lane: string): number {
    return this.#todo.get(lane) ?? 0
  }

  take(lane: string, tokens: number): void {
    const left = this.todoTokens(lane) - tokens
    if (left > 0) this.#todo.set(lane, left)
    else this.#todo.delete(lane)
  }

  /** Lanes that no live slot can ever serve; empty as long as no host is live. */
  unservable(): readonly Unservable[] {
    return this.#unservable
  }

  /** What the last choice found: beside lanes that no slot can ever serve those that wait for a worker, or for a slot to open them again. */
  lanesNow(): LanesNow {
    return this.#lanesNow
  }

  /** Looks at the ledger and the hosts, and tells each slot its lane. Answers the hosts to which that is news. */
  choose(now: number): Set<string> {
    this.#read(now)
    const remaining = new Map(this.#todo)
    for (const { kind, lane, tokens } of this.#ledger.openLeases()) {
      if (kind === 'encode') remaining.set(lane, (remaining.get(lane) ?? 0) + tokens)
    }
    const lanes = [...remaining].flatMap(([key, remainingTokens]) => {
      const load = this.#ledger.load(key)
      const unservedForMs = now - (this.#unserved.get(key) ?? now)
      const chunkTokens = this.#chunkTokens.get(key)
      const sweeps = this.#demands.get(key) ?? []
      return load === null ? [] : [laneOf(load, { remainingTokens, chunkTokens, unservedForMs, sweeps })]
    })
    const slots = this.#hosts.laneSlots(now)
    const justPaused = [...this.#paused].flatMap(([lane, since]) => (now - since < PAUSED_KEEPS_MS ? [lane] : []))
    const awaited = new Set([...this.#awaited, ...justPaused])
    const choice = chooseLanes({ slots, lanes, awaited, growing: this.#growing, plan: this.#plan, now })
    this.#plan = choice.plan
    const news = this.#hosts.tell(choice.slots, now)
    const unservable = slots.length === 0 ? [] : choice.unservable
    this.#unservable = unservable.map((entry) =>
      entry.kind === 'closed' ? { ...entry, reason: tellingReason(slots, entry.lane) ?? entry.reason } : entry,
    )
    this.#lanesNow = {
      unservable: this.#unservableNow(choice, { hasSlots: slots.length > 0, now }),
      served: new Set(slots.flatMap(({ isServing, lane }) => (isServing && lane !== null ? [lane] : []))),
      open: new Set(remaining.keys()),
    }
    const served = new Set(choice.slots.values())
    for (const { key } of lanes) {
      if (served.has(key)) this.#unserved.delete(key)
      else if (!this.#unserved.has(key)) this.#unserved.set(key, now)
    }
    for (const byLane of [this.#unserved, this.#chunkTokens])
      for (const key of byLane.keys()) if (!remaining.has(key)) byLane.delete(key)
    return news
  }

  #unservableNow(choice: LaneChoice, { hasSlots, now }: { hasSlots: boolean; now: number }): UnservableNow[] {
    const absent = this.#hosts.isAnyLive(now) ? 'the workers here only score' : 'no worker is joined'
    const dead = hasSlots ? this.#unservable : choice.unservable.map((entry) => ({ ...entry, reason: absent }))
    const closed = choice.closedForNow.map(({ reason, ...entry }) => ({
      ...entry,
      reason: `every slot that fits has closed it for now, and tries it again: ${reason}`,
    }))
    return [...dead, ...closed].flatMap(({ lane, reason, wouldFit }) => {
      const load = this.#ledger.load(lane)
      if (load === null) return []
      const sweeps = (this.#demands.get(lane) ?? []).map(({ sweep }) => sweep)
      return [{ lane, model: load.model, engine: servedBy(load), reason, wouldFit, sweeps }]
    })
  }

  /** Adds up what waits, unless nothing changed or the last time was so slow that it would take more than a twentieth of all time. */
  #read(now: number): void {
    if (!this.#isOutdated || now - this.#readAt < 20 * this.#readMs) return
    const from = this.#now()
    const backlogs = this.#ledger.laneBacklogs()
    this.#todo = new Map(backlogs.map(({ lane, todoTokens }) => [lane, todoTokens]))
    for (const { lane, todoTokens, todoChunks } of backlogs) this.#chunkTokens.set(lane, todoTokens / todoChunks)
    this.#readAwaited(now)
    this.#growing = new Set(this.#ledger.growingLanes())
    this.#demands.clear()
    const leased = this.#ledger.openLeases().flatMap(({ kind, lane }) => (kind === 'encode' ? [lane] : []))
    for (const lane of new Set([...this.#todo.keys(), ...leased])) this.#demands.set(lane, this.#ledger.laneSweeps(lane))
    this.#readMs = this.#now() - from
    this.#readAt = now
    this.#isOutdated = false
  }
  #readAwaited(now: number): void {
    const [before, running] = [this.#awaited, new Set(this.#ledger.openLanes())]
    const paused = new Set(this.#ledger.openLanes('paused').filter((lane) => !running.has(lane)))
    for (const lane of paused) if (before.has(lane)) this.#paused.set(lane, now)
    for (const lane of this.#paused.keys()) if (!paused.has(lane)) this.#paused.delete(lane)
    this.#awaited = running
  }
}
