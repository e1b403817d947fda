import { type ChildProcess, fork } from 'node:child_process'
import { ERRORS, type ErrorCode, type FailureRecord, SweepError } from '@sweepboard/contracts'
import type { ServerNews } from '@sweepboard/models'
import type { ChildReply, ChildRequest, FromChild, ToChild } from './child-message.ts'

const WATCH_MS = 250
const STDERR_TAIL = 2000
/** How long a child may take to answer an abort before its process group is killed. */
const ABORT_GRACE_MS = 1000

interface Pending {
  readonly settle: (outcome: { value: unknown } | { error: SweepError }) => void
  readonly onWriting: () => void
  readonly isAborted: () => boolean
}

export interface ChildOptions {
  readonly entry: URL
  /** A request without progress for so long costs the child its life. */
  readonly noProgressMs: number
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Laid over this process's environment. */
  readonly env?: Readonly<Record<string, string>>
  /** What the server does that the child speaks to. */
  readonly onNews?: (news: ServerNews) => void
}

/**
 * One child process in its own process group, with a watchdog on its progress counter. Requests fail with `SB-MODEL-008`
 * when it dies (details: `signal`, `exitCode`), `SB-WORK-002` when the watchdog killed it, `SB-CORE-004` when aborted, and
 * with the child's own code otherwise. It is never restarted: who needs it again starts another.
 */
export class SupervisedChild {
  readonly #child: ChildProcess
  readonly #options: ChildOptions
  readonly #pending = new Map<number, Pending>()
  readonly exited: Promise<void>
  #nextId = 1
  #stderr = ''
  #counter = ''
  #progressAt: number
  #watchedAt: number
  #ended: SweepError | null = null
  #verdict: SweepError | null = null

  constructor(options: ChildOptions) {
    this.#options = options
    this.#progressAt = options.now()
    this.#watchedAt = this.#progressAt
    const child = fork(options.entry, [String(process.pid)], {
      detached: true,
      // A worker that somebody embeds asks nobody else either: onnxruntime would report its use.
      env: { ORT_DISABLE_TELEMETRY: '1', ...process.env, ...options.env },
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
    })
    this.#child = child
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL)
    })
    const beats = child.stdio[4]
    if (beats !== null && beats !== undefined) {
      beats.on('data', (bytes) => this.#onBeat(String(bytes)))
      beats.on('error', () => undefined)
    }
    child.on('message', (message) => this.#onMessage(message as FromChild))
    child.on('error', (error) => this.#end(new SweepError('SB-MODEL-008', { what: `did not start: ${error.message}` })))
    const watch = setInterval(() => this.#watch(), WATCH_MS)
    this.exited = new Promise((resolve) => {
      child.once('close', (exitCode, signal) => {
        clearInterval(watch)
        this.#end(this.#verdict ?? this.#obituary(exitCode, signal))
        resolve()
      })
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get alive(): boolean {
    return this.#ended === null && this.#verdict === null
  }

  /** Sends one request. `onWriting` is called when the child is about to write its result. */
  request<R extends ChildRequest>(
    request: R,
    signal: AbortSignal,
    onWriting: () => void = () => undefined,
  ): Promise<ChildReply<R>> {
    signal.throwIfAborted()
    const dead = this.#ended ?? this.#verdict
    if (dead !== null) return Promise.reject(dead)
    const id = this.#nextId
    this.#nextId += 1
    if (this.#pending.size === 0) this.#progressAt = this.#options.now()
    return new Promise((resolve, reject) => {
      let deadline: NodeJS.Timeout | undefined
      // Others in the same child want their answers: while there are any, only the watchdog ends it.
      const killUnlessShared = () => {
        if ([...this.#pending.values()].every(({ isAborted }) => isAborted())) void this.kill()
        else deadline = setTimeout(killUnlessShared, ABORT_GRACE_MS)
      }
      const abort = () => {
        this.#send({ id, abort: true })
        deadline = setTimeout(killUnlessShared, ABORT_GRACE_MS)
      }
      signal.addEventListener('abort', abort, { once: true })
      const settle: Pending['settle'] = (outcome) => {
        this.#pending.delete(id)
        clearTimeout(deadline)
        signal.removeEventListener('abort', abort)
        if ('error' in outcome) reject(outcome.error)
        else resolve(outcome.value as ChildReply<R>)
      }
      this.#pending.set(id, { settle, onWriting, isAborted: () => signal.aborted })
      this.#send({ id, request })
    })
  }

  /** Kills the process group; requests in hand fail with `SB-CORE-004`. Resolves when the process is gone. */
  kill(): Promise<void> {
    this.#condemn(new SweepError('SB-CORE-004', { what: 'the child process' }))
    return this.exited
  }

  #condemn(verdict: SweepError): void {
    if (this.#ended !== null) return
    this.#verdict ??= verdict
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // Between fork and setsid there is no such group yet, and after the end none any more.
      this.#child.kill('SIGKILL')
    }
  }

  #send(message: ToChild): void {
    // A failed send means that the child is dying: `close` tells how.
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }

  #onBeat(text: string): void {
    const counter = text.trimEnd().split('\n').at(-1) ?? ''
    if (counter === this.#counter) return
    this.#counter = counter
    this.#progressAt = this.#options.now()
  }

  #onMessage(message: FromChild): void {
    this.#progressAt = this.#options.now()
    if ('news' in message) {
      this.#options.onNews?.(message.news)
      return
    }
    const pending = this.#pending.get(message.id)
    if (pending === undefined) return
    if ('note' in message) pending.onWriting()
    else if ('failure' in message) pending.settle({ error: fromRecord(message.failure) })
    else pending.settle({ value: message.value })
  }

  #watch(): void {
    const now = this.#options.now()
    // A tick that comes late was held up itself (a stopped or busy parent): the child's beats are still unread.
    if (now - this.#watchedAt > WATCH_MS * 8) this.#progressAt = now
    this.#watchedAt = now
    if (this.#pending.size === 0 || now - this.#progressAt <= this.#options.noProgressMs) return
    this.#condemn(new SweepError('SB-WORK-002', { seconds: Math.round(this.#options.noProgressMs / 1000) }))
  }

  #obituary(exitCode: number | null, signal: NodeJS.Signals | null): SweepError {
    const how = signal === null ? `ended with exit code ${exitCode}` : `was killed by ${signal}`
    const tail = this.#stderr.trim().split('\n').slice(-3).join(' | ')
    return new SweepError('SB-MODEL-008', { what: tail === '' ? how : `${how}: ${tail}`, signal, exitCode })
  }

  #end(error: SweepError): void {
    this.#ended ??= error
    for (const pending of [...this.#pending.values()]) pending.settle({ error })
  }
}

function fromRecord(record: FailureRecord): SweepError {
  const known = record.code in ERRORS
  return known
    ? new SweepError(record.code as ErrorCode, record.details)
    : new SweepError('SB-CORE-001', { message: record.message })
}
