import { roundHalfEven } from './round.ts'

/** Scores of one entry. Keys stand in MTEB's order; `null` is an undefined value, NaN in a result file. */
export interface RoundedScores {
  /** As written to a result file: 6 decimals. */
  readonly metrics: Record<string, number | null>
  /** As the metric code leaves them. */
  readonly unrounded: Record<string, number | null>
}

/** Both forms of an entry's values; `round` is Python's rule unless MTEB hands numpy scalars to the file writer. */
export function roundedScores(
  values: Readonly<Record<string, number>>,
  round: (x: number, digits: number) => number = roundHalfEven,
): RoundedScores {
  const each = (form: (value: number) => number) =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Number.isNaN(value) ? null : form(value)]))
  return { metrics: each((value) => round(value, 6)), unrounded: each((value) => value) }
}
