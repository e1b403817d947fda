import { type Forest, latest, type Work } from './forest.ts'

/** The edges and the one more with which all ends soonest; null where there is no room for one. */
export function withOneMore({ may }: Work, forest: Forest, edges: ArrayLike<number>): number[] | null {
  const before = Array.from(edges)
  let [best, soonest]: [number[] | null, number] = [null, Number.POSITIVE_INFINITY]
  for (const [at, one] of may.entries()) {
    if (one === 0 || before.includes(at) || !forest.set([...before, at])) continue
    const ends = forest.balance()
    const end = ends === null ? Number.POSITIVE_INFINITY : latest(ends)
    if (end < soonest) [best, soonest] = [[...before, at], end]
  }
  return best
}
