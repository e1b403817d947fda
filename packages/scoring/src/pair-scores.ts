import { type Similarity, SweepError } from '@sweepboard/contracts'
import { einsumSquares, numpyFloat32Sum, torchSum } from './float32-sums.ts'
import type { Matrix } from './product.ts'
import { SMALLEST_LENGTH, torchLengths } from './row-length.ts'

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
  const torch = own(scaled(first, torchDivisors(first)), scaled(second, torchDivisors(second)))
  const cosine = sklearn(difference, (row) => fround(1 - fround(0.5 * einsumSquares(row))))
  const manhattan = raw(distance, numpyFloat32Sum)
  const euclidean = raw(difference, (row) => fround(sqrt(einsumSquares(row))))
  const dot = raw(product, torchSum)
  const scores = { cosine, manhattan, euclidean, dot }
  return checked({ similarity: similarity === 'dot' ? dot : torch(product, torchSum), ...scores })
}

type Combine = (a: number, b: number) => number
const difference: Combine = (a, b) => a - b
const distance: Combine = (a, b) => Math.abs(fround(a - b))
const product: Combine = (a, b) => a * b

/** Combines both rows of each pair value by value (rounded to float32) and reduces the result to a score. */
function pairRows({ first, second, firstRows, secondRows }: RowPairs) {
  return (combine: Combine, reduce: (row: Float32Array) => number): Float32Array => {
    const { dim } = first
    const row = new Float32Array(dim)
    return Float32Array.from(firstRows, (firstRow, pair) => {
      const [a, b] = [firstRow * dim, (secondRows[pair] as number) * dim]
      for (let i = 0; i < dim; i++) row[i] = combine(first.values[a + i] as number, second.values[b + i] as number)
      return reduce(row)
    })
  }
}

function sklearnLengths({ values, rowCount, dim }: Matrix): Float32Array {
  return Float32Array.from({ length: rowCount }, (_, row) => {
    const length = fround(sqrt(einsumSquares(values.subarray(row * dim, (row + 1) * dim))))
    return length < SKLEARN_ZERO ? 1 : length
  })
}

function torchDivisors(rows: Matrix): Float32Array {
  return torchLengths(rows).map((length) => Math.max(length, SMALLEST_LENGTH))
}

function scaled({ values, rowCount, dim }: Matrix, divisors: Float32Array): Matrix {
  const out = new Float32Array(rowCount * dim)
  for (let i = 0; i < out.length; i++) out[i] = (values[i] as number) / (divisors[Math.floor(i / dim)] as number)
  return { values: out, rowCount, dim }
}

function checked(scores: PairScores): PairScores {
  for (const list of Object.values(scores) as Float32Array[]) {
    const pair = list.findIndex((score) => !Number.isFinite(score))
    if (pair >= 0) throw new SweepError('SB-SCORE-001', { query: `pair ${pair}` })
  }
  return scores
}
