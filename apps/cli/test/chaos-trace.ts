import { readFileSync } from 'node:fs'
import { liveProcesses, type ProcessRow } from '@sweepboard/test-kit'

/** Every process that ever stood below one of ours, by number and start time: an orphan is found whatever its environment and parent. */
export class ProcessTrace {
  readonly #seen = new Map<string, string>()

  /** Looks at the process table now. `pids`: programs; `servers`: what stands in a session of its own. */
  look(pids: readonly number[], servers: readonly ProcessRow[]): void {
    const rows = liveProcesses()
    const below = new Set([...pids, ...servers.flatMap(({ pid, ppid }) => [pid, ...guardOf(ppid, rows)])])
    for (let size = 0; size !== below.size; ) {
      size = below.size
      for (const { pid, ppid } of rows) if (below.has(ppid)) below.add(pid)
    }
    for (const { pid, command } of rows) {
      const start = below.has(pid) ? startOf(pid) : null
      if (start !== null) this.#seen.set(`${pid} ${start}`, command)
    }
  }

  get count(): number {
    return this.#seen.size
  }

  /** Command lines of those that still run. */
  alive(): string[] {
    const now = liveProcesses().flatMap(({ pid }) => `${pid} ${startOf(pid)}`)
    return now.flatMap((name) => this.#seen.get(name) ?? [])
  }
}

function guardOf(pid: number, rows: readonly ProcessRow[]): number[] {
  return rows.filter((row) => row.pid === pid && row.command.includes('server-guard.ts')).map((row) => row.pid)
}

/** Clock ticks since the machine's start. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}
