import { type FailureRecord, type PreparedTask, type TaskRef, toFailureRecord } from '@sweepboard/contracts'
import { retryBackoff } from '@sweepboard/dispatch'
import type { Ledger } from '@sweepboard/ledger'

/** Kinds of failure that may pass by themselves. */
const PASSING: readonly string[] = ['unavailable', 'timeout', 'overloaded', 'cancelled']
/** Tasks prepared at once: each is a child process that reads a data set. */
const AT_ONCE = 2

export interface PreparationOptions {
  readonly ledger: Ledger
  readonly prepare: (key: string, ref: TaskRef) => Promise<PreparedTask>
  readonly now: () => number
  readonly random: () => number
  readonly log: (entry: Readonly<Record<string, unknown>>) => void
  readonly changed: () => void
  readonly point: (name: string) => void
}

/**
 * Prepares tasks that running sweeps wait for, one run per task at a time. Not leased: a crash repeats it, and texts are named by
 * their content. Trouble that may pass is tried again with backoff, anything else fails the task's groups.
 */
export class Preparations {
  readonly #options: PreparationOptions
  readonly #running = new Set<string>()
  readonly #later = new Map<string, { attempt: number; notBefore: number; message: string }>()

  #isClosed = false

  constructor(options: PreparationOptions) {
    this.#options = options
  }

  start(): void {
    const { ledger, now } = this.#options
    for (const { key, ref } of ledger.unpreparedTasks()) {
      if (this.#running.size >= AT_ONCE) return
      if (this.#running.has(key) || (this.#later.get(key)?.notBefore ?? 0) > now()) continue
      this.#running.add(key)
      void this.#run(key, ref)
    }
  }

  /** What is still running is of no use any more: a later start prepares again. */
  close(): void {
    this.#isClosed = true
  }

  /** Tasks whose preparation is being tried again, with the last message. */
  waiting(): { key: string; attempt: number; message: string }[] {
    return [...this.#later].map(([key, { attempt, message }]) => ({ key, attempt, message }))
  }

  async #run(key: string, ref: TaskRef): Promise<void> {
    let done: PreparedTask
    try {
      done = await this.#options.prepare(key, ref)
    } catch (thrown) {
      this.#running.delete(key)
      if (!this.#isClosed) this.#failed(key, ref, thrown)
      return
    }
    this.#running.delete(key)
    if (this.#isClosed) return
    try {
      this.#options.point('prepared.before')
      this.#options.ledger.prepared({ ...done, key })
      this.#later.delete(key)
      this.#options.changed()
    } catch (thrown) {
      this.#again(key, ref, toFailureRecord(thrown))
    }
  }

  #failed(key: string, ref: TaskRef, thrown: unknown): void {
    const failure = toFailureRecord(thrown)
    if (PASSING.includes(failure.kind)) {
      this.#again(key, ref, failure)
      return
    }
    this.#later.delete(key)
    this.#options.log({
      level: 'warn',
      message: 'preparation failed',
      task: ref.task,
      code: failure.code,
      error: failure.message,
    })
    this.#options.ledger.preparationFailed(key, failure)
    this.#options.changed()
  }

  #again(key: string, ref: TaskRef, { code, message }: FailureRecord): void {
    const { now, random, log } = this.#options
    const attempt = (this.#later.get(key)?.attempt ?? 0) + 1
    const waitMs = retryBackoff(attempt, random)
    this.#later.set(key, { attempt, notBefore: now() + waitMs, message })
    log({ level: 'warn', message: 'preparation is tried again', task: ref.task, code, error: message, attempt, waitMs })
  }
}
