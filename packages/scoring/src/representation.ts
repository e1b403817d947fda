import type { Config } from '@sweepboard/contracts'
import { Int8Range } from './int8-range.ts'
import type { Matrix } from './product.ts'
import { SMALLEST_LENGTH, torchLengths } from './row-length.ts'

/**
 * What one config makes of a full-size vector: slice to `dimensions`, normalise (cosine), quantise. Each precision ends
 * in float32 rows whose plain product is the score, so all configs share one product and one selection:
 * - float32: the rows themselves;
 * - int8: the codes; for cosine divided by the length of the code row;
 * - binary: +1 where the value is above 0, else -1. The product d - 2h (h = Hamming distance) is exact in float32 and
 *   ranks as 1 - 2h/d does; `scoreOf` turns it into that. (Measured: a popcount
 *   loop in JavaScript gives the same numbers in five times the time.)
 */
export class Representation {
  readonly dim: number
  private readonly config: Config
  private readonly range: Int8Range | null

  constructor(config: Config, fullDim: number) {
    this.config = config
    this.dim = config.dimensions ?? fullDim
    this.range = config.precision === 'int8' ? new Int8Range(this.dim) : null
  }

  /** Documents to be seen by `calibrate` before the first `write`; only int8 wants any. */
  get wantsCalibration(): boolean {
    return this.range !== null
  }

  get calibration(): string | null {
    return this.range?.source ?? null
  }

  calibrate(rows: PrefixRows, out: Float32Array): void {
    this.range?.widen(this.slice(rows, out))
  }

  /** Writes the rows of this config into `out` (at least rowCount x dim) and returns them as a matrix. */
  write(rows: PrefixRows, out: Float32Array): Matrix {
    const matrix = this.slice(rows, out)
    if (this.range) {
      this.range.encode(matrix)
      if (this.config.similarity === 'cosine') divide(matrix, torchLengths(matrix))
    }
    if (this.config.precision === 'binary') {
      const size = matrix.rowCount * matrix.dim
      for (let i = 0; i < size; i++) out[i] = (out[i] as number) > 0 ? 1 : -1
    }
    return matrix
  }

  /** The score that stands in the run, from the product. */
  scoreOf(product: number): number {
    return this.config.precision === 'binary' ? 1 - (this.dim - product) / this.dim : product
  }

  private slice(rows: PrefixRows, out: Float32Array): Matrix {
    const cosine = this.config.similarity === 'cosine' && this.config.precision !== 'binary'
    const lengths = cosine ? rows.lengths(this.dim) : null
    const { values, rowCount, dim: fullDim } = rows.matrix
    for (let row = 0; row < rowCount; row++) {
      const from = values.subarray(row * fullDim, row * fullDim + this.dim)
      if (lengths) divideInto(from, lengths[row] as number, out.subarray(row * this.dim))
      else out.set(from, row * this.dim)
    }
    return { values: out, rowCount, dim: this.dim }
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

function divide({ values, rowCount, dim }: Matrix, lengths: Float32Array): void {
  for (let row = 0; row < rowCount; row++) {
    const own = values.subarray(row * dim, (row + 1) * dim)
    divideInto(own, lengths[row] as number, own)
  }
}

/** One float32 division per value, as torch does it: multiplying by 1 / length would round otherwise. */
export function divideInto(values: Float32Array, length: number, out: Float32Array): void {
  const divisor = Math.max(length, SMALLEST_LENGTH)
  for (let i = 0; i < values.length; i++) out[i] = Math.fround((values[i] as number) / divisor)
}
