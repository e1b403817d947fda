import { readFileSync } from 'node:fs'
import { SweepError } from '@sweepboard/contracts'
import type { Calibration, CalibrationErrors } from '@sweepboard/metrics'

/** How targets were brought into [0, 1] before anything was fitted. */
export const TARGET_FORMS = ['as-is', 'sigmoid', 'minmax', 'labels'] as const
export type TargetForm = (typeof TARGET_FORMS)[number]

/** A calibration as it is kept: what maps, where it came from, and how well it did. */
export interface CalibrationFile {
  readonly format: 'sweepboard-calibration'
  readonly version: 1
  readonly from: string
  readonly to: string
  readonly target: TargetForm
  readonly calibration: Calibration
  readonly seed: string
  readonly fitShare: number
  /** Intervals of scores, as they came, in which a higher score is mapped to a lower one. */
  readonly falling: readonly (readonly [number, number])[]
  readonly errors: {
    readonly fit: CalibrationErrors
    readonly heldOut: CalibrationErrors
    readonly uncalibrated: CalibrationErrors
  }
}

/** A calibration file. Throws `SB-FILE-001` where it cannot be read, `SB-FILE-008` where it is something else. */
export function readCalibration(file: string): Pick<CalibrationFile, 'from' | 'to' | 'calibration'> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new SweepError('SB-FILE-001', { file, message: (cause as Error).message }, { cause })
  }
  const refuse = (message: string) => new SweepError('SB-FILE-008', { file, message })
  let read: Partial<CalibrationFile>
  try {
    read = JSON.parse(text) as Partial<CalibrationFile>
  } catch {
    throw refuse('not JSON')
  }
  if (read === null || read.format !== 'sweepboard-calibration') throw refuse('no "format": "sweepboard-calibration"')
  if (read.version !== 1) throw refuse(`version ${read.version} is not known here`)
  if (!isCalibration(read.calibration)) throw refuse('its calibration is not whole')
  return { from: String(read.from), to: String(read.to), calibration: read.calibration }
}

function isCalibration(value: unknown): value is Calibration {
  if (value === null || typeof value !== 'object') return false
  const { kind, x, y, centre, halfRange, coefficients } = value as Record<string, unknown>
  if (kind === 'isotonic') return isRising(x, true) && isRising(y, false) && x.length === y.length
  if (kind !== 'cubic' && kind !== 'linear') return false
  const length = kind === 'cubic' ? 4 : 2
  return Number.isFinite(centre) && Number(halfRange) > 0 && isNumbers(coefficients) && coefficients.length === length
}

function isRising(value: unknown, isStrict: boolean): value is number[] {
  if (!isNumbers(value) || value.length === 0) return false
  return value.every((one, i) => i === 0 || (isStrict ? one > (value[i - 1] as number) : one >= (value[i - 1] as number)))
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(Number.isFinite)
}
