import { SweepError } from '@sweepboard/contracts'
import {
  type CalibrationErrors,
  type CalibrationKind,
  calibrate,
  calibrationErrors,
  fallingIntervals,
  fitCalibration,
  type TrecRun,
} from '@sweepboard/metrics'
import type { CalibrationFile, TargetForm } from './calibration-file.ts'
import { splitQueries } from './held-out.ts'
import { type PairedQuery, type PairedScores, targetMap } from './score-pairs.ts'

export interface CalibrateOptions {
  readonly from: string
  readonly to: string
  readonly kind: CalibrationKind
  readonly target: TargetForm
  readonly seed: string
  readonly share: number
}

/**
 * Fits a calibration on the pairs of some queries and judges it on those of the others.
 *
 * @throws SweepError `SB-SCORE-005` where the pairs do not carry a fit
 */
export function calibrateScores(paired: PairedScores, options: CalibrateOptions): CalibrationFile {
  const { from, to, kind, target, seed, share } = options
  const parts = splitQueries(
    paired.queries.map(({ query }) => query),
    options,
  )
  const chosen = new Set(parts.fit)
  const fitPart = paired.queries.filter(({ query }) => chosen.has(query))
  const heldOutPart = paired.queries.filter(({ query }) => !chosen.has(query))
  const fitTargets = joined(fitPart, ({ targets }) => targets)
  const toTarget = targetMap(
    target,
    joined(paired.queries, ({ targets }) => targets),
    fitTargets,
  )
  const scores = joined(fitPart, (query) => query.scores)
  const calibration = fitCalibration(kind, scores, fitTargets.map(toTarget))
  if (calibration === null) {
    const count = new Set(scores).size
    throw new SweepError('SB-SCORE-005', { message: `${count} different scores are too few for a ${kind} calibration` })
  }
  const errors = (part: readonly PairedQuery[], map: (score: number) => number): CalibrationErrors =>
    calibrationErrors(part.map((query) => ({ values: query.scores.map(map), targets: query.targets.map(toTarget) })))
  const calibrated = (score: number) => calibrate(calibration, score)
  return {
    format: 'sweepboard-calibration',
    version: 1,
    from,
    to,
    target,
    calibration,
    seed,
    fitShare: share,
    falling: fallingIntervals(calibration),
    errors: {
      fit: errors(fitPart, calibrated),
      heldOut: errors(heldOutPart, calibrated),
      uncalibrated: errors(heldOutPart, (score) => score),
    },
  }
}

/** A run with every score mapped. */
export function applyCalibration(run: TrecRun, { calibration }: Pick<CalibrationFile, 'calibration'>): TrecRun {
  const queries = Array.from(run.queries, ([query, { documentIds, scores }]) => {
    return [query, { documentIds, scores: scores.map((score) => calibrate(calibration, score)) }] as const
  })
  return { runId: run.runId, queries: new Map(queries) }
}

function joined(queries: readonly PairedQuery[], part: (query: PairedQuery) => Float64Array): Float64Array {
  return Float64Array.from(queries.flatMap((query) => Array.from(part(query))))
}
