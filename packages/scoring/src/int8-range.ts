import type { Matrix } from './product.ts'

const { fround } = Math
/** Documents whose vectors set the int8 range. */
export const CALIBRATION_ROWS = 10_000

/** Least and largest value of each dimension, of so many rows. */
export interface RangeSnapshot {
  readonly min: Float32Array
  readonly max: Float32Array
  readonly rowCount: number
}

/**
 * Per-dimension range of an int8 code, cut into 256 steps as `sentence_transformers.quantize_embeddings` does:
 * code = trunc((x - min) / step - 128), step = (max - min) / 255. Differences, both where theirs is undefined: a value
 * outside the range keeps the nearest code (theirs wraps around), and a dimension with one single value has code 0.
 */
export class Int8Range {
  readonly min: Float32Array
  readonly max: Float32Array
  private rowCount = 0

  constructor(dim: number) {
    this.min = new Float32Array(dim).fill(Number.POSITIVE_INFINITY)
    this.max = new Float32Array(dim).fill(Number.NEGATIVE_INFINITY)
  }

  /** Widens the range by rows; rows beyond the first 10,000 seen are ignored. */
  widen(rows: Matrix): void {
    const used = Math.min(rows.rowCount, CALIBRATION_ROWS - this.rowCount)
    const { dim, values } = rows
    for (let row = 0; row < used; row++) {
      for (let i = 0; i < dim; i++) {
        const value = values[row * dim + i] as number
        if (value < (this.min[i] as number)) this.min[i] = value
        if (value > (this.max[i] as number)) this.max[i] = value
      }
    }
    this.rowCount += used
  }

  /** Rows that would still widen the range. */
  get rowsLeft(): number {
    return CALIBRATION_ROWS - this.rowCount
  }

  /** What another range takes over to be like this one. */
  snapshot(): RangeSnapshot {
    return { min: this.min, max: this.max, rowCount: this.rowCount }
  }

  /** Takes over what `widen` would have made of some more rows. */
  adopt({ min, max, rowCount }: RangeSnapshot): void {
    this.min.set(min)
    this.max.set(max)
    this.rowCount += rowCount
  }

  /** `[dim]` width of a step. */
  get width(): Float32Array {
    return this.min.map((min, i) => fround((this.max[i] as number) - min) / 255)
  }

  /** Replaces the values of rows by their codes, -128 to 127. */
  encode(rows: Matrix): void {
    const { dim, values, rowCount } = rows
    const step = this.width
    for (let row = 0; row < rowCount; row++) {
      for (let i = 0; i < dim; i++) {
        const at = row * dim + i
        const width = step[i] as number
        const code = Math.trunc(fround(fround(fround((values[at] as number) - (this.min[i] as number)) / width) - 128))
        values[at] = width === 0 ? 0 : Math.max(-128, Math.min(127, code))
      }
    }
  }

  /** For the evidence: where the range came from. */
  get source(): string {
    return `per-dimension min/max of the first ${this.rowCount} documents`
  }
}
