import { type ChildProcess, fork } from 'node:child_process'
import { ERRORS, type ErrorCode, type PreparedTask, SweepError, type TaskRef } from '@sweepboard/contracts'
import type { PrepareAnswer, PrepareRequest } from './prepare-message.ts'
import type { ReadOptions } from './read-task.ts'

const STDERR_TAIL = 2000

/**
 * Prepares tasks one after another in a child process, so that the caller's loop and memory stay its own. Starting a child takes longer
 * than reading a small task: the same one goes on while it is small and well; after a big task, or when it died, the next gets a new one.
 */
export class TaskPreparer {
  readonly #artifactFolder: string
  readonly #options: ReadOptions
  #child: PrepareChild | null = null

  /** Artifacts go to `<artifactFolder>/<first 2 hex>/<digest>`. */
  constructor(artifactFolder: string, options: ReadOptions = {}) {
    this.#artifactFolder = artifactFolder
    this.#options = options
  }

  /**
   * One at a time. An aborted signal kills the child; what it stored stays.
   * @throws SweepError the child's own, with its mistakes (see `prepareTask`); `SB-TASK-011` when the child ends without an
   *   answer, as when memory runs out; `SB-CORE-004` when aborted
   */
  async prepare(ref: TaskRef, signal?: AbortSignal): Promise<PreparedTask> {
    const cancelled = () => new SweepError('SB-CORE-004', { what: `preparing ${ref.task}` })
    if (signal?.aborted) throw cancelled()
    const close = () => this.close()
    signal?.addEventListener('abort', close, { once: true })
    try {
      const request = { ref, artifactFolder: this.#artifactFolder, hub: this.#options.hub ?? null }
      const isUsed = this.#child !== null
      let answer = await this.#ask(request)
      // What ended a used child need not be this task's doing.
      if (typeof answer === 'string' && isUsed && !signal?.aborted) answer = await this.#ask(request)
      if (typeof answer === 'string')
        throw signal?.aborted ? cancelled() : new SweepError('SB-TASK-011', { task: ref.task, message: answer })
      if (answer.ok) {
        for (const note of answer.notes) this.#options.onNote?.(note)
        return answer.prepared
      }
      throw revive(answer)
    } finally {
      signal?.removeEventListener('abort', close)
    }
  }

  async #ask(request: PrepareRequest): Promise<PrepareAnswer | string> {
    this.#child ??= new PrepareChild()
    const answer = await this.#child.ask(request)
    if (typeof answer === 'string' || answer.isLast) this.close()
    return answer
  }

  /** Ends the child, whatever it does. */
  close(): void {
    this.#child?.kill()
    this.#child = null
  }
}

/** One task in a child of its own: see `TaskPreparer`. */
export async function prepareInChild(
  ref: TaskRef,
  artifactFolder: string,
  signal?: AbortSignal,
  options: ReadOptions = {},
): Promise<PreparedTask> {
  const preparer = new TaskPreparer(artifactFolder, options)
  try {
    return await preparer.prepare(ref, signal)
  } finally {
    preparer.close()
  }
}

class PrepareChild {
  readonly #process: ChildProcess
  readonly #ended = Promise.withResolvers<string>()
  #tail = ''

  constructor() {
    this.#process = fork(new URL('./prepare-child.ts', import.meta.url), [], {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#tail = (this.#tail + text).slice(-STDERR_TAIL)
    })
    this.#process.once('close', (code, signal) =>
      this.#ended.resolve(`${signal ?? `exit code ${code}`}${this.#tail ? `: ${this.#tail.trim()}` : ''}`),
    )
    this.#process.on('error', (error) => this.#ended.resolve(error.message))
  }

  /** The child's answer, or in words how it ended without one. */
  async ask(request: PrepareRequest): Promise<PrepareAnswer | string> {
    const answered = Promise.withResolvers<PrepareAnswer>()
    const take = (answer: unknown) => answered.resolve(answer as PrepareAnswer)
    this.#process.once('message', take)
    // A child that cannot be reached ends, or has: it dies with the channel.
    this.#process.send(request, () => undefined)
    try {
      return await Promise.race([answered.promise, this.#ended.promise])
    } finally {
      this.#process.off('message', take)
    }
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }
}

function revive({ failure, mistakes }: PrepareAnswer & { ok: false }): SweepError {
  const code = Object.hasOwn(ERRORS, failure.code) ? (failure.code as ErrorCode) : 'SB-CORE-001'
  return new SweepError(code, failure.details ?? { message: failure.message }, { mistakes })
}
