import { EXIT_CODE, type SweepError, toSweepError } from '@sweepboard/contracts'

/** stdout is for results, stderr for progress and errors. */
export function printResult(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

export function printNote(text: string): void {
  process.stderr.write(`${text}\n`)
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** One NDJSON line of `run --json` and `watch --json`. */
export function printEvent(event: { readonly event: string } & Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}

/** Shows a failure on stderr, or as one JSON document on stdout; returns the exit code its kind means. */
export function reportFailure(thrown: unknown, asJson: boolean): number {
  const error = toSweepError(thrown)
  if (asJson)
    printEvent({
      event: 'error',
      code: error.code,
      kind: error.kind,
      message: error.message,
      fix: error.fix,
      mistakes: error.mistakes,
    })
  else printNote(describeFailure(error))
  if (error.kind === 'bug' && process.env.SWEEPBOARD_DEBUG) printNote(String(error.stack))
  return EXIT_CODE[error.kind]
}

/** Words of a failure: message, its mistakes with file and line, and what to do. */
export function describeFailure(error: SweepError): string {
  // A mistake without a place that says what the failure says already would only be a second copy.
  const told = error.mistakes.filter((m) => m.file !== undefined || `${m.code}: ${m.message}` !== error.message)
  const mistakes = told.map((m) => {
    const place = m.file === undefined ? '' : `${m.file}${m.line === undefined ? '' : `:${m.line}`}: `
    return `  ${place}${m.code} ${m.message}\n    ${m.fix}`
  })
  const cause = error.kind === 'bug' && error.cause instanceof Error ? [`  cause: ${error.cause.message}`] : []
  return [error.message, ...mistakes, ...cause, `What to do: ${error.fix}`].map(visible).join('\n')
}

/** Control and bidirectional-override characters, line feed aside. */
const INVISIBLE = /(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu

/** Untrusted text for a terminal: control characters (escape sequences among them) become visible, line breaks stay. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
