/** Slots x lanes as a plan looks at them; matrices by `lane * slotCount + slot`. */
export interface Work {
  readonly slotCount: number
  readonly laneCount: number
  /** 1 where the slot may serve the lane. */
  readonly may: Uint8Array
  /** Tokens per second. */
  readonly speed: Float64Array
  /** Seconds that the slot needs before it serves the lane; 0 where it holds it. */
  readonly load: Float64Array
  /** Tokens left by lane. */
  readonly tokens: Float64Array
}

/** How exactly a part's shortest end is found: two to the power of this. */
const HALVINGS = 24

/**
 * Which slots ever serve which lanes, as a graph without cycles: no plan needs one, since along a cycle work can be shifted until an
 * edge has none. How much of each edge's lane its slot does then follows from the end: a lane with one edge left needs that slot for
 * all that is left of it, a slot with one edge left gives that lane all the time it has left, and so on edge by edge.
 */
export class Forest {
  readonly #work: Work
  /** Slots, then lanes: edges left, and the exclusive or of their numbers, which at one edge left is that edge. */
  readonly #degree: Int32Array
  readonly #mix: Int32Array
  /** Slots: seconds left. Lanes: tokens left. */
  readonly #left: Float64Array
  /** Seconds that find no room, by slot and lane. */
  readonly #missing: Float64Array
  /** Tokens per second of each lane's fastest slot. */
  readonly #fastest: Float64Array
  /** `lane * slotCount + slot` of each edge. */
  readonly edges: Int32Array
  /** Seconds of each edge's lane on its slot, as last decided. */
  readonly seconds: Float64Array
  count = 0

  constructor(work: Work) {
    const { slotCount, laneCount, speed } = work
    const points = slotCount + laneCount
    this.#work = work
    this.edges = new Int32Array(points)
    this.seconds = new Float64Array(points)
    this.#degree = new Int32Array(points)
    this.#mix = new Int32Array(points)
    this.#left = new Float64Array(points)
    this.#missing = new Float64Array(points)
    this.#fastest = new Float64Array(laneCount)
    for (let lane = 0, at = 0; lane < laneCount; lane += 1) {
      let best = 0
      for (const end = at + slotCount; at < end; at += 1) if ((speed[at] as number) > best) best = speed[at] as number
      this.#fastest[lane] = best
    }
  }

  /** False where there are so many edges that there is a cycle. */
  set(edges: ArrayLike<number>): boolean {
    if (edges.length > this.edges.length) return false
    this.edges.set(edges)
    this.count = edges.length
    return true
  }

  slotOf(edge: number): number {
    return (this.edges[edge] as number) % this.#work.slotCount
  }

  laneOf(edge: number): number {
    return Math.floor((this.edges[edge] as number) / this.#work.slotCount)
  }

  /** Slot-seconds of work that find no room before `end`; infinite where there is a cycle. */
  unmet(end: number): number {
    this.#left.fill(end, 0, this.#work.slotCount)
    if (!this.#decideAll()) return Number.POSITIVE_INFINITY
    let sum = 0
    for (let point = 0; point < this.#missing.length; point += 1) sum += this.#missing[point] as number
    return sum
  }

  /**
   * The shortest end of each connected part, by lane, in seconds; leaves each edge's seconds at it. Null where there is a cycle, or a lane with
   * work that no slot serves.
   */
  balance(): Float64Array | null {
    const { slotCount, laneCount, speed, load, tokens } = this.#work
    const parts = this.#parts()
    const low = new Float64Array(parts.length)
    const high = new Float64Array(parts.length)
    for (let e = 0; e < this.count; e += 1) {
      const at = this.edges[e] as number
      const part = parts[this.slotOf(e)] as number
      high[part] = (high[part] as number) + (load[at] as number) + (tokens[this.laneOf(e)] as number) / (speed[at] as number)
    }
    const missing = new Float64Array(parts.length)
    for (let halved = 0; halved <= HALVINGS; halved += 1) {
      const isLast = halved === HALVINGS
      const endOf = (part: number) => (isLast ? (high[part] as number) : ((low[part] as number) + (high[part] as number)) / 2)
      for (let slot = 0; slot < slotCount; slot += 1) this.#left[slot] = endOf(parts[slot] as number)
      if (!this.#decideAll()) return null
      if (isLast) break
      missing.fill(0)
      for (let point = 0; point < parts.length; point += 1) {
        const part = parts[point] as number
        missing[part] = (missing[part] as number) + (this.#missing[point] as number)
      }
      for (let part = 0; part < parts.length; part += 1) {
        if ((missing[part] as number) > 0) low[part] = endOf(part)
        else high[part] = endOf(part)
      }
    }
    for (let lane = 0; lane < laneCount; lane += 1) {
      if ((tokens[lane] as number) > 0 && parts[slotCount + lane] === slotCount + lane) return null
    }
    return Float64Array.from({ length: laneCount }, (_, lane) => high[parts[slotCount + lane] as number] as number)
  }

  /** The first point of each point's connected part. */
  #parts(): Int32Array {
    const { slotCount, laneCount } = this.#work
    const parent = Int32Array.from({ length: slotCount + laneCount }, (_, point) => point)
    const root = (point: number): number => {
      let at = point
      while (parent[at] !== at) {
        parent[at] = parent[parent[at] as number] as number
        at = parent[at] as number
      }
      return at
    }
    for (let e = 0; e < this.count; e += 1) {
      const [one, two] = [root(this.slotOf(e)), root(slotCount + this.laneOf(e))]
      parent[Math.max(one, two)] = Math.min(one, two)
    }
    return parent.map((_, point) => root(point))
  }

  /** From the ends in `#left`; false where edges are left over, which lie on cycles. */
  #decideAll(): boolean {
    const { slotCount, laneCount } = this.#work
    this.#begin()
    let decided = 0
    for (let from = 0; from < slotCount + laneCount; from += 1) {
      let point = from
      while (this.#degree[point] === 1) {
        const edge = this.#mix[point] as number
        this.#decide(edge, point)
        decided += 1
        point = this.#remove(edge, point)
      }
    }
    for (let lane = 0; lane < laneCount; lane += 1) {
      const left = this.#left[slotCount + lane] as number
      if (left > 0) this.#missing[slotCount + lane] = left / ((this.#fastest[lane] as number) || 1)
    }
    return decided === this.count
  }

  #begin(): void {
    const { slotCount, load, tokens } = this.#work
    this.#degree.fill(0)
    this.#mix.fill(0)
    this.#missing.fill(0)
    this.#left.set(tokens, slotCount)
    for (let e = 0; e < this.count; e += 1) {
      const at = this.edges[e] as number
      const slot = at % slotCount
      const lane = slotCount + (at - slot) / slotCount
      this.#degree[slot] = (this.#degree[slot] as number) + 1
      this.#degree[lane] = (this.#degree[lane] as number) + 1
      this.#mix[slot] = (this.#mix[slot] as number) ^ e
      this.#mix[lane] = (this.#mix[lane] as number) ^ e
      this.#left[slot] = (this.#left[slot] as number) - (load[at] as number)
    }
    for (let slot = 0; slot < slotCount; slot += 1) {
      const left = this.#left[slot] as number
      if (left >= 0) continue
      this.#missing[slot] = -left
      this.#left[slot] = 0
    }
  }

  /** A lane's last edge has to take all that is left; another one takes what its slot has room for. */
  #decide(edge: number, leaf: number): void {
    const { slotCount, speed } = this.#work
    const at = this.edges[edge] as number
    const slot = at % slotCount
    const lane = slotCount + (at - slot) / slotCount
    const needed = (this.#left[lane] as number) / (speed[at] as number)
    const room = this.#left[slot] as number
    const given = Math.min(needed, room)
    this.seconds[edge] = given
    this.#left[slot] = room - given
    if (leaf === lane) {
      this.#missing[lane] = needed - given
      this.#left[lane] = 0
    } else this.#left[lane] = given === needed ? 0 : (this.#left[lane] as number) - given * (speed[at] as number)
  }

  #remove(edge: number, leaf: number): number {
    const { slotCount } = this.#work
    const at = this.edges[edge] as number
    const slot = at % slotCount
    const lane = slotCount + (at - slot) / slotCount
    this.#degree[slot] = (this.#degree[slot] as number) - 1
    this.#degree[lane] = (this.#degree[lane] as number) - 1
    this.#mix[slot] = (this.#mix[slot] as number) ^ edge
    this.#mix[lane] = (this.#mix[lane] as number) ^ edge
    return leaf === slot ? lane : slot
  }
}

/** When the last slot of a forest is done. */
export function latest(ends: Float64Array): number {
  return ends.reduce((most, end) => Math.max(most, end), 0)
}
