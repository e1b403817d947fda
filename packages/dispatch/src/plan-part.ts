import { FewestLoads } from './fewest-loads.ts'
import type { Lane, LaneSlot } from './fit.ts'
import type { FleetTable } from './fleet-table.ts'
import { Forest, latest, type Work } from './forest.ts'
import { withInterrupted } from './interrupted.ts'
import { longestInHand } from './last-chunks.ts'
import type { LanePlan, Promised } from './plan.ts'
import { LATEST, type PlanFound, PlanSearch, type PlanStart } from './plan-search.ts'
import type { Members } from './separate-parts.ts'
import { ofLanes, soonest } from './soonest.ts'
import { spareLoads } from './spare-loads.ts'
import { MOST_SEARCHED, type Shares } from './spread.ts'

/** Where little is left a plan may end so many seconds later. */
const SLACK_SECONDS = 15
/** A slot is not to stand idle the whole time of a plan that takes so many of its loads. */
const WANTED_LOADS = 10
/** The same of a slot that has done its part of the plan before. */
const WOKEN_LOADS = 100
/** Work that comes to a fleet with nothing to do may end later than soonest by so many loads; little work, for which no slot is wanted, by its whole time too. */
const SPARED_LOADS = 3
/** Share of its whole time by which a plan may be late before another one is made, and seconds beside, or the longest chunk in hand. */
const LATE = 0.0005
const LATE_SECONDS = 12
/** The same for what another one has to save, and how often it is tried. */
const SAVED = 0.05
const SAVED_SECONDS = 60
const TRIED_EVERY = 0.1
/** Less than so many seconds of a lane are left to the lane's other slots. */
const NOTHING = 0.05
/** The chunk in hand, which counts whole until it is done, and half of the next. */
const LEFT_CHUNKS = 1.5

interface PlanEdge {
  readonly slot: number
  readonly lane: number
  readonly seconds: number
}

export interface PartPlan {
  readonly edges: readonly PlanEdge[]
  readonly promised: Promised
}

/** The plan of one part of the fleet: kept, or made anew. */
export class PlanPart {
  readonly #table: FleetTable
  readonly #members: Members
  /** As a plan has to see it, and as no plan is below it: without the loads again of what a small sweep interrupts. */
  readonly #work: Work
  readonly #plain: Work
  readonly #held: Uint8Array
  readonly #forest: Forest
  /** Of a slot that may serve a lane, in seconds. */
  #leastLoad = Number.POSITIVE_INFINITY
  /** Whether the plan before was given up for one that ends much sooner. */
  #isLoose = false

  constructor(table: FleetTable, members: Members) {
    this.#table = table
    this.#members = members
    const { slots, lanes } = members
    const size = slots.length * lanes.length
    const work = {
      slotCount: slots.length,
      laneCount: lanes.length,
      may: new Uint8Array(size),
      speed: new Float64Array(size),
      load: new Float64Array(size),
      tokens: Float64Array.from(lanes, (lane) => (table.lanes[lane] as Lane).remainingTokens),
    }
    this.#held = new Uint8Array(size)
    for (let l = 0, at = 0; l < lanes.length; l += 1) {
      const lane = lanes[l] as number
      for (let s = 0; s < slots.length; s += 1, at += 1) {
        const slot = slots[s] as number
        const from = table.at(lane, slot)
        const isHeld = table.held[slot] === lane
        work.may[at] = table.may[from] as number
        work.speed[at] = table.speed[from] as number
        const load = table.load[from] as number
        work.load[at] = isHeld ? loadLeft(table.slots[slot] as LaneSlot, load) : load
        this.#held[at] = isHeld ? 1 : 0
        if (work.may[at] === 1) this.#leastLoad = Math.min(this.#leastLoad, load)
      }
    }
    this.#plain = work
    this.#work = { ...work, load: withInterrupted(table, members, work.load) }
    this.#forest = new Forest(this.#work)
  }

  /** The plan before, with its work as it is now; null where it does not serve everything, is late, or another one is likely to end much sooner. */
  keep(before: LanePlan, now: number): PartPlan | null {
    const edges = this.#edgesOf(before)
    const promised = this.#promisedBy(before)
    if (edges === null || promised === null || !this.#forest.set(edges)) return null
    const ends = this.#forest.balance()
    if (ends === null) return null
    const end = latest(ends)
    const spanMs = promised.endAt - promised.madeAt
    const late = Math.max(LATE_SECONDS, longestInHand(this.#table, this.#members.slots))
    if (now + 1000 * end > promised.endAt + LATE * spanMs + 1000 * late) return null
    const isTriable = now - promised.madeAt > 1000 * Math.max(SAVED_SECONDS, TRIED_EVERY * end)
    const least = (SAVED * spanMs) / 1000 + SAVED_SECONDS
    const bound = isTriable && end > least ? soonest(this.#plain) : 0
    this.#isLoose = bound > 0 && end - LATEST * bound > least && !this.#isLittle(bound)
    if (this.#isLoose) return null
    spareLoads(this.#work, this.#held, this.#forest, {
      end,
      latestEnd: (promised.endAt + LATE * spanMs - now) / 1000 + LATE_SECONDS,
      isLittle: this.#isLittle(spanMs / 1000),
    })
    const decided = this.#decided()
    return { edges: decided.map((edge) => (this.#isDone(edge, decided) ? { ...edge, seconds: 0 } : edge)), promised }
  }

  /** Whether a slot that goes on elsewhere leaves the rest of its lane to the others: what is left of it there is nearer to no further chunk than to one. */
  #isDone({ slot, lane, seconds }: PlanEdge, edges: readonly PlanEdge[]): boolean {
    if (this.#table.held[slot] !== lane) return false
    const { chunkTokens = 0, remainingTokens } = this.#table.lanes[lane] as Lane
    const speed = this.#table.speed[this.#table.at(lane, slot)] as number
    if (seconds * speed >= LEFT_CHUNKS * chunkTokens || 2 * seconds * speed >= remainingTokens) return false
    return edges.some((other) => other.slot === slot && other.lane !== lane && other.seconds > 0)
  }

  /** A plan with few loads that ends soon after the bound, on small fleets; else the greedy one. Never later than that. */
  make(before: LanePlan | null, now: number, greedy: Shares): PartPlan {
    const first = this.#edgesWhere(greedy)
    let end = this.#endOf(first) + SLACK_SECONDS
    const old =
      before === null || this.#isLoose ? null : this.#withNewLanes(before, this.#promisedBy(before) ?? this.#unused(before, now))
    const isLimited = this.#members.lanes.some((lane) => (this.#table.lanes[lane] as Lane).maxSlots !== null)
    if (this.#work.may.length <= MOST_SEARCHED && !isLimited) {
      const found = this.#search(before, old === null ? 0 : (old.endAt - now) / 1000, { edges: first, end })
      this.#forest.set(found.edges)
      this.#forest.balance()
      end = found.end
    }
    const endAt = old !== null && end === (old.endAt - now) / 1000 ? old.endAt : now + 1000 * end
    spareLoads(this.#work, this.#held, this.#forest, {
      end: this.#endOf(this.#forest.edges.slice(0, this.#forest.count)),
      latestEnd: end,
      isLittle: this.#isLittle((endAt - (old?.madeAt ?? now)) / 1000),
    })
    const edges = this.#decided().filter(({ seconds }) => seconds > 0)
    return { edges, promised: { madeAt: endAt === old?.endAt ? old.madeAt : now, endAt } }
  }

  #search(before: LanePlan | null, promised: number, greedy: PlanStart['greedy']): PlanFound {
    const bound = soonest(this.#plain)
    const fewest = new FewestLoads(this.#work, this.#held, this.#worthSeconds(before, bound))
    const slack = this.#slack(before, bound)
    const start = { bound, promised, slack, before: before === null ? null : this.#edgesOf(before), greedy }
    return new PlanSearch(this.#work, this.#forest, fewest).find(start)
  }

  /** Work that comes to a fleet with nothing to do, and with nothing loaded for it, may end later; little work at twice the time. */
  #slack(before: LanePlan | null, bound: number): number {
    if (before === null || this.#promisedBy(before) !== null || this.#held.includes(1)) return SLACK_SECONDS
    return Math.max(SLACK_SECONDS, SPARED_LOADS * this.#leastLoad + (this.#isLittle(bound) ? bound : 0))
  }

  /** Whether no slot is wanted for what takes so many seconds, so long do loads take beside it. */
  #isLittle(seconds: number): boolean {
    return seconds < WANTED_LOADS * this.#leastLoad
  }

  /** Slots that have stood idle beside the plan before have done their part of it: they are to help only with much more work. */
  #worthSeconds(before: LanePlan | null, bound: number): number[] {
    return this.#members.slots.map((slot) => {
      const { id, lane } = this.#table.slots[slot] as LaneSlot
      return bound / (lane === null && before?.slots.has(id) === true ? WOKEN_LOADS : WANTED_LOADS)
    })
  }

  #endOf(edges: ArrayLike<number>): number {
    this.#forest.set(edges)
    return latest(this.#forest.balance() ?? new Float64Array())
  }

  /** What the forest has, in the table's numbers. */
  #decided(): PartPlan['edges'] {
    const { slots, lanes } = this.#members
    const { tokens, speed } = this.#work
    return Array.from({ length: this.#forest.count }, (_, e) => {
      const [slot, lane] = [this.#forest.slotOf(e), this.#forest.laneOf(e)]
      const seconds = this.#forest.seconds[e] as number
      const isMost = 2 * seconds * (speed[this.#forest.edges[e] as number] as number) >= (tokens[lane] as number)
      return { slot: slots[slot] as number, lane: lanes[lane] as number, seconds: seconds > NOTHING || isMost ? seconds : 0 }
    })
  }

  #edgesWhere(shares: Shares): number[] {
    const { slots, lanes } = this.#members
    const edges: number[] = []
    const { may } = this.#work
    for (const [l, lane] of lanes.entries()) {
      const before = edges.length
      for (const [s, slot] of slots.entries()) {
        if ((shares[this.#table.at(lane, slot)] as number) > 0) edges.push(l * slots.length + s)
      }
      if (edges.length === before) edges.push(may.indexOf(1, l * slots.length))
    }
    return withoutCycles(edges, this.#work)
  }

  /** Null where a slot has come since. */
  #edgesOf(before: LanePlan): number[] | null {
    const { slots, lanes } = this.#members
    const numbers = new Map(lanes.map((lane, l) => [(this.#table.lanes[lane] as Lane).key, l]))
    const edges: number[] = []
    for (const [s, slot] of slots.entries()) {
      const keys = before.slots.get((this.#table.slots[slot] as LaneSlot).id)
      if (keys === undefined) return null
      for (const key of keys) {
        const at = (numbers.get(key) ?? -1) * slots.length + s
        if (this.#work.may[at] === 1) edges.push(at)
      }
    }
    return edges
  }

  /** What was promised, later by what lanes take that nobody knew of. */
  #withNewLanes(before: LanePlan, promised: Promised | null): Promised | null {
    const isKnown = (lane: number) => before.lanes.has((this.#table.lanes[this.#members.lanes[lane] as number] as Lane).key)
    const known = Array.from(this.#members.lanes.keys()).filter(isKnown)
    if (promised === null || known.length === this.#members.lanes.length) return promised
    const more = LATEST * (soonest(this.#plain) - soonest(ofLanes(this.#plain, known)))
    return { madeAt: promised.madeAt, endAt: promised.endAt + 1000 * Math.max(0, more) }
  }

  /** What was promised of lanes that ended sooner: the time is there for those that come. Null where it is over. */
  #unused(before: LanePlan, now: number): Promised | null {
    const keys = new Set(this.#table.lanes.map(({ key }) => key))
    let found: Promised | null = null
    for (const [key, promised] of before.lanes)
      if (!keys.has(key) && promised.endAt > Math.max(now, found?.endAt ?? 0)) found = promised
    return found
  }

  /** Of the lanes that were there; null where none was. */
  #promisedBy(before: LanePlan): Promised | null {
    let [madeAt, endAt] = [Number.POSITIVE_INFINITY, 0]
    for (const lane of this.#members.lanes) {
      const promised = before.lanes.get((this.#table.lanes[lane] as Lane).key)
      if (promised === undefined) continue
      madeAt = Math.min(madeAt, promised.madeAt)
      endAt = Math.max(endAt, promised.endAt)
    }
    return endAt === 0 ? null : { madeAt, endAt }
  }
}

/** What is left of the load of the lane that a slot has, in seconds. */
function loadLeft({ isServing, laneForMs }: LaneSlot, load: number): number {
  return isServing ? 0 : Math.max(0, load - laneForMs / 1000)
}

/** Edges in order, but for those that would close a cycle. */
function withoutCycles(edges: readonly number[], { slotCount, laneCount }: Work): number[] {
  const parent = Array.from({ length: slotCount + laneCount }, (_, point) => point)
  const root = (point: number): number => (parent[point] === point ? point : root(parent[point] as number))
  return edges.filter((at) => {
    const [slot, lane] = [root(at % slotCount), root(slotCount + Math.floor(at / slotCount))]
    parent[slot] = lane
    return slot !== lane
  })
}
