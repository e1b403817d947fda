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

/** Says something to whoever started the command: a note on stderr, or a line of the log where that is JSON. Nothing beside `--json`. */
export function tellUser(log: Pick<RunLog, 'write'>, options: LogOptions, text: string): void {
  if (options.json) return
  if (logView(options, process.stderr.isTTY)?.format === 'json') log.write({ event: 'note', message: text })
  else printNote(text)
}
