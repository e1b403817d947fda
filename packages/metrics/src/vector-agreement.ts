import { type Distribution, distributionOf } from './distribution.ts'

/** Float32 rows, row-major `[rowCount, dim]`. */
export interface Rows {
  readonly rowCount: number
  readonly dim: number
  readonly values: Float32Array
}

/** How far two encodings of the same texts lie apart, text by text. */
export interface VectorAgreement {
  /** `[rowCount]` */
  readonly cosines: Float64Array
  readonly cosine: Distribution
  /** Of the vectors as they are, not normalised. */
  readonly distance: Distribution
  readonly norms: { readonly a: Distribution; readonly b: Distribution }
}

/**
 * Compares row i of A with row i of B, in float64. A vector of zeros has cosine 1 with another such vector and 0 with any other.
 *
 * @throws RangeError where counts or dimensions differ
 */
export function vectorAgreement(a: Rows, b: Rows): VectorAgreement {
  if (a.rowCount !== b.rowCount || a.dim !== b.dim)
    throw new RangeError(`[${a.rowCount}, ${a.dim}] and [${b.rowCount}, ${b.dim}] cannot be compared`)
  const cosines = new Float64Array(a.rowCount)
  const distances = new Float64Array(a.rowCount)
  const norms = { a: rowNorms(a), b: rowNorms(b) }
  for (let row = 0; row < a.rowCount; row++) {
    let product = 0
    let squares = 0
    for (let j = row * a.dim; j < (row + 1) * a.dim; j++) {
      const [ofA, ofB] = [a.values[j] as number, b.values[j] as number]
      product += ofA * ofB
      squares += (ofA - ofB) * (ofA - ofB)
    }
    cosines[row] = cosineFrom(product, norms.a[row] as number, norms.b[row] as number)
    distances[row] = Math.sqrt(squares)
  }
  return {
    cosines,
    cosine: distributionOf(cosines),
    distance: distributionOf(distances),
    norms: { a: distributionOf(norms.a), b: distributionOf(norms.b) },
  }
}

/** Length of each row, `[rowCount]`. */
export function rowNorms({ rowCount, dim, values }: Rows): Float64Array {
  return Float64Array.from({ length: rowCount }, (_, row) => {
    let squares = 0
    for (let j = row * dim; j < (row + 1) * dim; j++) squares += (values[j] as number) * (values[j] as number)
    return Math.sqrt(squares)
  })
}

/** A product of two vectors divided by their lengths, within [-1, 1]. */
export function cosineFrom(product: number, normA: number, normB: number): number {
  if (normA === 0 || normB === 0) return normA === normB ? 1 : 0
  return Math.max(-1, Math.min(1, product / normA / normB))
}
