const BUCKETS = 1024

/** Finds the score at a place of the order without sorting: a histogram leaves few candidates, quickselect picks among them. */
export class ScoreSelection {
  private readonly counts = new Uint32Array(BUCKETS)
  private readonly scratch: Float64Array

  /** `room`: scores at once. */
  constructor(room: number) {
    this.scratch = new Float64Array(room)
  }

  /** The `nth` largest (from 0) of the scores from `start` to before `end`, which are numbers. */
  nthLargest(scores: Float32Array, { start, end }: { readonly start: number; readonly end: number }, nth: number): number {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let i = start; i < end; i++) {
      const score = scores[i] as number
      if (score < least) least = score
      if (score > most) most = score
    }
    // Equal scores share a bucket and larger ones have no larger bucket, whatever the quotient rounds to.
    const perScore = most > least ? (BUCKETS - 1) / (most - least) : 0
    this.counts.fill(0)
    for (let i = start; i < end; i++) {
      const bucket = ((most - (scores[i] as number)) * perScore) | 0
      this.counts[bucket] = (this.counts[bucket] as number) + 1
    }
    let [bucket, before] = [0, 0]
    while (before + (this.counts[bucket] as number) <= nth) before += this.counts[bucket++] as number
    let count = 0
    for (let i = start; i < end; i++) {
      const score = scores[i] as number
      if ((((most - score) * perScore) | 0) === bucket) this.scratch[count++] = -score
    }
    return -nthSmallest(this.scratch, count, nth - before)
  }
}

/** The `nth` smallest (from 0) of the first `count` values, by Hoare's quickselect. Moves the values. */
export function nthSmallest(values: Float64Array, count: number, nth: number): number {
  let [left, right] = [0, count - 1]
  while (left < right) {
    const pivot = values[(left + right) >>> 1] as number
    let i = left
    let j = right
    while (i <= j) {
      while ((values[i] as number) < pivot) i++
      while ((values[j] as number) > pivot) j--
      if (i > j) break
      const value = values[i] as number
      values[i++] = values[j] as number
      values[j--] = value
    }
    if (nth <= j) right = j
    else if (nth >= i) left = i
    else break
  }
  return values[nth] as number
}
