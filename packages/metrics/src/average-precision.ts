import { numpySum } from './numpy-sum.ts'

/**
 * Average precision with equal scores taken as one threshold, as `sklearn.metrics.average_precision_score` computes it,
 * its order of additions included.
 *
 * @param relevant [n] whether item i is positive
 * @param scores [n] larger is surer; no NaN
 * @returns 0 when nothing is positive or there is no item
 */
export function averagePrecision(relevant: readonly boolean[], scores: ArrayLike<number>): number {
  const total = relevant.filter(Boolean).length
  if (total === 0) return 0
  const order = descendingOrder(scores)
  const terms: number[] = []
  let [found, seen, recall] = [0, 0, 0]
  for (const [place, index] of order.entries()) {
    seen++
    if (relevant[index]) found++
    const next = order[place + 1]
    if (next !== undefined && scores[next] === scores[index]) continue
    terms.push((recall - found / total) * (found / seen))
    recall = found / total
  }
  // scikit-learn sums from the last threshold to the first, then negates
  return Math.max(0, -numpySum(Float64Array.from(terms.reverse())))
}

/** Stable descending argsort. [n] -> [n] */
export function descendingOrder(scores: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i)
  return order.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
}
