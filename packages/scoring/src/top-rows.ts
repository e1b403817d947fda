import { nthSmallest, ScoreSelection } from './score-selection.ts'

/** Priority of a document row that must never be retrieved. */
export const NEVER = 0xffffffff

/** The rows kept for one query, in no particular order. */
export interface FoundRows {
  readonly rows: Uint32Array
  readonly scores: Float32Array
}

/**
 * The best `depth` document rows of each query, by (score descending, priority ascending), over blocks of scores that
 * come in any number. Equal to a full sort: a buffer of twice the depth per query is cut when it is full, and the worst row
 * kept becomes the threshold that later scores must reach.
 */
export class TopRows {
  private readonly depth: number
  private readonly room: number
  private readonly priority: Uint32Array
  private readonly scores: Float32Array
  private readonly rows: Uint32Array
  private readonly counts: Uint32Array
  /** Score and priority of the worst row kept; nothing is refused while the score is -Infinity. */
  private readonly floorScore: Float32Array
  private readonly floorPriority: Uint32Array
  private readonly scratch: Float64Array
  private readonly equals: Uint32Array
  private readonly selection: ScoreSelection

  /** `priority[row]`: smaller is better among equal scores, no two alike; `NEVER` hides a row. */
  constructor(queryCount: number, depth: number, priority: Uint32Array) {
    this.depth = depth
    this.room = Math.max(1, Math.min(2 * depth, priority.length))
    this.priority = priority
    this.scores = new Float32Array(queryCount * this.room)
    this.rows = new Uint32Array(queryCount * this.room)
    this.counts = new Uint32Array(queryCount)
    this.floorScore = new Float32Array(queryCount).fill(Number.NEGATIVE_INFINITY)
    this.floorPriority = new Uint32Array(queryCount).fill(NEVER)
    this.scratch = new Float64Array(this.room)
    this.equals = new Uint32Array(this.room)
    this.selection = new ScoreSelection(this.room)
  }

  /** What a score must reach to be kept; -Infinity as long as everything is. */
  floorOf(query: number): number {
    return this.floorScore[query] as number
  }

  found(query: number): FoundRows {
    if ((this.counts[query] as number) > this.depth) this.cut(query)
    const start = query * this.room
    const end = start + (this.counts[query] as number)
    return { rows: this.rows.subarray(start, end), scores: this.scores.subarray(start, end) }
  }

  /**
   * Adds the first `total` of `found` for one query: no score is NaN, no row is hidden, each row comes once over all calls. Scores
   * below `floorOf` may be left out.
   */
  add(query: number, found: FoundRows, total: number): void {
    const { room } = this
    let done = 0
    while (done < total) {
      if (this.counts[query] === room) this.cut(query)
      const count = this.counts[query] as number
      const end = Math.min(total, done + room - count)
      // a loop: views of these arrays, made by the ten thousand, cost more than what they copy
      let to = query * room + count
      for (let i = done; i < end; i++, to++) {
        this.rows[to] = found.rows[i] as number
        this.scores[to] = found.scores[i] as number
      }
      this.counts[query] = count + end - done
      done = end
    }
  }

  /** Adds the scores of document rows 0, 1, ... for one query, hidden ones among them; none is NaN. */
  addAll(query: number, values: Float32Array): void {
    const { scores, rows, priority, room } = this
    let floor = this.floorScore[query] as number
    let floorPriority = this.floorPriority[query] as number
    let count = this.counts[query] as number
    for (let row = 0; row < values.length; row++) {
      const score = values[row] as number
      if (!(score >= floor)) continue
      const own = priority[row] as number
      if (own === NEVER || (score === floor && own > floorPriority)) continue
      if (count === room) {
        this.counts[query] = count
        this.cut(query)
        count = this.depth
        floor = this.floorScore[query] as number
        floorPriority = this.floorPriority[query] as number
      }
      scores[query * room + count] = score
      rows[query * room + count++] = row
    }
    this.counts[query] = count
  }

  /** Keeps the best `depth`: first the score that the worst of them has, then the priority that decides among its equals. */
  private cut(query: number): void {
    const { scores, rows, priority, scratch, depth } = this
    const start = query * this.room
    const end = start + (this.counts[query] as number)
    const floor = this.selection.nthLargest(scores, { start, end }, depth - 1)
    let to = start
    let equals = 0
    for (let at = start; at < end; at++) {
      const score = scores[at] as number
      if (score < floor) continue
      const row = rows[at] as number
      if (score === floor) this.equals[equals++] = row
      else {
        scores[to] = score
        rows[to++] = row
      }
    }
    const wanted = depth - (to - start)
    for (let i = 0; i < equals; i++) scratch[i] = priority[this.equals[i] as number] as number
    const worst = nthSmallest(scratch, equals, wanted - 1)
    for (let i = 0; i < equals; i++) {
      const row = this.equals[i] as number
      if ((priority[row] as number) > worst) continue
      scores[to] = floor
      rows[to++] = row
    }
    this.counts[query] = depth
    this.floorScore[query] = floor
    this.floorPriority[query] = worst
  }
}
