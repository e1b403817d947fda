import { readdirSync, readFileSync } from 'node:fs'

/**
 * Which processes a server consists of, read from Linux's /proc: its process group and session, its descendants, and whatever
 * carries its mark in the environment, wherever that stands by now. vLLM's engine cores may lead groups of their own and outlive
 * their parent; programs that rename themselves may overwrite the environment the kernel shows. No one rule finds them all.
 */

/** Environment variable with the random name of one launch: every process below it inherits it. */
export const SERVER_MARK = 'SWEEPBOARD_SERVER'

/** A process that can be told from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks from the machine's start to this process's. */
  readonly startTime: string
}

interface StatRow extends ProcessIdentity {
  readonly state: string
  readonly ppid: number
  readonly group: number
  readonly session: number
  readonly residentPages: number
}

const PAGE_BYTES = 4096
const UNKILLABLE_MS = 10_000
const NEW_MEMBERS_MS = 10_000

/** The process table's row of a live process; null for a zombie and for none. */
export function readStat(pid: number): StatRow | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name, in parentheses, may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const [state = 'X', ppid, group, session] = fields
    if (state === 'Z' || state === 'X') return null
    return {
      pid,
      state,
      ppid: Number(ppid),
      group: Number(group),
      session: Number(session),
      startTime: fields[19] ?? '',
      residentPages: Number(fields[21]),
    }
  } catch {
    return null
  }
}

/** Whether this very process runs. */
export function isRunning({ pid, startTime }: ProcessIdentity): boolean {
  return readStat(pid)?.startTime === startTime
}

/** Id of this run of the machine: process numbers of another one mean nothing. Empty where there is no /proc. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}

/** The processes of one launch. Remembers whom it has seen: a process that lost its parent is still known. */
export class ProcessFamily {
  readonly #mark: string
  readonly #leader: ProcessIdentity | null
  readonly #seen = new Map<number, string>()
  #lookedAt = Number.NEGATIVE_INFINITY

  /** `leader` is the first process, in a session of its own; null where it is not known. */
  constructor(mark: string, leader: ProcessIdentity | null) {
    this.#mark = `${SERVER_MARK}=${mark}`
    this.#leader = leader
    if (leader !== null) this.#seen.set(leader.pid, leader.startTime)
  }

  /** Live members. */
  members(): StatRow[] {
    this.#lookedAt = performance.now()
    const rows = new Map<number, StatRow>()
    for (const name of readdirSync('/proc')) {
      const row = /^\d+$/.test(name) && Number(name) !== process.pid ? readStat(Number(name)) : null
      if (row !== null) rows.set(row.pid, row)
    }
    const session = this.#sessionNumber(rows)
    const isRoot = (row: StatRow) =>
      this.#seen.get(row.pid) === row.startTime ||
      (session !== null && (row.group === session || row.session === session)) ||
      this.#hasMark(row.pid)
    const found = new Map([...rows].filter(([, row]) => isRoot(row)))
    for (let before = -1; before < found.size; ) {
      before = found.size
      for (const row of rows.values()) if (found.has(row.ppid)) found.set(row.pid, row)
    }
    this.#seen.clear()
    for (const row of found.values()) this.#seen.set(row.pid, row.startTime)
    return [...found.values()]
  }

  /**
   * Bytes that all members hold in memory; what they share is counted for each. Cheap: looks for new members only now and then, because
   * that takes a reading of the whole process table.
   */
  residentBytes(): number {
    const isOld = performance.now() - this.#lookedAt > NEW_MEMBERS_MS
    const rows = isOld ? this.members() : [...this.#seen.keys()].map((pid) => readStat(pid)).filter((row) => row !== null)
    const own = rows.filter(({ pid, startTime }) => this.#seen.get(pid) === startTime)
    return own.reduce((sum, { residentPages }) => sum + residentPages * PAGE_BYTES, 0)
  }

  /** Signals all members; false when there was none. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): boolean {
    const members = this.members()
    for (const { pid } of members) send(pid, signal)
    return members.length > 0
  }

  /**
   * SIGKILL until nobody is left: a member may have forked while it was being killed. False where somebody is left after ten seconds: a
   * process that waits for a device's driver cannot be killed.
   */
  async kill(): Promise<boolean> {
    const until = performance.now() + UNKILLABLE_MS
    while (this.signal('SIGKILL')) {
      if (performance.now() > until) return false
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return true
  }

  /** The leader's session, unless its number belongs to a stranger by now: the kernel keeps it while the session has members. */
  #sessionNumber(rows: ReadonlyMap<number, StatRow>): number | null {
    if (this.#leader === null) return null
    const { pid, startTime } = this.#leader
    const holder = rows.get(pid)
    return holder === undefined || holder.startTime === startTime ? pid : null
  }

  #hasMark(pid: number): boolean {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(this.#mark)
    } catch {
      return false // ended meanwhile, or another user's
    }
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // ended meanwhile
  }
}
