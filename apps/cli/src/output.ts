import { EXIT_CODE, SweepError, toSweepError } from '@sweepboard/contracts'

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
  const error = toFailure(thrown)
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

/** What a folder that is read-only, full, or no folder answers a write with; Node says ENOENT of a `mkdir` on a read-only file system. */
const UNWRITABLE = new Set(['EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'EEXIST', 'ENOSPC', 'EDQUOT'])

/** The coded form of anything thrown: a file system that takes no write is the user's to mend (`SB-FILE-007`), not our bug. */
export function toFailure(thrown: unknown): SweepError {
  const { code = '', syscall, path, message } = (thrown instanceof Error ? thrown : {}) as NodeJS.ErrnoException
  const isFile = UNWRITABLE.has(code) || (code === 'ENOENT' && syscall === 'mkdir')
  const isLedger = /^SQLITE_(READONLY|CANTOPEN|FULL)/.test(code)
  // A write to an open file names no path.
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  if (!isLedger && !isFull && !(isFile && path !== undefined)) return toSweepError(thrown)
  return new SweepError('SB-FILE-007', { file: path ?? (isLedger ? 'the ledger' : 'a file'), message }, { cause: thrown })
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

/** The same for what stands in one line, e.g. a name in a table: a line break in it would make lines of its own. */
export function visibleLine(text: string): string {
  return visible(text).replaceAll('\n', '\\u000a')
}
