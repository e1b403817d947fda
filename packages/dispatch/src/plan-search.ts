import { FEW_PAIRS, type FewestLoads, type Found } from './fewest-loads.ts'
import { type Forest, latest, type Work } from './forest.ts'
import { endsInTime, halfLongestChunk, SHARED_SECONDS } from './last-chunks.ts'
import { withOneMore } from './one-more.ts'

/** A plan may end so much later than what no plan is below: the later, the fewer loads. */
export const LATEST = 1.05
/** Slots up to which a plan may need nearly all the time there is; with more of them something is always late. */
const FEW_SLOTS = 8
/** Where little is left, or none was found: ends as shares of the same, one after the other, and seconds beside. */
const ENDS = [1.035, 1.04, 1.05, 1.07, 1.1]
/** How often a sooner end is tried with as many loads, and from which share of what no plan is below it is soon enough. */
const SOONER_TRIES = 3
const SOON = 1.01
/** Share of the time there is that a small sweep that nobody knows of yet may add to it. */
const MORE_TIME = 1.01

export interface PlanStart {
  /** Seconds that no plan is below. */
  readonly bound: number
  /** The end that was promised, in seconds from now; 0 where none was. */
  readonly promised: number
  /** Seconds beside the share that a plan may be later than the bound. */
  readonly slack: number
  /** Edges of the plan before; null where there is none that fits. */
  readonly before: readonly number[] | null
  readonly greedy: { readonly edges: readonly number[]; readonly end: number }
}

export interface PlanFound {
  readonly edges: ArrayLike<number>
  /** What the plan may promise, in seconds: it ends by then. */
  readonly end: number
}

/** Looks for the plan with fewest loads that ends soon after the bound; the greedy one where it finds none. */
export class PlanSearch {
  readonly #work: Work
  readonly #forest: Forest
  readonly #fewest: FewestLoads

  constructor(work: Work, forest: Forest, fewest: FewestLoads) {
    this.#work = work
    this.#forest = forest
    this.#fewest = fewest
  }

  find({ bound, promised, slack, before, greedy }: PlanStart): PlanFound {
    const latestEnd = LATEST * bound
    const limit = latestEnd - SHARED_SECONDS
    const first = Math.max(promised, (ENDS[0] as number) * bound + slack)
    if (limit > first && this.#work.slotCount <= FEW_SLOTS) {
      const found = this.#found(limit, before, greedy.edges)
      const edges = found && (this.#oneLess(found, latestEnd) ?? this.#sooner(found, bound))
      if (edges !== null && this.#isInTime(edges, latestEnd)) return { edges, end: limit }
    }
    for (const [i, share] of ENDS.entries()) {
      const end = Math.max(share * bound + slack, first, limit - halfLongestChunk(this.#work))
      if (i > 0 && end > greedy.end) break
      const found = this.#found(end, before, greedy.edges)
      if (found !== null) return { edges: this.#sooner(found, bound), end }
    }
    const found = this.#fewest.within(greedy.end, greedy.edges, { isNear: false })
    return { edges: found?.edges ?? greedy.edges, end: greedy.end }
  }

  /** Near the plan before; also from the greedy one where that finds none, and on small fleets, where it costs little; a small fleet's first also from none. */
  #found(end: number, before: readonly number[] | null, greedy: readonly number[]): Found | null {
    const near = before === null ? null : this.#fewest.within(end, before, { isNear: true })
    if (near !== null && this.#work.may.length > FEW_PAIRS) return near
    const others = [greedy, ...(before === null && this.#work.slotCount <= FEW_SLOTS ? [[]] : [])]
    return others.reduce((best: Found | null, start) => {
      const other = this.#fewest.within(end, start, { isNear: false })
      return best !== null && (other === null || best.loads <= other.loads) ? best : other
    }, near)
  }

  /**
   * A plan with a load less that ends by then, if that leaves slots the seconds they need; else one that ends a little too late, and one load more with which it does
   * not: comes a small sweep, the last load is not needed.
   */
  #oneLess({ edges, loads }: Found, end: number): ArrayLike<number> | null {
    const how = { isNear: true, enough: loads - 1 }
    const late = this.#fewest.within(end * MORE_TIME, edges, how)
    if (late === null || late.loads > loads - 1) return null
    const fewer = this.#fewest.within(end, late.edges, how)
    if (fewer !== null && fewer.loads < loads && this.#isInTime(fewer.edges, end)) return fewer.edges
    const more = withOneMore(this.#work, this.#forest, late.edges)
    return more !== null && this.#isInTime(more, end) ? more : null
  }

  /** Of plans with as many loads one that ends sooner, so that there is time for what no plan sees. */
  #sooner({ edges: found, loads }: Found, bound: number): ArrayLike<number> {
    let best = found
    let [low, high] = [bound, this.#endOf(found)]
    for (let tried = 0; tried < SOONER_TRIES && high > SOON * bound; tried += 1) {
      const middle = (low + high) / 2
      const sooner = this.#fewest.within(middle, best, { isNear: true, enough: loads })
      if (sooner === null || sooner.loads > loads) low = middle
      else [best, high] = [sooner.edges, this.#endOf(sooner.edges)]
    }
    return best
  }

  /** By `end`, with the last chunks and the time of slots that go on. */
  #isInTime(edges: ArrayLike<number>, end: number): boolean {
    const ends = this.#endsOf(edges)
    return ends.length > 0 && ends.every((one) => one <= end) && endsInTime(this.#work, edges, ends, end)
  }

  #endOf(edges: ArrayLike<number>): number {
    return latest(this.#endsOf(edges))
  }

  #endsOf(edges: ArrayLike<number>): Float64Array {
    this.#forest.set(edges)
    return this.#forest.balance() ?? new Float64Array()
  }
}
