import type { Config } from '@sweepboard/contracts'
import { SweepError } from '@sweepboard/contracts/error'
import { Int8Range } from './int8-range.ts'
import type { Matrix } from './product.ts'
import { SMALLEST_LENGTH, torchLengths } from './row-length.ts'

/**
 * What one config makes of a full-size vector: slice to `dimensions`, normalise (cosine), quantise. Each precision ends in
 * rows whose plain product, times a factor of each row, is the score, so all configs share the selection:
 * - float32: the columns of the normalised whole row; where they are not all, the factor is 1 / their length (`KernelRows.factors`). Candidates
 *   of a few pairs are normalised columns without factors;
 * - int8: the codes, multiplied as integers; for cosine the factor is 1 / the length of the code row;
 * - binary: codes +1 where the value is above 0, else -1. The product d - 2h (h = Hamming distance) is exact in float32 and
 *   ranks as 1 - 2h/d does; `scoreOf` turns it into that.
 */
export class Representation {
  readonly config: Config
  readonly dim: number
  /** Of int8: to be widened by documents before anything is encoded. */
  readonly range: Int8Range | null

  constructor(config: Config, fullDim: number) {
    this.config = config
    this.dim = config.dimensions ?? fullDim
    this.range = config.precision === 'int8' ? new Int8Range(this.dim) : null
  }

  get calibration(): string | null {
    return this.range?.source ?? null
  }

  get scoresAreProducts(): boolean {
    return this.config.precision !== 'binary'
  }

  /** The score that stands in the run, from the product. */
  scoreOf(product: number): number {
    return this.scoresAreProducts ? product : 1 - (this.dim - product) / this.dim
  }
}

/** Full-size rows with the lengths of their prefixes, each computed once however many configs ask. */
export class PrefixRows {
  readonly matrix: Matrix
  private readonly known = new Map<number, Float32Array>()

  constructor(matrix: Matrix) {
    this.matrix = matrix
  }

  lengths(prefix: number): Float32Array {
    const known = this.known.get(prefix)
    if (known) return known
    const lengths = torchLengths(this.matrix, prefix)
    this.known.set(prefix, lengths)
    return lengths
  }

  /** First row with a value that is not finite (or whose squares overflow, when products could too), or -1. */
  firstNonFinite(): number {
    return this.lengths(this.matrix.dim).findIndex((length) => !Number.isFinite(length))
  }
}

/** Throws `SB-SCORE-001`, with the `name` of the first row that has a value that is not finite. */
export function refuseNonFinite(rows: { firstNonFinite(): number }, name: (row: number) => string): void {
  const row = rows.firstNonFinite()
  // Finite lengths bound every product, so vectors that pass here have finite scores.
  if (row >= 0) throw new SweepError('SB-SCORE-001', { query: name(row) })
}

/** One float32 division per value, as torch does it: multiplying by 1 / length would round otherwise. */
export function divideInto(values: Float32Array, length: number, out: Float32Array): void {
  const divisor = Math.max(length, SMALLEST_LENGTH)
  for (let i = 0; i < values.length; i++) out[i] = Math.fround((values[i] as number) / divisor)
}
