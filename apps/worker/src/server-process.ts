import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { bootId, isRunning, ProcessFamily, type ProcessIdentity } from './process-family.ts'
import type { GuardStart, GuardWord } from './server-guard.ts'
import type { ServerLog } from './server-log.ts'
import type { ServerRecords } from './server-record.ts'

export interface ServerProcessOptions {
  readonly argv: readonly string[]
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>
  readonly log: ServerLog
  readonly records: ServerRecords
  readonly about: { readonly slot: string; readonly model: string }
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly stopMs: number
}

/**
 * One start of a server: its guard, the processes of it, and how it ended. On record from before its start until nothing of it runs, so
 * that no end of this process leaves it behind.
 */
export class ServerProcess {
  readonly #mark: string
  readonly #options: ServerProcessOptions
  readonly #guard: ChildProcess
  readonly #ended = Promise.withResolvers<string>()
  /** How it ended, in words, as soon as that is known. */
  readonly ended: Promise<string> = this.#ended.promise
  /** Resolves when no process of it is left. */
  readonly gone: Promise<void>
  #family: ProcessFamily
  #leader: ProcessIdentity | null = null
  #hasEnded = false
  /** The record with the leader's name is on its way to the disk. */
  #noting: Promise<void> = Promise.resolve()

  private constructor(mark: string, options: ServerProcessOptions) {
    this.#mark = mark
    this.#options = options
    this.#family = new ProcessFamily(mark, null)
    void this.ended.then(() => {
      this.#hasEnded = true
    })
    this.#guard = this.#spawnGuard()
    const exit = new Promise<void>((resolve) => {
      this.#guard.once('error', () => resolve())
      this.#guard.once('exit', () => resolve())
    })
    this.gone = exit.then(() => this.#bury())
  }

  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    const mark = randomBytes(8).toString('hex')
    await options.records.write({ mark, boot: bootId(), leader: null, ...options.about })
    return new ServerProcess(mark, options)
  }

  get alive(): boolean {
    return !this.#hasEnded && (this.#leader === null || isRunning(this.#leader))
  }

  /** The server's own process number; null until it is started. */
  get pid(): number | null {
    return this.#leader?.pid ?? null
  }

  /** Numbers of all its live processes. */
  pids(): number[] {
    return this.#family.members().map(({ pid }) => pid)
  }

  /** Bytes its processes hold in the machine's memory. */
  residentBytes(): number {
    return this.#family.residentBytes()
  }

  /** Asks all its processes to end, and kills those that have not after `stopMs`. */
  async stop(): Promise<void> {
    this.#tell('stop')
    await this.gone
  }

  async kill(): Promise<void> {
    this.#tell('kill')
    await this.gone
  }

  #tell(word: 'stop' | 'kill'): void {
    this.#guard.stdin?.write(`${word}\n`)
  }

  #spawnGuard(): ChildProcess {
    const { argv, env, log, stopMs } = this.#options
    const entry = new URL('./server-guard.ts', import.meta.url)
    const guard = spawn(process.execPath, [entry.pathname, 'guard'], {
      // A session of its own: Ctrl-C in the worker's terminal must not reach it before the worker has drained.
      detached: true,
      env: {},
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    })
    const [stdin, stdout, stderr, words] = guard.stdio as unknown as [Writable, Readable, Readable, Readable]
    for (const stream of [stdin, stdout, stderr, words]) stream.on('error', () => undefined)
    for (const stream of [stdout, stderr]) stream.setEncoding('utf8').on('data', (text: string) => log.write(text))
    createInterface({ input: words }).on('line', (line) => this.#hear(JSON.parse(line) as GuardWord))
    const start: GuardStart = { argv, env, mark: this.#mark, stopMs }
    stdin.write(`${JSON.stringify(start)}\n`)
    return guard
  }

  #hear(word: GuardWord): void {
    if (word.said === 'failed') this.#ended.resolve(`cannot be started: ${word.message}`)
    else if (word.said === 'exited')
      this.#ended.resolve(word.signal === null ? `ended with exit code ${word.exitCode}` : `was killed by ${word.signal}`)
    else {
      const { pid, startTime } = word
      this.#leader = { pid, startTime }
      this.#family = new ProcessFamily(this.#mark, this.#leader)
      this.#noting = this.#options.records
        .write({ mark: this.#mark, boot: bootId(), leader: this.#leader, ...this.#options.about })
        // The mark alone finds it, too.
        .catch(() => undefined)
    }
  }

  /** After the guard's end, which mostly left nothing to do; a guard that was killed left everything. */
  async #bury(): Promise<void> {
    this.#ended.resolve('lost its guard process and was killed')
    // What cannot be killed now stays on record for the next start.
    if (!(await this.#family.kill())) return
    await this.#noting
    await this.#options.records.remove(this.#mark).catch(() => undefined)
  }
}
