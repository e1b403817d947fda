import { Forest, type Work } from './forest.ts'

/** Loads that one slot's whole time of missing work counts for. */
const MISSING = 150
/** Loads more that are accepted about every third time: at first, at first near a plan that was good, and at last. */
const HOT = 1
const WARM = 0.25
const COLD = 0.03
/** Edges looked at in one search, which bounds its time: some 20 ns each. */
const EDGES_LOOKED_AT = 1_000_000
const MOST_STEPS = 20_000
/** Small fleets have few plans to look at: so many steps for each slot and lane. */
const STEPS_A_PAIR = 500
/** Loads that an idle slot counts for: more than the one that it would cost to let it help. */
const IDLE = 1.5
/** Of steps: that take an edge away, add one, move one to another lane, to another slot; the others swap the slots of two. */
const [AWAY, ADDED, TO_LANE, TO_SLOT] = [0.1, 0.25, 0.5, 0.75]

export interface Nearness {
  /** A slot may stand idle for less than so many of its loads. */
  readonly worthLoads: number
  /** Whether the start was a good plan until something changed. */
  readonly isNear: boolean
}

/**
 * Looks by simulated annealing for the forest with fewest loads that ends all work in time, and leaves no slot idle the whole time. Deterministic: chance comes from a fixed seed.
 */
export class FewestLoads {
  readonly #work: Work
  readonly #forest: Forest
  readonly #random = mulberry32(1)
  /** Slot, and lane -> what it could have, by `lane * slotCount + slot`. */
  readonly #ofSlot: readonly Int32Array[]
  readonly #ofLane: readonly Int32Array[]
  readonly #held: Uint8Array
  readonly #isServing: Uint8Array
  /** 1 where a slot may not stand idle: where the time is worth a load of it. */
  readonly #isWanted: Uint8Array

  constructor(work: Work, held: Uint8Array) {
    const { slotCount, laneCount, may } = work
    this.#work = work
    this.#held = held
    this.#forest = new Forest(work)
    const ofSlot: number[][] = Array.from({ length: slotCount }, () => [])
    const ofLane: number[][] = Array.from({ length: laneCount }, () => [])
    for (const [at, one] of may.entries()) {
      if (one === 0) continue
      ofSlot[at % slotCount]?.push(at)
      ofLane[Math.floor(at / slotCount)]?.push(at)
    }
    this.#ofSlot = ofSlot.map((list) => Int32Array.from(list))
    this.#ofLane = ofLane.map((list) => Int32Array.from(list))
    this.#isServing = new Uint8Array(slotCount)
    this.#isWanted = new Uint8Array(slotCount)
  }

  /** Edges of the best plan found that ends all work in so many seconds; null where none was found. */
  within(end: number, start: ArrayLike<number>, how: Nearness): Int32Array | null {
    const forest = this.#forest
    for (const [slot, list] of this.#ofSlot.entries()) {
      this.#isWanted[slot] = list.some((at) => (this.#work.load[at] as number) * how.worthLoads < end) ? 1 : 0
    }
    if (!forest.set(start)) forest.set([])
    const steps = Math.min(MOST_STEPS, STEPS_A_PAIR * this.#work.may.length, Math.floor(EDGES_LOOKED_AT / forest.edges.length))
    const fewest = this.#fewest()
    const hot = how.isNear ? WARM : HOT
    const before = new Int32Array(forest.edges.length)
    let found: { edges: Int32Array; loads: number } | null = null
    let energy = Number.POSITIVE_INFINITY
    for (let step = 0; step <= steps; step += 1) {
      const { count } = forest
      before.set(forest.edges)
      if (step > 0 && !this.#move()) continue
      const missing = forest.unmet(end)
      const loads = this.#loads()
      const next = loads + (MISSING * missing) / end
      const heat = hot * (COLD / hot) ** (step / steps)
      if (next <= energy || this.#random() < Math.exp((energy - next) / heat)) {
        energy = next
        if (missing <= 1e-9 * end && (found === null || loads < found.loads))
          found = { edges: forest.edges.slice(0, forest.count), loads }
        if (found !== null && found.loads <= fewest) break
      } else {
        forest.edges.set(before)
        forest.count = count
      }
    }
    return found?.edges ?? null
  }

  /** Each lane that nobody holds is loaded, and each slot that holds none and is not to stand idle loads. */
  #fewest(): number {
    const isHeld = (at: number) => this.#held[at] === 1
    const lanes = this.#ofLane.filter((list) => !list.some(isHeld)).length
    const slots = this.#ofSlot.filter((list, slot) => this.#isWanted[slot] === 1 && !list.some(isHeld)).length
    return Math.max(lanes, slots)
  }

  #loads(): number {
    const { edges, count } = this.#forest
    const { slotCount } = this.#work
    const isServing = this.#isServing.fill(0)
    let loads = 0
    for (let e = 0; e < count; e += 1) {
      const at = edges[e] as number
      loads += 1 - (this.#held[at] as number)
      isServing[at % slotCount] = 1
    }
    for (let slot = 0; slot < slotCount; slot += 1) if (isServing[slot] === 0) loads += IDLE * (this.#isWanted[slot] as number)
    return loads
  }

  /** Changes the forest by one step, maybe into a graph with a cycle; false where the step drawn is none. */
  #move(): boolean {
    const forest = this.#forest
    const drawn = this.#random()
    if (drawn < AWAY) return this.#takeAway()
    if (drawn < ADDED || forest.count === 0) return this.#add()
    const e = this.#below(forest.count)
    if (drawn < TO_SLOT) {
      const list = drawn < TO_LANE ? this.#ofSlot[forest.slotOf(e)] : this.#ofLane[forest.laneOf(e)]
      const to = list?.[this.#below(list.length)] ?? -1
      if (to === -1 || this.#has(to)) return false
      forest.edges[e] = to
      return true
    }
    return this.#swap(e, this.#below(forest.count))
  }

  #takeAway(): boolean {
    const forest = this.#forest
    if (forest.count === 0) return false
    forest.count -= 1
    forest.edges[this.#below(forest.count + 1)] = forest.edges[forest.count] as number
    return true
  }

  #add(): boolean {
    const forest = this.#forest
    if (forest.count === forest.edges.length - 1) return false
    const list = this.#ofSlot[this.#below(this.#ofSlot.length)]
    const at = list?.[this.#below(list.length)] ?? -1
    if (at === -1 || this.#has(at)) return false
    forest.edges[forest.count] = at
    forest.count += 1
    return true
  }

  #swap(e: number, f: number): boolean {
    const forest = this.#forest
    const { slotCount, may } = this.#work
    const one = forest.laneOf(e) * slotCount + forest.slotOf(f)
    const two = forest.laneOf(f) * slotCount + forest.slotOf(e)
    if (may[one] === 0 || may[two] === 0 || this.#has(one) || this.#has(two)) return false
    forest.edges[e] = one
    forest.edges[f] = two
    return true
  }

  #has(at: number): boolean {
    const { edges, count } = this.#forest
    for (let e = 0; e < count; e += 1) if (edges[e] === at) return true
    return false
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
