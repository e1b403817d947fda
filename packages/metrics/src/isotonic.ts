/** A curve that never falls: straight lines between knots, level beyond the ends. */
export interface IsotonicCurve {
  /** Ascending, distinct. */
  readonly x: readonly number[]
  /** Never falling. */
  readonly y: readonly number[]
}

/**
 * The non-falling function nearest to points in the least-squares sense, by pooling adjacent violators. Points of equal x count as
 * one with their mean y. Knots that lie on a level between two others are left out: the curve is the same without them. Equal to
 * scikit-learn's `IsotonicRegression(out_of_bounds="clip")`.
 *
 * @param x [n] @param y [n]
 */
export function fitIsotonic(x: Float64Array, y: Float64Array): IsotonicCurve {
  const points = mergeEqual(x, y)
  const blocks: { sum: number; weight: number; first: number; last: number }[] = []
  points.forEach(({ sum, weight }, i) => {
    let block = { sum, weight, first: i, last: i }
    for (let before = blocks.at(-1); before && before.sum * block.weight >= block.sum * before.weight; before = blocks.at(-1)) {
      blocks.pop()
      block = { sum: before.sum + block.sum, weight: before.weight + block.weight, first: before.first, last: block.last }
    }
    blocks.push(block)
  })
  const knots = blocks.flatMap(({ sum, weight, first, last }) => {
    const ends = first === last ? [first] : [first, last]
    return ends.map((i) => [(points[i] as { x: number }).x, sum / weight] as const)
  })
  return { x: knots.map(([at]) => at), y: knots.map(([, value]) => value) }
}

/** Value of the curve at one place. */
export function isotonicAt({ x, y }: IsotonicCurve, place: number): number {
  let low = 0
  let high = x.length - 1
  if (place <= (x[low] as number)) return y[low] as number
  if (place >= (x[high] as number)) return y[high] as number
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((x[middle] as number) <= place) low = middle
    else high = middle
  }
  const [x0, x1, y0, y1] = [x[low] as number, x[high] as number, y[low] as number, y[high] as number]
  return y0 + ((y1 - y0) * (place - x0)) / (x1 - x0)
}

function mergeEqual(x: Float64Array, y: Float64Array): { x: number; sum: number; weight: number }[] {
  const order = Uint32Array.from(x, (_, i) => i).sort((i, j) => (x[i] as number) - (x[j] as number))
  const merged: { x: number; sum: number; weight: number }[] = []
  for (const i of order) {
    const last = merged.at(-1)
    if (last !== undefined && last.x === x[i]) {
      last.sum += y[i] as number
      last.weight += 1
    } else merged.push({ x: x[i] as number, sum: y[i] as number, weight: 1 })
  }
  return merged
}
