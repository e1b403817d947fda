import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** One line of the process table (Linux: read from /proc). */
export interface ProcessRow {
  readonly pid: number
  readonly ppid: number
  /** One letter as the kernel says it: R, S, D, T, Z ... */
  readonly state: string
  /** Its command line; `[name]`, as ps writes it, where there is none: of a zombie, and for a moment while a program is started or ends. */
  readonly command: string
}

/**
 * The process table's row of `pid`; null when there is none (any more).
 * Read from /proc/PID/status and not by `kill(pid, 0)`, which counts a zombie as alive where nobody reaps it.
 */
export function processRow(pid: number): ProcessRow | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? ''
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return { pid, ppid: Number(field('PPid')), state: field('State'), command: command || `[${field('Name')}]` }
  } catch {
    return null
  }
}

/** Whether a process runs. A zombie (state Z) or a dead one (X) does not; a stopped one (T) does. */
export function isAlive(pid: number): boolean {
  const row = processRow(pid)
  return row !== null && row.state !== 'Z' && row.state !== 'X'
}

/** Every live process of the machine that this user may read. */
export function liveProcesses(): ProcessRow[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processRow(Number(name)))
    .filter((row): row is ProcessRow => row !== null && row.state !== 'Z' && row.state !== 'X')
}

/** Live processes below `pid`, children of children too, without `pid` itself. */
export function liveDescendants(pid: number): ProcessRow[] {
  const rows = liveProcesses()
  const below = new Set([pid])
  for (let grown = true; grown; ) {
    const before = below.size
    for (const row of rows) if (below.has(row.ppid)) below.add(row.pid)
    grown = below.size > before
  }
  return rows.filter((row) => row.pid !== pid && below.has(row.pid))
}

/**
 * Waits until `condition` holds (returns something truthy), looking every `everyMs`; returns what it returned.
 * An error thrown by the condition counts as "not yet". Throws at the deadline, with the last error as its cause.
 */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  options: { deadlineMs?: number; everyMs?: number; what?: string } = {},
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const { deadlineMs = 10_000, everyMs = 20, what = 'the condition' } = options
  const end = performance.now() + deadlineMs
  let last: unknown
  for (;;) {
    try {
      const value = await condition()
      if (value) return value as Exclude<T, false | null | undefined | 0 | ''>
      last = undefined
    } catch (error) {
      last = error
    }
    if (performance.now() >= end) throw new Error(`${what} did not hold within ${deadlineMs} ms`, { cause: last })
    await sleep(everyMs)
  }
}
