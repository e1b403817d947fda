import { numpyMean } from './numpy-sum.ts'

/** The three confidences of nAUC for one query. */
export interface Confidence {
  readonly max: number
  readonly std: number
  readonly diff1: number
}

export const CONFIDENCE_NAMES = ['max', 'std', 'diff1'] as const

/**
 * Confidence of one result list: highest score, population standard deviation, highest minus second highest (0 for one score).
 *
 * @param scores [documents] in the order of the run: the standard deviation is summed in that order, as MTEB does
 * @returns all 0 for an empty list
 */
export function confidenceOf(scores: Float32Array | Float64Array): Confidence {
  if (scores.length === 0) return { max: 0, std: 0, diff1: 0 }
  let max = Number.NEGATIVE_INFINITY
  let second = Number.NEGATIVE_INFINITY
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] as number
    // >=, not >: among equals Python's sort, reversed, puts the last one first, which shows in the sign of a zero.
    if (score >= max) {
      second = max
      max = score
    } else if (score > second) second = score
  }
  return { max, std: standardDeviation(scores), diff1: scores.length > 1 ? max - second : 0 }
}

/** Squared deviations of one list after the other: memory for each would be some MB for each config, and soon a garbage collection. */
let squares = new Float64Array(1024)

function standardDeviation(scores: Float32Array | Float64Array): number {
  const count = scores.length
  if (squares.length < count) squares = new Float64Array(count)
  squares.set(scores)
  const mean = numpyMean(squares, 0, count)
  for (let i = 0; i < count; i++) {
    const deviation = (squares[i] as number) - mean
    squares[i] = deviation * deviation // not `** 2`: the product is correctly rounded everywhere
  }
  return Math.sqrt(numpyMean(squares, 0, count))
}
