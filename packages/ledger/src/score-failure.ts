import { ERRORS, type ErrorKind, type FailureRecord } from '@sweepboard/contracts'

/** A chunk or a group fails at its third error that is not tied to one text. */
export const TRIES = 3

/** A failure as a worker tells it, with the kind its code has here; a code not known here is a bug. */
export function recordOf(
  failure: { code: string; message: string; fix: string },
  details: FailureRecord['details'] & object,
): FailureRecord {
  const kind: ErrorKind = Object.hasOwn(ERRORS, failure.code) ? ERRORS[failure.code as keyof typeof ERRORS].kind : 'bug'
  return { code: failure.code, kind, message: failure.message, fix: failure.fix, details }
}
