import { type Command, Option } from 'commander'
import { printNote } from './output.ts'
import type { LogLevel, LogView, RunLog } from './run-log.ts'

export interface LogOptions {
  readonly logLevel?: LogLevel
  readonly logFormat?: 'json' | 'text'
  readonly json?: boolean
}

export function addLogOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--log-level <level>', 'least important log lines shown on stderr').choices(['debug', 'info', 'warn', 'error']),
    )
    .addOption(
      new Option('--log-format <format>', 'of the log on stderr; default: text on a terminal, else json').choices([
        'json',
        'text',
      ]),
    )
}

/** What a long-running command shows of its log; nothing with `--json`, whose events are on stdout, unless it is asked for. */
export function logView(options: LogOptions, isTerminal: boolean): LogView | undefined {
  const isAsked = options.logLevel !== undefined || options.logFormat !== undefined
  if (options.json && !isAsked) return undefined
  return { level: options.logLevel ?? 'info', format: options.logFormat ?? (isTerminal ? 'text' : 'json'), show: printNote }
}

/**
 * What `work` notes before there is a log. Kept for `tellNotes`, so that JSON lines stay alone on stderr; printed at once where `work` fails.
 */
export async function withNotes<T>(work: (note: (text: string) => void) => Promise<T>): Promise<{ value: T; notes: string[] }> {
  const notes: string[] = []
  try {
    const value = await work((text) => void notes.push(text))
    return { value, notes: [...notes] }
  } catch (thrown) {
    for (const text of notes) printNote(text)
    throw thrown
  }
}

/** What was noted before there was a log; beside `--json` it is the log's alone. */
export function tellNotes(log: Pick<RunLog, 'write'>, options: LogOptions, notes: readonly string[]): void {
  for (const message of notes)
    if (options.json) log.write({ event: 'note', level: 'warn', message })
    else tellUser(log, options, message)
}

/** Says something to whoever started the command: a note on stderr, or a line of the log where that is JSON. Nothing beside `--json`. */
export function tellUser(log: Pick<RunLog, 'write'>, options: LogOptions, text: string): void {
  if (options.json) return
  if (logView(options, process.stderr.isTTY)?.format === 'json') log.write({ event: 'note', message: text })
  else printNote(text)
}
