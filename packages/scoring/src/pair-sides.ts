import type { Config } from '@sweepboard/contracts'
import { CALIBRATION_ROWS, Int8Range } from './int8-range.ts'
import type { Matrix } from './product.ts'
import { divideInto, type PrefixRows } from './representation.ts'

/** Vectors of each side that set the int8 range. */
const CALIBRATED = CALIBRATION_ROWS / 2

/** Both sides of pairs as one config makes them. */
export interface PairSides {
  /** `[first texts, dim]` */
  readonly first: Matrix
  /** `[second texts, dim]` */
  readonly second: Matrix
  /** Where the int8 range came from; null for other precisions. */
  readonly calibration: string | null
}

/**
 * What a config makes of the vectors of pairs: slice to `dimensions`, then
 * - float32: nothing more, as mteb computes distances and dot products of the vectors as they are;
 * - int8: normalise (cosine), then the codes; one range for both sides, as neither is the document;
 * - binary: +1 where the value is above 0, else -1.
 */
export function pairSides(first: PrefixRows, second: PrefixRows, config: Config): PairSides {
  const sides = [first, second].map((side) => slice(side, config))
  if (config.precision === 'binary') {
    for (const { values } of sides) for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) > 0 ? 1 : -1
  }
  const range = config.precision === 'int8' ? new Int8Range(sides[0]?.dim ?? 0) : null
  for (const side of sides) range?.widen({ ...side, rowCount: Math.min(side.rowCount, CALIBRATED) })
  for (const side of sides) range?.encode(side)
  const calibration = range && `per-dimension min/max of up to the first ${CALIBRATED} vectors of both sides`
  return { first: sides[0] as Matrix, second: sides[1] as Matrix, calibration }
}

/** A copy of the first `dimensions` columns; int8 of a cosine config takes them normalised. */
function slice(side: PrefixRows, config: Config): Matrix {
  const { values, rowCount, dim: fullDim } = side.matrix
  const dim = config.dimensions ?? fullDim
  const lengths = config.precision === 'int8' && config.similarity === 'cosine' ? side.lengths(dim) : null
  const out = new Float32Array(rowCount * dim)
  for (let row = 0; row < rowCount; row++) {
    const from = values.subarray(row * fullDim, row * fullDim + dim)
    if (lengths) divideInto(from, lengths[row] as number, out.subarray(row * dim))
    else out.set(from, row * dim)
  }
  return { values: out, rowCount, dim }
}
