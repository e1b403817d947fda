import { nthSmallest, ScoreSelection } from './score-selection.ts'

/** Priority of a document row that must never be retrieved. */
export const NEVER = 0xffffffff

/** Rows kept of a query, in parts of the depth, before the best are taken again: often enough that the floor rises. */
const CUT_ABOVE = 1.5

/** The rows kept for one query, in no particular order. */
export interface FoundRows {
  readonly rows: Uint32Array
  readonly scores: Float32Array
}

/**
 * The best `depth` document rows of each query, by (score descending, priority ascending), of scores of all documents. Equal to a
 * full sort: a buffer of one and a half times the depth per query is cut when it is full, and the worst row kept becomes the threshold
 * that later scores must reach.
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

  /**
   * `priority[row]`: smaller is better among equal scores, no two alike; `NEVER` hides a row.
   */
  constructor(queryCount: number, depth: number, priority: Uint32Array) {
    this.depth = depth
    this.room = Math.max(1, Math.min(Math.ceil(CUT_ABOVE * depth), priority.length))
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

  found(query: number): FoundRows {
    if ((this.counts[query] as number) > this.depth) this.cut(query)
    const start = query * this.room
    const end = start + (this.counts[query] as number)
    return { rows: this.rows.subarray(start, end), scores: this.scores.subarray(start, end) }
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
    const { scores, rows, depth } = this
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
    this.keepEquals(query, { floor, equals, to })
  }

  /** Fills the places from `to` on with those of the first `equals` that have the best priorities. */
  private keepEquals(query: number, { floor, equals, to }: { floor: number; equals: number; to: number }): void {
    const { scores, rows, priority, scratch, depth } = this
    const wanted = depth - (to - query * this.room)
    for (let i = 0; i < equals; i++) scratch[i] = priority[this.equals[i] as number] as number
    const worst = nthSmallest(scratch, equals, wanted - 1)
    let at = to
    for (let i = 0; i < equals; i++) {
      const row = this.equals[i] as number
      if ((priority[row] as number) > worst) continue
      scores[at] = floor
      rows[at++] = row
    }
    this.counts[query] = depth
    this.floorScore[query] = floor
    this.floorPriority[query] = worst
  }
}
