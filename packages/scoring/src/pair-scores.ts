import { type Similarity, SweepError } from '@sweepboard/contracts'
import { einsumSquares, numpyFloat32Sum, torchSum } from './float32-sums.ts'
import type { Matrix } from './product.ts'
import { divideInto } from './representation.ts'
import { torchLengths } from './row-length.ts'

const { fround, sqrt } = Math
/** scikit-learn takes shorter rows for zero and leaves them as they are (`_handle_zeros_in_scale`, ten float32 steps). */
const SKLEARN_ZERO = 10 * 2 ** -23

/** Scores of pairs, each [pairs] in float32: similarities, and distances as they are (positive). */
export interface PairScores {
  /** By the model's similarity. */
  readonly similarity: Float32Array
  readonly cosine: Float32Array
  readonly manhattan: Float32Array
  readonly euclidean: Float32Array
  readonly dot: Float32Array
}

/** Pair i is row `firstRows[i]` of `first` and row `secondRows[i]` of `second`. */
export interface RowPairs {
  readonly first: Matrix
  readonly second: Matrix
  readonly firstRows: ArrayLike<number>
  readonly secondRows: ArrayLike<number>
}

/**
 * The five scores mteb computes of a pair, bit for bit but `dot` (numpy gives that to BLAS; ours is torch's sum): cosine
 * = 1 - |u - v|²/2 of rows scaled as scikit-learn does, so that equal rows give exactly 1; Manhattan and Euclidean distance;
 * dot product; `similarity` = torch's pairwise cosine or dot product.
 * Throws `SB-SCORE-002` when the sides have different dimensions, `SB-SCORE-001` when a score is not finite.
 */
export function scorePairs({ first, second, firstRows, secondRows }: RowPairs, similarity: Similarity): PairScores {
  if (first.dim !== second.dim && first.rowCount > 0 && second.rowCount > 0) {
    const message = `the second texts have ${second.dim} dimensions, the first ${first.dim}`
    throw new SweepError('SB-SCORE-002', { message })
  }
  const own = (source: Matrix, other: Matrix) => pairRows({ first: source, second: other, firstRows, secondRows })
  const raw = own(first, second)
  const sklearn = own(scaled(first, sklearnLengths(first)), scaled(second, sklearnLengths(second)))
  const torch = own(scaled(first, torchLengths(first)), scaled(second, torchLengths(second)))
  const cosine = sklearn(difference, (row) => fround(1 - fround(0.5 * einsumSquares(row))))
  const manhattan = raw(distance, numpyFloat32Sum)
  const euclidean = raw(difference, (row) => fround(sqrt(einsumSquares(row))))
  const dot = raw(product, torchSum)
  const scores = { cosine, manhattan, euclidean, dot }
  return checked({ similarity: similarity === 'dot' ? dot : torch(product, torchSum), ...scores })
}

/** Writes what the values of two rows make of each other into `row`, one float32 a value. */
type Combine = (row: Float32Array, a: Float32Array, b: Float32Array) => void

const difference: Combine = (row, a, b) => {
  for (let i = 0; i < row.length; i++) row[i] = (a[i] as number) - (b[i] as number)
}
const distance: Combine = (row, a, b) => {
  for (let i = 0; i < row.length; i++) row[i] = Math.abs(fround((a[i] as number) - (b[i] as number)))
}
const product: Combine = (row, a, b) => {
  for (let i = 0; i < row.length; i++) row[i] = (a[i] as number) * (b[i] as number)
}

/** Combines both rows of each pair and reduces the result to a score. */
function pairRows({ first, second, firstRows, secondRows }: RowPairs) {
  const rowOf = ({ values, dim }: Matrix, row: number) => values.subarray(row * dim, (row + 1) * dim)
  return (combine: Combine, reduce: (row: Float32Array) => number): Float32Array => {
    const row = new Float32Array(first.dim)
    const scores = new Float32Array(firstRows.length)
    for (let pair = 0; pair < scores.length; pair++) {
      combine(row, rowOf(first, firstRows[pair] as number), rowOf(second, secondRows[pair] as number))
      scores[pair] = reduce(row)
    }
    return scores
  }
}

function sklearnLengths({ values, rowCount, dim }: Matrix): Float32Array {
  return Float32Array.from({ length: rowCount }, (_, row) => {
    const length = fround(sqrt(einsumSquares(values.subarray(row * dim, (row + 1) * dim))))
    return length < SKLEARN_ZERO ? 1 : length
  })
}

/** Rows divided by their lengths; torch's smallest length is far below scikit-learn's. */
function scaled({ values, rowCount, dim }: Matrix, lengths: Float32Array): Matrix {
  const out = new Float32Array(rowCount * dim)
  for (let row = 0; row < rowCount; row++) {
    const own = values.subarray(row * dim, (row + 1) * dim)
    divideInto(own, lengths[row] as number, out.subarray(row * dim, (row + 1) * dim))
  }
  return { values: out, rowCount, dim }
}

function checked(scores: PairScores): PairScores {
  for (const list of Object.values(scores) as Float32Array[]) {
    const pair = list.findIndex((score) => !Number.isFinite(score))
    if (pair >= 0) throw new SweepError('SB-SCORE-001', { query: `pair ${pair}` })
  }
  return scores
}
