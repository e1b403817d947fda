import type { Matrix } from './product.ts'

/** Priority of a document row that must never be retrieved. */
export const NEVER = 0xffffffff

/** The rows kept for one query, in no particular order. */
export interface FoundRows {
  readonly rows: Uint32Array
  readonly scores: Float32Array
}

/**
 * The best `depth` document rows of each query, by (score descending, priority ascending), over blocks of scores that
 * come in any number. Equal to a full sort: a buffer of twice the depth per query is cut by quickselect when it is
 * full, and the last row kept becomes the threshold that later scores must beat.
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
  }

  /** Takes a block of scores `[query, document]`: queries from `firstQuery`, documents from `firstRow`. No score is NaN. */
  take(block: Matrix, firstQuery: number, firstRow: number): void {
    const { values, rowCount: queryCount, dim: documentCount } = block
    for (let q = 0; q < queryCount; q++)
      this.takeQuery(values, { at: q * documentCount, documentCount, query: firstQuery + q, firstRow })
  }

  found(query: number): FoundRows {
    if ((this.counts[query] as number) > this.depth) this.cut(query)
    const start = query * this.room
    const end = start + (this.counts[query] as number)
    return { rows: this.rows.subarray(start, end), scores: this.scores.subarray(start, end) }
  }

  private takeQuery(values: Float32Array, part: { at: number; documentCount: number; query: number; firstRow: number }): void {
    const { at, documentCount, query, firstRow } = part
    let floor = this.floorScore[query] as number
    for (let i = 0; i < documentCount; i++) {
      const score = values[at + i] as number
      if (score >= floor) {
        this.add(query, score, firstRow + i)
        floor = this.floorScore[query] as number
      }
    }
  }

  private add(query: number, score: number, row: number): void {
    const priority = this.priority[row] as number
    if (priority === NEVER) return
    if (score === this.floorScore[query] && priority > (this.floorPriority[query] as number)) return
    if (this.counts[query] === this.room) this.cut(query)
    const at = query * this.room + (this.counts[query] as number)
    this.scores[at] = score
    this.rows[at] = row
    this.counts[query] = (this.counts[query] as number) + 1
  }

  private cut(query: number): void {
    const start = query * this.room
    const last = start + this.depth - 1
    this.select(start, start + (this.counts[query] as number) - 1, last)
    this.counts[query] = this.depth
    this.floorScore[query] = this.scores[last] as number
    this.floorPriority[query] = this.priority[this.rows[last] as number] as number
  }

  /** Hoare's quickselect: afterwards `nth` is in its place and nothing before it is worse. */
  private select(low: number, high: number, nth: number): void {
    let [left, right] = [low, high]
    while (left < right) {
      const middle = (left + right) >>> 1
      const score = this.scores[middle] as number
      const priority = this.priority[this.rows[middle] as number] as number
      let i = left
      let j = right
      while (i <= j) {
        while (this.order(i, score, priority) < 0) i++
        while (this.order(j, score, priority) > 0) j--
        if (i <= j) this.swap(i++, j--)
      }
      if (nth <= j) right = j
      else if (nth >= i) left = i
      else return
    }
  }

  /** Below 0 when the entry ranks before (score, priority). */
  private order(at: number, score: number, priority: number): number {
    const own = this.scores[at] as number
    return own === score ? (this.priority[this.rows[at] as number] as number) - priority : score - own
  }

  private swap(a: number, b: number): void {
    const { scores, rows } = this
    const [score, row] = [scores[a] as number, rows[a] as number]
    scores[a] = scores[b] as number
    rows[a] = rows[b] as number
    scores[b] = score
    rows[b] = row
  }
}
