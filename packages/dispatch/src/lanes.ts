import { closedBy, joinsTooMany, type Lane, type LaneSlot, type MeasuredPeaks, measuredPeaks, misfit, wouldFit } from './fit.ts'
import { FleetTable } from './fleet-table.ts'
import { INTERRUPTED_TIMES } from './interrupted.ts'
import { SHARED_SECONDS, tooSlow } from './last-chunks.ts'
import { followed, type LanePlan, type Planned, planFor } from './plan.ts'
import type { Shares } from './spread.ts'

/** A lane without any slot may take one from another lane after this long, or twice its load time. */
export const STARVED_SECONDS = 15
/** What a slot gives a lane, in loads of both lanes, before another sweep's long lane may take it: loads stay below 1 % of the time. */
const SLICE_LOADS = 100

/** A slot leaves a lane that has work for one whose work here is worth so many loads: plans change their mind towards the end. */
const LEAVE_LOADS = 4

export interface Unservable {
  readonly lane: string
  /** `no-slot`: none fits. `closed`: every slot that fits has closed it for good. */
  readonly kind: 'no-slot' | 'closed'
  readonly reason: string
  readonly wouldFit: string
}

export interface LaneChoice {
  /** Slot id -> lane, null = idle. Every slot given is named. */
  readonly slots: ReadonlyMap<string, string | null>
  readonly unservable: readonly Unservable[]
  /** Lanes that nobody serves now: every slot that fits has closed them, one of them at least for a while only. */
  readonly closedForNow: readonly Omit<Unservable, 'kind'>[]
  /** For the next choice: the same plan is followed as long as it holds. */
  readonly plan: LanePlan
}

export interface LaneQuestion {
  readonly slots: readonly LaneSlot[]
  readonly lanes: readonly Lane[]
  /** Lanes that may get work yet: a slot that has one of them loaded and nothing to do keeps it. */
  readonly awaited?: ReadonlySet<string> | undefined
  /** Those of them that get more than is there now: none of their slots leaves the last chunks to others. */
  readonly growing?: ReadonlySet<string> | undefined
  /** What the choice before answered; absent where there was none. */
  readonly plan?: LanePlan | undefined
  /** Milliseconds by any clock that does not go back, the same one each time. */
  readonly now?: number | undefined
}

/**
 * Which lane each slot serves; `lanes` are those with work. A plan (`spread`) says which slots finish which lanes soonest with few
 * loads. Sticky: a slot keeps its lane while that has work for it in the plan; a slot with several lanes does the longest first. A
 * sweep none of whose lanes has a slot gets one after `max(15 s, 2 loads)`. A slot without work is idle, or keeps a lane that is `awaited`. Pure and independent of the order of its inputs.
 */
export function chooseLanes(given: LaneQuestion): LaneChoice {
  const table = new FleetTable(given.slots, given.lanes)
  const planned = planFor(table, given.plan ?? null, given.now ?? 0)
  const choice = new Choice(table, planned, given)
  choice.follow()
  choice.serveUnserved()
  choice.feedStarved()
  const slots = choice.named()
  const plan = followed(planned, table, slots)
  for (const slot of given.slots) if (slots.get(slot.id) === null && mayWait(slot, given)) slots.set(slot.id, slot.lane)
  const idle = lanesWithoutSlot(given.lanes, table)
  const unservable = idle.flatMap((lane) => unservableBy(given.slots, lane))
  return { slots, unservable, closedForNow: closedForNow(given.slots, idle, unservable), plan }
}

/** Second stages come in pieces: a slot that unloaded their model between two of them would load it for each. */
function mayWait(slot: LaneSlot, { lanes, awaited }: LaneQuestion): boolean {
  const { lane } = slot
  return lane !== null && awaited?.has(lane) === true && closedBy(slot, lane) === null && lanes.every(({ key }) => key !== lane)
}

/** Lanes that no slot may serve now, by lane. */
function lanesWithoutSlot(lanes: readonly Lane[], table: FleetTable): Lane[] {
  const hasSlot = new Set(table.lanes.filter((_, l) => (table.eligible[l]?.length ?? 0) > 0))
  return lanes.filter((lane) => !hasSlot.has(lane)).sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** Those of the lanes without a slot that get one again when it opens them: the reason is that of a slot which does. */
function closedForNow(slots: readonly LaneSlot[], idle: readonly Lane[], unservable: readonly Unservable[]) {
  const dead = new Set(unservable.map(({ lane }) => lane))
  return idle.flatMap((lane) => {
    const closed = dead.has(lane.key) ? [] : slots.flatMap((slot) => closedBy(slot, lane.key) ?? [])
    const opens = closed.find(({ forMs }) => forMs !== null)
    return opens === undefined ? [] : [{ lane: lane.key, reason: opens.reason, wouldFit: wouldFit(lane) }]
  })
}

/** Why no slot can serve this lane, as one entry; none where one can, now or when it opens the lane again. */
export function unservableBy(slots: readonly LaneSlot[], lane: Lane): Unservable[] {
  const peaks = measuredPeaks(slots)
  const fitting = slots.filter((slot) => misfit(slot, lane, peaks) === null)
  if (fitting.length === 0) {
    const nearest =
      slots
        .filter((slot) => lane.devices.includes(slot.device))
        .sort(
          (a, b) =>
            Number(joinsTooMany(a, lane)) - Number(joinsTooMany(b, lane)) ||
            b.memoryBytes - a.memoryBytes ||
            (a.id < b.id ? -1 : 1),
        )[0] ?? slots[0]
    const reason = nearest === undefined ? 'there is no slot at all' : whyNot(nearest, { slots, lane, peaks })
    return [{ lane: lane.key, kind: 'no-slot', reason, wouldFit: wouldFit(lane) }]
  }
  const closed = fitting.map((slot) => closedBy(slot, lane.key))
  if (!closed.every((entry) => entry !== null && entry.forMs === null)) return []
  return [{ lane: lane.key, kind: 'closed', reason: closed[0]?.reason ?? '', wouldFit: wouldFit(lane) }]
}

/** Why the slot nearest to fitting does not; where it is of another kind, also which kinds there are. */
function whyNot(
  nearest: LaneSlot,
  { slots, lane, peaks }: { slots: readonly LaneSlot[]; lane: Lane; peaks: MeasuredPeaks },
): string {
  const reason = misfit(nearest, lane, peaks) ?? ''
  if (lane.devices.includes(nearest.device)) return reason
  return `${reason}, the slots here are ${[...new Set(slots.map(({ device }) => device))].sort().join(' and ')}`
}

const NONE = -1

class Choice {
  readonly #table: FleetTable
  readonly #shares: Shares
  readonly #plan: LanePlan
  readonly #now: number
  readonly #growing: ReadonlySet<string>
  readonly #hasPart: Uint8Array
  /** Slot -> lane, by index. */
  readonly #assigned: Int32Array
  /** Sweeps that were given a slot. */
  readonly #served = new Set<string>()
  /** Lane -> slots the plan has it on. */
  readonly #planCounts: Int32Array
  /** Lane -> slots it has now. */
  readonly #counts: Int32Array

  constructor(table: FleetTable, { plan, shares, planned }: Planned, { growing, now }: LaneQuestion) {
    this.#table = table
    this.#growing = growing ?? new Set()
    this.#shares = shares
    this.#plan = plan
    this.#now = now ?? 0
    this.#hasPart = planned
    this.#assigned = new Int32Array(table.slots.length).fill(NONE)
    this.#counts = new Int32Array(table.lanes.length)
    this.#planCounts = new Int32Array(table.lanes.length)
    for (const lane of table.lanes.keys())
      for (const slot of table.slots.keys())
        if (this.#shareOf(lane, slot) > 0) this.#planCounts[lane] = (this.#planCounts[lane] as number) + 1
  }

  named(): Map<string, string | null> {
    const { slots, lanes } = this.#table
    return new Map(slots.map((slot, s) => [slot.id, lanes[this.#assigned[s] as number]?.key ?? null]))
  }

  /** Each slot keeps its lane while the plan has work of it here or nothing else for this slot, and takes the plan's next otherwise. */
  follow(): void {
    const { slots, held } = this.#table
    const late = tooSlow(this.#table, this.#shares, this.#growing)
    const isKept = (s: number) => held[s] !== NONE && this.#shareOf(held[s] as number, s) > 0 && !late.has(s)
    for (const s of slots.keys()) if (isKept(s)) this.#give(s, held[s] as number)
    for (const s of slots.keys()) {
      if (this.#assigned[s] !== NONE || late.has(s)) continue
      const next = this.#planned(s)
      if (held[s] === NONE || (next !== NONE && this.#mayLeave(s, next))) {
        if (next !== NONE) this.#give(s, next)
      } else this.#give(s, held[s] as number)
    }
  }

  /** A lane that the plan puts on busy slots starts on one that has nothing to do, if that ends it by when the plan promised. */
  serveUnserved(): void {
    const { lanes, eligible } = this.#table
    for (const l of lanes.keys()) {
      if (this.#counts[l] !== 0) continue
      const idle = eligible[l]?.find((s) => this.#assigned[s] === NONE && this.#isInTime(l, s))
      if (idle !== undefined) this.#give(idle, l)
    }
  }

  #isInTime(lane: number, s: number): boolean {
    const { lanes, speed, load } = this.#table
    const { key, remainingTokens } = lanes[lane] as Lane
    const at = this.#table.at(lane, s)
    const endAt = this.#plan.lanes.get(key)?.endAt ?? Number.POSITIVE_INFINITY
    const isPlanned = this.#table.eligible[lane]?.some((slot) => this.#shareOf(lane, slot) > 0) === true
    return !isPlanned || this.#now + 1000 * ((load[at] as number) + remainingTokens / (speed[at] as number)) <= endAt
  }

  /** A sweep that waits with all its lanes takes a slot: one that is about to load, else the one that its plan has, else one whose lane ends as promised all the same, of the lane with most slots, there the one that has served longest. */
  feedStarved(): void {
    const { lanes, eligible } = this.#table
    const served = new Set(
      lanes.flatMap((lane, l) => ((this.#counts[l] as number) > 0 ? lane.sweeps.map(({ sweep }) => sweep) : [])),
    )
    const starved = lanes
      .map((lane, l) => ({ lane, l }))
      .filter(({ lane, l }) => this.#counts[l] === 0 && lane.unservedForMs > patienceMs(lane.loadSeconds))
      .sort((a, b) => b.lane.unservedForMs - a.lane.unservedForMs || (a.lane.key < b.lane.key ? -1 : 1))
    for (const { lane, l } of starved) {
      if (lane.sweeps.length > 0 && lane.sweeps.every(({ sweep }) => served.has(sweep))) continue
      const able = [...(eligible[l] ?? [])]
      const [victim] = able.filter((s) => this.#mayBeTaken(s, l)).sort((a, b) => this.#byPlenty(l, a, b))
      if (victim === undefined || (this.#isBusy(victim) && able.some((s) => s !== victim && this.#isSoonAt(l, s)))) continue
      this.#give(victim, l)
      for (const { sweep } of lane.sweeps) served.add(sweep)
    }
  }

  #byPlenty(lane: number, a: number, b: number): number {
    const { slots } = this.#table
    const [one, two] = [slots[a] as LaneSlot, slots[b] as LaneSlot]
    const plenty = (s: number) => this.#counts[this.#assigned[s] as number] ?? 0
    const isBusy = (s: number) => Number(this.#isBusy(s))
    const isPlanned = (s: number) => Number(this.#shareOf(lane, s) > 0)
    const isLate = (s: number) => Number(this.#makesLate(lane, s))
    return (
      isBusy(a) - isBusy(b) ||
      isPlanned(b) - isPlanned(a) ||
      isLate(a) - isLate(b) ||
      plenty(b) - plenty(a) ||
      one.deviceCount - two.deviceCount ||
      two.laneForMs - one.laneForMs ||
      a - b
    )
  }

  /** Whether the lane that a slot has ends later than promised where it does a waiting one in between. */
  #makesLate(lane: number, s: number): boolean {
    if (!this.#isBusy(s)) return false
    const { lanes, speed, load, holders } = this.#table
    const from = this.#assigned[s] as number
    const [at, back] = [this.#table.at(lane, s), this.#table.at(from, s)]
    const away = (load[at] as number) + (lanes[lane] as Lane).remainingTokens / (speed[at] as number) + (load[back] as number)
    const together = (holders[from] ?? []).reduce((sum, other) => sum + (speed[this.#table.at(from, other)] as number), 0)
    const end = this.#shareOf(from, s) + (away * (speed[back] as number)) / together + SHARED_SECONDS
    return this.#now + 1000 * end > (this.#plan.lanes.get((lanes[from] as Lane).key)?.endAt ?? Number.POSITIVE_INFINITY)
  }

  #isBusy(s: number): boolean {
    return this.#assigned[s] !== NONE && this.#table.held[s] === this.#assigned[s]
  }

  /** Whether the plan has a waiting lane on a slot that ends its own in less time than the loads of leaving it are worth, and than a short lane waits for. */
  #isSoonAt(lane: number, s: number): boolean {
    if (this.#shareOf(lane, s) <= 0 || !this.#isBusy(s)) return false
    const { lanes, speed, load } = this.#table
    const from = this.#assigned[s] as number
    const at = this.#table.at(lane, s)
    const own = (lanes[lane] as Lane).remainingTokens / (speed[at] as number)
    const loads = (load[at] as number) + (load[this.#table.at(from, s)] as number)
    const priority = heaviest(lanes[lane] as Lane) / heaviest(lanes[from] as Lane)
    const left = this.#shareOf(from, s)
    return left > 0 && left * priority <= Math.min(INTERRUPTED_TIMES * own, LEAVE_LOADS * loads)
  }

  /** A short lane may interrupt a long one after as long as it takes itself, any lane after many loads one that does not end before it would be loaded again; a heavier sweep sooner. */
  #mayBeTaken(s: number, to: number): boolean {
    const { slots, lanes, speed, load } = this.#table
    const from = this.#assigned[s] as number
    if (!this.#isBusy(s)) return true
    const at = this.#table.at(to, s)
    const lane = lanes[to] as Lane
    const loads = (load[at] as number) + (load[this.#table.at(from, s)] as number)
    const own = lane.remainingTokens / (speed[at] as number)
    const priority = heaviest(lane) / heaviest(lanes[from] as Lane)
    const servedMs = (slots[s] as LaneSlot).laneForMs
    if (servedMs <= patienceMs(load[at] as number)) return false
    const isEnding = this.#shareOf(from, s) > 0 && this.#shareOf(from, s) < loads
    if (servedMs * priority > 1000 * SLICE_LOADS * loads && !isEnding) return true
    return servedMs * priority > 1000 * own && this.#shareOf(from, s) * priority > INTERRUPTED_TIMES * own
  }

  /** Of the lanes the plan has on this slot the one to do next (`#isBefore`); -1 where none. */
  #planned(s: number): number {
    let best = NONE
    for (const l of this.#table.lanes.keys()) {
      if (this.#shareOf(l, s) <= 0 || !this.#hasRoom(l)) continue
      if (best === NONE || this.#isBefore(l, best, s)) best = l
    }
    return best
  }

  /** One of a sweep without any slot, else one that no slot serves, else one that no other slot is to serve, so that it can end what it shares alone where plans change; else the one with most work here. */
  #isBefore(one: number, two: number, s: number): boolean {
    const order = (lane: number) => [this.#isWaiting(lane), this.#counts[lane] === 0, this.#planCounts[lane] === 1].map(Number)
    const [first, second] = [order(one), order(two)]
    const at = first.findIndex((value, i) => value !== second[i])
    return at === -1 ? this.#shareOf(one, s) > this.#shareOf(two, s) : first[at] === 1
  }

  /** Whether no slot serves any sweep of a lane. */
  #isWaiting(lane: number): boolean {
    const { sweeps } = this.#table.lanes[lane] as Lane
    return sweeps.length > 0 && !sweeps.some(({ sweep }) => this.#served.has(sweep))
  }

  /** A slot that has done its part goes on. Another one is not moved right after it came, nor for little, nor where its lane ends in less time than the loads of leaving are worth. */
  #mayLeave(s: number, to: number): boolean {
    const { slots, held, load, holders, lanes, speed } = this.#table
    const from = held[s] as number
    if (this.#hasPart[this.#table.at(from, s)] === 1) return true
    const toLoad = load[this.#table.at(to, s)] as number
    const loads = toLoad + (load[this.#table.at(from, s)] as number)
    const end = (lanes[from] as Lane).remainingTokens / (speed[this.#table.at(from, s)] as number) / (holders[from]?.length ?? 1)
    const hasServed = (slots[s] as LaneSlot).laneForMs > patienceMs(toLoad)
    return hasServed && this.#shareOf(to, s) >= LEAVE_LOADS * toLoad && end >= LEAVE_LOADS * loads
  }

  #hasRoom(lane: number): boolean {
    const { maxSlots } = this.#table.lanes[lane] as Lane
    return maxSlots === null || (this.#counts[lane] as number) < maxSlots
  }

  #give(s: number, lane: number): void {
    const before = this.#assigned[s] as number
    if (before !== NONE) this.#counts[before] = (this.#counts[before] as number) - 1
    this.#assigned[s] = lane
    for (const { sweep } of (this.#table.lanes[lane] as Lane).sweeps) this.#served.add(sweep)
    this.#counts[lane] = (this.#counts[lane] as number) + 1
  }

  #shareOf(lane: number, slot: number): number {
    return this.#shares[this.#table.at(lane, slot)] as number
  }
}

function heaviest(lane: Lane): number {
  return lane.sweeps.reduce((most, { weight }) => Math.max(most, weight), 0) || 1
}

function patienceMs(loadSeconds: number): number {
  return 1000 * Math.max(STARVED_SECONDS, 2 * loadSeconds)
}
