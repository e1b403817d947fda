import type { Work } from './forest.ts'
import { SharedEdges } from './shared-edges.ts'

/** Loads that one slot's whole time of missing work counts for. */
const MISSING = 150
/** Loads more that are accepted about every third time: at first, the same on small fleets, at first near a plan that was good, and at last. */
const HOT = 0.3
const HOT_SMALL = 1
const WARM = 0.2
const COLD = 0.05
const MOST_STEPS = 20_000
/** Small fleets have few plans to look at: so many steps for each slot and lane. */
const STEPS_A_PAIR = 500
/** A short search takes a step of so many. */
const SHORT = 4
/** Loads that an idle slot counts for: more than the one that it would cost to let it help. */
const IDLE = 1.5
/** Of steps: that take an edge away, add one, move one to another lane, to another slot; the others swap the slots of two. */
const [AWAY, ADDED, TO_LANE, TO_SLOT] = [0.1, 0.25, 0.5, 0.75]
/** Slots x lanes of a small fleet. */
export const FEW_PAIRS = 40
const NONE = -1

export interface Search {
  /** Whether the start is a good plan, or was until something changed. */
  readonly isNear: boolean
  /** Loads, idle slots counted, with which a search, then a short one, is over, and which none is begun for that nothing can have; it looks for the fewest where absent. */
  readonly enough?: number
}

export interface Found {
  readonly edges: Int32Array
  /** Idle slots counted. */
  readonly loads: number
}

/**
 * Looks by simulated annealing for the forest with fewest loads that ends all work in time, and leaves no slot idle the whole time. Deterministic: chance comes from a fixed seed.
 */
export class FewestLoads {
  readonly #work: Work
  readonly #random = mulberry32(1)
  /** Slot, and lane -> what it could have, by `lane * slotCount + slot`. */
  readonly #ofSlot: readonly Int32Array[]
  readonly #ofLane: readonly Int32Array[]
  readonly #held: Uint8Array
  /** 1 where a slot may not stand idle: where the time is worth a load of it. */
  readonly #isWanted: Uint8Array
  #edges: SharedEdges
  /** Of the edges as they are. */
  #loads = 0
  /** What the last step took away and put in its place, and another such pair, for the way back. */
  readonly #noted = new Int32Array(4)

  /** A slot may stand idle where each load of it takes so many seconds, by slot. */
  constructor(work: Work, held: Uint8Array, worthSeconds: readonly number[]) {
    const { slotCount, laneCount, may } = work
    this.#work = work
    this.#held = held
    this.#edges = new SharedEdges(work, 0)
    const ofSlot: number[][] = Array.from({ length: slotCount }, () => [])
    const ofLane: number[][] = Array.from({ length: laneCount }, () => [])
    for (const [at, one] of may.entries()) {
      if (one === 0) continue
      ofSlot[at % slotCount]?.push(at)
      ofLane[Math.floor(at / slotCount)]?.push(at)
    }
    this.#ofSlot = ofSlot.map((list) => Int32Array.from(list))
    this.#ofLane = ofLane.map((list) => Int32Array.from(list))
    this.#isWanted = Uint8Array.from(this.#ofSlot, (list, slot) =>
      Number(list.some((at) => (work.load[at] as number) < (worthSeconds[slot] as number))),
    )
  }

  /** The best plan found that ends all work in so many seconds; null where none was found. */
  within(end: number, start: ArrayLike<number>, how: Search): Found | null {
    const least = this.#fewest()
    if (how.enough !== undefined && how.enough < least) return null
    this.#begin(end, start)
    const edges = this.#edges
    const most = Math.min(MOST_STEPS, STEPS_A_PAIR * this.#work.may.length)
    const steps = how.enough === undefined ? most : most / SHORT
    const fewest = Math.max(how.enough ?? 0, least)
    const hot = how.isNear ? WARM : this.#work.may.length > FEW_PAIRS ? HOT : HOT_SMALL
    let found: Found | null = null
    let energy = Number.POSITIVE_INFINITY
    let heat = hot
    const cooling = (COLD / hot) ** (1 / steps)
    for (let step = 0; step <= steps; step += 1, heat *= cooling) {
      const before = this.#loads
      if (step > 0 && !this.#move()) continue
      const missing = edges.unmet()
      const next = this.#loads + (MISSING * missing) / end
      if (next > energy && this.#random() >= Math.exp((energy - next) / heat)) {
        this.#undo(before)
        continue
      }
      energy = next
      if (missing > 1e-9 * end || (found !== null && this.#loads >= found.loads)) continue
      edges.sumAnew()
      if (edges.unmet() > 1e-9 * end) continue
      found = { edges: edges.edges.slice(0, edges.count), loads: this.#loads }
      if (found.loads <= fewest) break
    }
    return found
  }

  #begin(end: number, start: ArrayLike<number>): void {
    this.#edges = new SharedEdges(this.#work, end)
    this.#loads = 0
    for (const wanted of this.#isWanted) this.#loads += IDLE * wanted
    for (let e = 0; e < start.length; e += 1) if (!this.#edges.has(start[e] as number)) this.#put(start[e] as number)
  }

  /** Each lane that nobody holds is loaded, and each slot that holds none and is not to stand idle loads. */
  #fewest(): number {
    const isHeld = (at: number) => this.#held[at] === 1
    const lanes = this.#ofLane.filter((list) => !list.some(isHeld)).length
    const slots = this.#ofSlot.filter((list, slot) => this.#isWanted[slot] === 1 && !list.some(isHeld)).length
    return Math.max(lanes, slots)
  }

  #put(at: number): void {
    const slot = this.#edges.slotOf(at)
    if (this.#edges.degree[slot] === 0) this.#loads -= IDLE * (this.#isWanted[slot] as number)
    this.#loads += 1 - (this.#held[at] as number)
    this.#edges.add(at)
  }

  #take(at: number): void {
    const slot = this.#edges.slotOf(at)
    this.#edges.remove(at)
    this.#loads -= 1 - (this.#held[at] as number)
    if (this.#edges.degree[slot] === 0) this.#loads += IDLE * (this.#isWanted[slot] as number)
  }

  /** Changes the forest by one step, maybe into a graph with a cycle; false where the step drawn is none. */
  #move(): boolean {
    const edges = this.#edges
    const drawn = this.#random()
    if (drawn >= AWAY && (drawn < ADDED || edges.count === 0)) {
      const list = this.#ofSlot[this.#below(this.#ofSlot.length)] as Int32Array
      return this.#change(NONE, list.length === 0 ? NONE : (list[this.#below(list.length)] as number))
    }
    if (edges.count === 0) return false
    const from = edges.edges[this.#below(edges.count)] as number
    if (drawn < AWAY) return this.#change(from, NONE)
    if (drawn < TO_SLOT) {
      const list = (drawn < TO_LANE ? this.#ofSlot[edges.slotOf(from)] : this.#ofLane[edges.laneOf(from)]) as Int32Array
      const to = list[this.#below(list.length)] as number
      return !edges.has(to) && this.#change(from, to)
    }
    return this.#swap(from, edges.edges[this.#below(edges.count)] as number)
  }

  #change(from: number, to: number): boolean {
    if (from === NONE && (to === NONE || this.#edges.has(to))) return false
    this.#note(from, to, NONE, NONE)
    return true
  }

  /** Two lanes change their slots. */
  #swap(one: number, two: number): boolean {
    const edges = this.#edges
    const { slotCount, may } = this.#work
    const first = edges.laneOf(one) * slotCount + edges.slotOf(two)
    const second = edges.laneOf(two) * slotCount + edges.slotOf(one)
    if (may[first] === 0 || may[second] === 0 || edges.has(first) || edges.has(second)) return false
    this.#note(one, first, two, second)
    return true
  }

  #note(from: number, to: number, alsoFrom: number, alsoTo: number): void {
    this.#noted[0] = from
    this.#noted[1] = to
    this.#noted[2] = alsoFrom
    this.#noted[3] = alsoTo
    if (from !== NONE) this.#take(from)
    if (alsoFrom !== NONE) this.#take(alsoFrom)
    if (to !== NONE) this.#put(to)
    if (alsoTo !== NONE) this.#put(alsoTo)
  }

  #undo(loads: number): void {
    const edges = this.#edges
    const noted = this.#noted
    if (noted[1] !== NONE) edges.remove(noted[1] as number)
    if (noted[3] !== NONE) edges.remove(noted[3] as number)
    if (noted[0] !== NONE) edges.add(noted[0] as number)
    if (noted[2] !== NONE) edges.add(noted[2] as number)
    this.#loads = loads
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count)
  }
}

function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
