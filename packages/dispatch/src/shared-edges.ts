import type { Work } from './forest.ts'

/**
 * Which slots ever serve which lanes, as `Forest` has it, for a search that changes an edge at a time: what a slot with one lane gives that lane is
 * kept in a sum, so that only the slots with several lanes are decided edge by edge.
 */
export class SharedEdges {
  readonly #work: Work
  readonly #end: number
  readonly #slotOf: Int32Array
  readonly #laneOf: Int32Array
  /** Tokens per second of each lane's fastest slot. */
  readonly #fastest: Float64Array
  /** `lane * slotCount + slot` of each edge, in any order, and where each stands there, or -1. */
  readonly edges: Int32Array
  readonly #place: Int32Array
  count = 0
  /** Slots: lanes it has, by `slot * laneCount`, how many, and the exclusive or of the edges. */
  readonly #row: Int32Array
  readonly degree: Int32Array
  readonly #mix: Int32Array
  /** Slots with several lanes, and where each stands there. */
  readonly #shared: Int32Array
  readonly #sharedPlace: Int32Array
  #sharedCount = 0
  /** Lanes: tokens that slots with no other lane do until the end. */
  readonly #alone: Float64Array
  /** Seconds by which slots with one lane load it too long. */
  #over = 0
  /** For one decision: tokens and edges left by lane, seconds and edges left by slot, and the exclusive or of those edges. */
  readonly #tokensLeft: Float64Array
  readonly #laneDegree: Int32Array
  readonly #laneMix: Int32Array
  readonly #secondsLeft: Float64Array
  readonly #slotDegree: Int32Array
  readonly #slotMix: Int32Array

  /** For plans that end in so many seconds. */
  constructor(work: Work, end: number) {
    const { slotCount, laneCount, speed } = work
    const size = slotCount * laneCount
    this.#work = work
    this.#end = end
    this.#slotOf = Int32Array.from({ length: size }, (_, at) => at % slotCount)
    this.#laneOf = Int32Array.from({ length: size }, (_, at) => Math.floor(at / slotCount))
    this.#fastest = new Float64Array(laneCount)
    for (let at = 0; at < size; at += 1) {
      const lane = this.#laneOf[at] as number
      this.#fastest[lane] = Math.max(this.#fastest[lane] as number, speed[at] as number)
    }
    this.edges = new Int32Array(size)
    this.#place = new Int32Array(size).fill(-1)
    this.#row = new Int32Array(size)
    this.degree = new Int32Array(slotCount)
    this.#mix = new Int32Array(slotCount)
    this.#shared = new Int32Array(slotCount)
    this.#sharedPlace = new Int32Array(slotCount)
    this.#alone = new Float64Array(laneCount)
    this.#tokensLeft = new Float64Array(laneCount)
    this.#laneDegree = new Int32Array(laneCount)
    this.#laneMix = new Int32Array(laneCount)
    this.#secondsLeft = new Float64Array(slotCount)
    this.#slotDegree = new Int32Array(slotCount)
    this.#slotMix = new Int32Array(slotCount)
  }

  has(at: number): boolean {
    return this.#place[at] !== -1
  }

  slotOf(at: number): number {
    return this.#slotOf[at] as number
  }

  laneOf(at: number): number {
    return this.#laneOf[at] as number
  }

  add(at: number): void {
    const slot = this.#slotOf[at] as number
    const degree = this.degree[slot] as number
    this.#place[at] = this.count
    this.edges[this.count] = at
    this.count += 1
    if (degree === 0) this.#giveAlone(at, 1)
    else if (degree === 1) {
      this.#giveAlone(this.#mix[slot] as number, -1)
      this.#sharedPlace[slot] = this.#sharedCount
      this.#shared[this.#sharedCount] = slot
      this.#sharedCount += 1
    }
    this.#row[slot * this.#work.laneCount + degree] = at
    this.degree[slot] = degree + 1
    this.#mix[slot] = (this.#mix[slot] as number) ^ at
  }

  remove(at: number): void {
    const slot = this.#slotOf[at] as number
    const degree = (this.degree[slot] as number) - 1
    this.count -= 1
    const last = this.edges[this.count] as number
    const place = this.#place[at] as number
    this.edges[place] = last
    this.#place[last] = place
    this.#place[at] = -1
    const from = slot * this.#work.laneCount
    let i = from
    while (this.#row[i] !== at) i += 1
    this.#row[i] = this.#row[from + degree] as number
    this.degree[slot] = degree
    this.#mix[slot] = (this.#mix[slot] as number) ^ at
    if (degree === 0) this.#giveAlone(at, -1)
    else if (degree === 1) {
      this.#giveAlone(this.#mix[slot] as number, 1)
      this.#sharedCount -= 1
      const moved = this.#shared[this.#sharedCount] as number
      this.#shared[this.#sharedPlace[slot] as number] = moved
      this.#sharedPlace[moved] = this.#sharedPlace[slot] as number
    }
  }

  #giveAlone(at: number, sign: number): void {
    const lane = this.#laneOf[at] as number
    const room = this.#end - (this.#work.load[at] as number)
    if (room > 0) this.#alone[lane] = (this.#alone[lane] as number) + sign * room * (this.#work.speed[at] as number)
    else this.#over -= sign * room
  }

  /** The sums anew, without what rounding has left in them. */
  sumAnew(): void {
    this.#alone.fill(0)
    this.#over = 0
    for (let slot = 0; slot < this.degree.length; slot += 1)
      if (this.degree[slot] === 1) this.#giveAlone(this.#mix[slot] as number, 1)
  }

  /** Slot-seconds of work that find no room before the end; infinite where there is a cycle. */
  unmet(): number {
    const { laneCount, tokens } = this.#work
    for (let lane = 0; lane < laneCount; lane += 1) {
      const left = (tokens[lane] as number) - (this.#alone[lane] as number)
      this.#tokensLeft[lane] = left > 0 ? left : 0
    }
    let missing = this.#over
    if (this.#sharedCount > 0) missing += this.#decideShared()
    for (let lane = 0; lane < laneCount; lane += 1) {
      const left = this.#tokensLeft[lane] as number
      if (left > 0) missing += left / ((this.#fastest[lane] as number) || 1)
    }
    return missing
  }

  /** As `Forest` decides: a point with one edge left decides it. Only lanes have one edge at first. */
  #decideShared(): number {
    const { laneCount, load } = this.#work
    this.#laneDegree.fill(0)
    this.#laneMix.fill(0)
    let missing = 0
    let undecided = 0
    for (let i = 0; i < this.#sharedCount; i += 1) {
      const slot = this.#shared[i] as number
      const degree = this.degree[slot] as number
      let seconds = this.#end
      for (let j = slot * laneCount, last = j + degree; j < last; j += 1) {
        const at = this.#row[j] as number
        const lane = this.#laneOf[at] as number
        seconds -= load[at] as number
        this.#laneDegree[lane] = (this.#laneDegree[lane] as number) + 1
        this.#laneMix[lane] = (this.#laneMix[lane] as number) ^ at
      }
      if (seconds < 0) missing -= seconds
      this.#secondsLeft[slot] = seconds < 0 ? 0 : seconds
      this.#slotDegree[slot] = degree
      this.#slotMix[slot] = this.#mix[slot] as number
      undecided += degree
    }
    for (let from = 0; from < laneCount; from += 1) {
      let lane = from
      while (this.#laneDegree[lane] === 1) {
        const at = this.#laneMix[lane] as number
        missing += this.#decide(at, true)
        undecided -= 1
        const slot = this.#slotOf[at] as number
        if (this.#slotDegree[slot] !== 1) break
        const next = this.#slotMix[slot] as number
        this.#decide(next, false)
        undecided -= 1
        lane = this.#laneOf[next] as number
      }
    }
    return undecided > 0 ? Number.POSITIVE_INFINITY : missing
  }

  /** A lane's last edge has to take all that is left, and answers the seconds too much; another one takes what its slot has room for. */
  #decide(at: number, isLast: boolean): number {
    const slot = this.#slotOf[at] as number
    const lane = this.#laneOf[at] as number
    this.#slotDegree[slot] = (this.#slotDegree[slot] as number) - 1
    this.#laneDegree[lane] = (this.#laneDegree[lane] as number) - 1
    this.#slotMix[slot] = (this.#slotMix[slot] as number) ^ at
    this.#laneMix[lane] = (this.#laneMix[lane] as number) ^ at
    const needed = (this.#tokensLeft[lane] as number) / (this.#work.speed[at] as number)
    const room = this.#secondsLeft[slot] as number
    const given = needed < room ? needed : room
    this.#secondsLeft[slot] = room - given
    this.#tokensLeft[lane] =
      isLast || given === needed ? 0 : (this.#tokensLeft[lane] as number) - given * (this.#work.speed[at] as number)
    return isLast ? needed - given : 0
  }
}
