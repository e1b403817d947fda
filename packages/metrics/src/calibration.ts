import { fitIsotonic, isotonicAt } from './isotonic.ts'
import { fitPolynomial } from './least-squares.ts'

export const CALIBRATION_KINDS = ['cubic', 'linear', 'isotonic'] as const
export type CalibrationKind = (typeof CALIBRATION_KINDS)[number]

/** A map from one scorer's scores to another's, as plain data. Its values are clipped to [0, 1]. */
export type Calibration =
  | {
      readonly kind: 'cubic' | 'linear'
      /** t = (score - centre) / halfRange lies in [-1, 1] for the scores it was fitted on. */
      readonly centre: number
      readonly halfRange: number
      /** Of t, lowest power first. */
      readonly coefficients: readonly number[]
    }
  | { readonly kind: 'isotonic'; readonly x: readonly number[]; readonly y: readonly number[] }

const DEGREE = { cubic: 3, linear: 1 } as const

/**
 * The calibration nearest to pairs (score, target) in the least-squares sense. Clipping is no part of the fit.
 *
 * @param scores [n] finite @param targets [n] finite
 * @returns null where there are too few distinct scores: four for a cubic, two for the others
 */
export function fitCalibration(kind: CalibrationKind, scores: Float64Array, targets: Float64Array): Calibration | null {
  if (new Set(scores).size < (kind === 'cubic' ? 4 : 2)) return null
  if (kind === 'isotonic') {
    return { kind, ...fitIsotonic(scores, targets) }
  }
  const [low, high] = rangeOf(scores)
  const [centre, halfRange] = [(low + high) / 2, (high - low) / 2]
  const scaled = scores.map((score) => (score - centre) / halfRange)
  const coefficients = fitPolynomial(scaled, targets, DEGREE[kind])
  return coefficients === null ? null : { kind, centre, halfRange, coefficients: Array.from(coefficients) }
}

/** What a score becomes, within [0, 1]. Scores beyond those of the fit follow a polynomial's own course. */
export function calibrate(calibration: Calibration, score: number): number {
  return Math.max(0, Math.min(1, rawValue(calibration, score)))
}

function rawValue(calibration: Calibration, score: number): number {
  if (calibration.kind === 'isotonic') return isotonicAt(calibration, score)
  const t = (score - calibration.centre) / calibration.halfRange
  return calibration.coefficients.reduceRight((sum, coefficient) => sum * t + coefficient, 0)
}

/**
 * Intervals of scores, within those of the fit, in which a higher score becomes a lower one. Whoever ranks by calibrated scores is
 * misled there. None for an isotonic curve.
 */
export function fallingIntervals(calibration: Calibration): readonly (readonly [number, number])[] {
  if (calibration.kind === 'isotonic') return []
  const { centre, halfRange, coefficients } = calibration
  const [, c1 = 0, c2 = 0, c3 = 0] = coefficients
  const slope = (t: number) => c1 + t * (2 * c2 + t * 3 * c3)
  const bends = rootsOf(3 * c3, 2 * c2, c1).filter((t) => t > -1 && t < 1)
  const edges = [-1, ...bends, 1]
  return edges.slice(1).flatMap((end, i) => {
    const start = edges[i] as number
    if (slope((start + end) / 2) >= 0) return []
    return [[centre + start * halfRange, centre + end * halfRange] as const]
  })
}

/** Real roots of a t² + b t + c, ascending, without the cancellation of the school formula. */
function rootsOf(a: number, b: number, c: number): number[] {
  if (a === 0) return b === 0 ? [] : [-c / b]
  const discriminant = b * b - 4 * a * c
  if (discriminant < 0) return []
  const q = -(b + (b < 0 ? -1 : 1) * Math.sqrt(discriminant)) / 2
  const roots = q === 0 ? [0] : [q / a, c / q]
  return roots.sort((x, y) => x - y)
}

function rangeOf(values: Float64Array): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  return [low, high]
}
