import type { MetricValues } from '@sweepboard/contracts'
import { SweepError } from '@sweepboard/contracts/error'
import { MetricInputError } from '@sweepboard/metrics'
import type { PerQueryFile, RunFile } from './run-file.ts'

/** What one config scores on one task subset and split. */
export interface TaskScores {
  /** Keys in MTEB's order and spelling; the halves of an instruction task as `og.<key>`, `changed.<key>`. */
  readonly metrics: MetricValues
  /** Per-query values, where the type has queries. */
  readonly perQuery: PerQueryFile | null
  /** Ranked lists by query id, where the type ranks. */
  readonly run: RunFile | null
  /** Where the int8 range came from; null for other precisions. */
  readonly calibration: string | null
}

/** What the search of a config found; the metrics are computed when asked for. */
export interface FoundScores {
  readonly searchSeconds: number
  score(): TaskScores
}

/** A type that has neither queries nor lists. */
export function plainScores(metrics: MetricValues, calibration: string | null): TaskScores {
  return { metrics, calibration, perQuery: null, run: null }
}

/** Runs metric code; judgments it refuses become `SB-SCORE-002`. */
export function measured<T>(compute: () => T): T {
  try {
    return compute()
  } catch (error) {
    if (error instanceof MetricInputError) throw new SweepError('SB-SCORE-002', { message: error.message })
    throw error
  }
}
