import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { maskOf } from '@sweepboard/contracts'
import { type Level, pino } from 'pino'
import { logLine } from './log-line.ts'

/** What a process shows of its log on stderr, beside the file. */
export interface LogView {
  readonly level: LogLevel
  readonly format: 'json' | 'text'
  readonly show: (line: string) => void
}

export type LogLevel = Extract<Level, 'debug' | 'info' | 'warn' | 'error'>

export interface RunLog {
  /** One entry. `level` (or what `event` means) decides whether it is shown; ids stand in `sweep`, `lease`, `n`, `host`, `slot`. */
  write(entry: Readonly<Record<string, unknown>>): void
  /** Never shows these words from now on. */
  hide(secrets: readonly (string | null | undefined)[]): void
  close(): void
}

/** Worker events that are worth a look; all others but a chunk's are news. */
const WARNINGS = new Set([
  ...[
    'service-away',
    'queue-error',
    'lane-closed',
    'engine-busy',
    'chunk-failed',
    'child-gone',
    'crash-reported',
    'entry-dropped',
  ],
  ...['server-gone', 'server-leftover', 'device-trouble', 'device-lost', 'disk-full', 'outbox-full', 'failed', 'consistency'],
])
/** How many leases are remembered for the sweep of their later entries: a host holds a few a slot. */
const LEASES = 4096

/**
 * Structured log of a process: JSON lines in `<data>/logs/<pid>.ndjson`, and on stderr what `view` lets through. Lines are lost, and
 * nothing else, on a full disk. `secrets` and logins in addresses never appear.
 */
export function openRunLog(
  folder: string,
  options: { view?: LogView | undefined; secrets?: readonly (string | null | undefined)[] } = {},
): RunLog {
  mkdirSync(join(folder, 'logs'), { recursive: true })
  const stream = createWriteStream(join(folder, 'logs', `${process.pid}.ndjson`), { flags: 'a' })
  // Without a listener the first line that does not fit would end the process. A stream that failed drops what follows.
  stream.on('error', () => undefined)
  const secrets = [process.env.HF_TOKEN, ...(options.secrets ?? [])]
  let hide = maskOf(secrets)
  const mask = (line: string) => hide(line)
  const settings = { base: null, messageKey: 'message', formatters: { level: (level: string) => ({ level }) } } as const
  const timestamp = () => `,"at":"${new Date().toISOString()}"`
  const toFile = pino({ ...settings, timestamp, level: 'debug' }, { write: (line) => void stream.write(mask(line)) })
  const { view } = options
  const toView = view
    ? pino(
        { ...settings, timestamp, level: view.level },
        { write: (line) => view.show(view.format === 'json' ? mask(line).trimEnd() : logLine(mask(line))) },
      )
    : null
  const sweeps = new Map<string, unknown>()
  return {
    write: ({ level, message, ...rest }) => {
      const entry = withSweep(rest, sweeps)
      const how = levelOf(level, entry.event)
      for (const logger of [toFile, toView]) logger?.[how](entry, message === undefined ? undefined : String(message))
    },
    hide: (more) => {
      secrets.push(...more)
      hide = maskOf(secrets)
    },
    close: () => stream.end(),
  }
}

function levelOf(level: unknown, event: unknown): LogLevel {
  if (level === 'warning' || level === 'warn') return 'warn'
  if (level === 'debug' || level === 'info' || level === 'error') return level
  if (WARNINGS.has(String(event))) return 'warn'
  return event === 'chunk' ? 'debug' : 'info'
}

/** The entry of a lease's claim names its sweep; the later ones of that lease are told it here. */
function withSweep(entry: Readonly<Record<string, unknown>>, sweeps: Map<string, unknown>): Record<string, unknown> {
  const { lease, sweep } = entry
  if (typeof lease !== 'string') return { ...entry }
  if (sweep !== undefined) {
    sweeps.set(lease, sweep)
    const [oldest] = sweeps.keys()
    if (sweeps.size > LEASES && oldest !== undefined) sweeps.delete(oldest)
  }
  const known = sweeps.get(lease)
  return known === undefined ? { ...entry } : { ...entry, sweep: known }
}
