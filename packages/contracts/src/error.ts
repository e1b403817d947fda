import { ERRORS } from './error-registry.ts'

/** What the caller should do now; the three tables below decide what each kind means to HTTP and the shell. */
export type ErrorKind = 'invalid' | 'missing' | 'conflict' | 'overloaded' | 'unavailable' | 'timeout' | 'cancelled' | 'bug'

export type ErrorCode = keyof typeof ERRORS
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null | undefined>>

/** One row of the registry: the words of a failure and its remedy. `says` never prints a secret or a whole payload. */
export interface ErrorEntry {
  readonly kind: ErrorKind
  readonly says: (details: ErrorDetails) => string
  readonly fix: string
}

export const HTTP_STATUS = {
  invalid: 422,
  missing: 404,
  conflict: 409,
  overloaded: 429,
  unavailable: 503,
  timeout: 504,
  cancelled: 499,
  bug: 500,
} as const satisfies Record<ErrorKind, number>

export const EXIT_CODE = {
  invalid: 2,
  missing: 3,
  conflict: 3,
  overloaded: 4,
  unavailable: 4,
  timeout: 4,
  cancelled: 130,
  bug: 70,
} as const satisfies Record<ErrorKind, number>

/** One mistake among several found in one input, with its place where there is one. */
export interface Mistake {
  readonly code: ErrorCode
  readonly message: string
  readonly fix: string
  readonly file?: string | undefined
  readonly line?: number | undefined
}

/** A coded failure. The message starts with the code, because some carriers keep only the message. */
export class SweepError extends Error {
  override readonly name = 'SweepError'
  readonly code: ErrorCode
  readonly kind: ErrorKind
  readonly fix: string
  readonly details: ErrorDetails
  /** All mistakes of one refused input; empty unless the input had several. */
  readonly mistakes: readonly Mistake[]

  constructor(code: ErrorCode, details: ErrorDetails = {}, options: { cause?: unknown; mistakes?: readonly Mistake[] } = {}) {
    const entry: ErrorEntry = ERRORS[code]
    super(`${code}: ${entry.says(details)}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.kind = entry.kind
    this.fix = entry.fix
    this.details = details
    this.mistakes = options.mistakes ?? []
  }
}

/** The coded form of anything thrown: a `SweepError` as it is, everything else as `SB-CORE-001` with its cause. */
export function toSweepError(thrown: unknown): SweepError {
  if (thrown instanceof SweepError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new SweepError('SB-CORE-001', { message }, { cause: thrown })
}

/** A `Mistake` of one code, worded by the registry. */
export function mistake(code: ErrorCode, details: ErrorDetails, place: { file?: string; line?: number } = {}): Mistake {
  const entry: ErrorEntry = ERRORS[code]
  return { code, message: entry.says(details), fix: entry.fix, ...place }
}

/** A failure as data that survives a process boundary. */
export interface FailureRecord {
  readonly code: string
  readonly kind: ErrorKind
  readonly message: string
  readonly fix: string
  readonly details?: ErrorDetails
}

export function toFailureRecord(thrown: unknown): FailureRecord {
  const error = toSweepError(thrown)
  return { code: error.code, kind: error.kind, message: error.message, fix: error.fix, details: error.details }
}
