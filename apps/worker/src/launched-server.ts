import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { SweepError, toSweepError } from '@sweepboard/contracts'
import { pause } from './backoff.ts'
import { isDiskFull } from './durable-file.ts'
import { takeFreePort } from './free-port.ts'
import { makeCommand } from './server-command.ts'
import { judgeDeath } from './server-death.ts'
import { secretsOf } from './server-environment.ts'
import { ServerLog } from './server-log.ts'
import type { LaunchedServerParts } from './server-parts.ts'
import { ServerProcess } from './server-process.ts'
import { goodVersion, NotReady, untilReady } from './server-readiness.ts'
import { nextServerState, ServerDeaths, type ServerEvent, type ServerState } from './server-state.ts'
import { type Trouble, troubleIn } from './server-trouble.ts'

/** Bytes of the log's end in an error: messages are cut from the end, where a log says most. */
const TOLD_BYTES = 3000
const FULL_DISK_PAUSE_MS = 1000

/** A server that answers. */
export interface ReadyServer {
  readonly url: string
  /** Launcher and version, as evidence names them. */
  readonly name: string
  readonly version: string | null
  readonly loadSeconds: number
}

/**
 * The server of one load on one slot: started when needed, started again after it died, and at the end stopped with everything below it.
 * After three starts in a row that failed, or three restarts between which it encoded nothing, it is closed for good; so it is at once by
 * a version that must not be used, by a device without memory enough to start on, and by a device that is gone.
 */
export class LaunchedServer {
  readonly #parts: LaunchedServerParts
  readonly #deaths = new ServerDeaths()
  readonly #log: ServerLog
  #state: ServerState = 'stopped'
  #process: ServerProcess | null = null
  #ready: ReadyServer | null = null
  /** Why it is closed for good. */
  #failure: SweepError | null = null
  #lastDeath: SweepError | null = null
  /** Aborted when the server that is ready dies. */
  #gone = new AbortController()
  #burial: Promise<void> = Promise.resolve()
  #startAt = 0
  #trouble: { readonly kind: Trouble; readonly line: string } | null = null
  #peakBytes = 0
  #isStopped = false
  /** Why this process ended the server itself. */
  #verdict: string | null = null
  #launching: Promise<void> = Promise.resolve()

  constructor(parts: LaunchedServerParts) {
    this.#parts = parts
    const path = join(parts.folder, 'logs', `${this.#slotName}.log`)
    this.#log = new ServerLog(path, { now: parts.now, onLine: (line) => this.#onLine(line) })
  }

  /** Whether it answers, as far as the process table knows. */
  get isUp(): boolean {
    return this.#state === 'ready' && this.#process?.alive === true
  }

  /** Why it is closed for good, or null. */
  get failure(): SweepError | null {
    return this.#failure
  }

  /** The server's own process; null while there is none. */
  get pid(): number | null {
    return this.#process?.pid ?? null
  }

  /** Most bytes its processes were seen to hold in the machine's memory; of a GPU's nothing. */
  get peakBytes(): number {
    return this.#peakBytes
  }

  /** Aborted when the server that was started last dies. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** Measures its memory now. */
  measure(): void {
    if (this.#process?.alive) this.#peakBytes = Math.max(this.#peakBytes, this.#process.residentBytes())
  }

  /** It encoded something. */
  served(): void {
    this.#deaths.served()
  }

  /**
   * Resolves with the server that answers: the one that runs, or a new one after the pause its deaths ask for. Throws why it is closed
   * (`SB-WORK-021` to `-024`), the last death where three restarts led to nothing (`SB-WORK-020`), and the signal's reason when aborted.
   */
  async start(signal: AbortSignal): Promise<ReadyServer> {
    for (;;) {
      signal.throwIfAborted()
      await this.#burial
      if (this.#failure !== null) throw this.#failure
      if (this.#isStopped) throw new SweepError('SB-CORE-004', { what: 'the server' })
      if (this.isUp && this.#ready !== null) return this.#ready
      // It has just died, and nobody was told yet.
      if (this.#state === 'ready') await this.#process?.gone
      else if (this.#state === 'stopped') await this.#launch('start', signal)
      else if (this.#state === 'waiting') {
        await pause(Math.max(0, this.#startAt - this.#parts.now()), signal)
        // Told to end meanwhile, or started by another caller.
        if (this.#state === 'waiting') await this.#launch('wait-over', signal)
      } else throw new SweepError('SB-CORE-001', { message: `a server that is ${this.#state} was asked to start` })
    }
  }

  /** What ended the server under a request: its death, once all of it is cleared away; null where it lives. */
  async death(): Promise<SweepError | null> {
    if (this.isUp) return null
    if (this.#state === 'ready') await this.#process?.gone
    await this.#burial
    return this.#lastDeath
  }

  /** Ends a server that does not answer any more, as if it had died; `why` is told as its end: `answered nothing for 60 s`. */
  async condemn(why: string): Promise<void> {
    if (this.#state !== 'ready') return
    this.#verdict ??= why
    await this.#process?.kill()
    await this.#burial
  }

  /** Asks it to end, and kills what has not ended ten seconds later. It is never started again. */
  async stop(): Promise<void> {
    await this.#end('stop')
  }

  async kill(): Promise<void> {
    await this.#end('kill')
  }

  async #end(how: 'stop' | 'kill'): Promise<void> {
    this.#isStopped = true
    const isOver = this.#state === 'stopped' || this.#state === 'stopping' || this.#state === 'closed'
    if (!isOver) this.#move('stop')
    await this.#process?.[how]()
    await this.#launching
    await this.#burial
    if (this.#state === 'stopping') this.#move('gone')
    this.#log.close()
    // What a read-only disk keeps is emptied by the next start.
    await rm(this.#scratch, { recursive: true, force: true }).catch(() => undefined)
  }

  /** One start; `#launching` lets an end wait until nothing of it can come to life any more. */
  async #launch(event: 'start' | 'wait-over', signal: AbortSignal): Promise<void> {
    const launch = this.#launchOnce(event, signal)
    this.#launching = launch.catch(() => undefined)
    await launch
  }

  async #launchOnce(event: 'start' | 'wait-over', signal: AbortSignal): Promise<void> {
    this.#move(event)
    this.#trouble = null
    this.#verdict = null
    this.#log.begin()
    const began = this.#parts.now()
    const { port, release } = await takeFreePort()
    try {
      const command = await makeCommand(this.#parts, { port, scratch: this.#scratch })
      const env = this.#parts.environment(command.env)
      this.#log.hide(secretsOf(env))
      this.#process = await ServerProcess.start({
        argv: command.argv,
        env,
        log: this.#log,
        records: this.#parts.records,
        about: { slot: this.#parts.slot.id, model: this.#parts.load.model },
        stopMs: this.#parts.stopMs,
      })
      // Told to end while there was no process yet.
      if (this.#isStopped) throw new NotReady('is not wanted any more')
      await untilReady(
        command,
        { process: this.#process, log: this.#log },
        { ...this.#parts.limits, now: this.#parts.now, signal },
      )
      const version = await goodVersion(command, { model: this.#parts.load.model, server: this.#launcher, signal })
      this.#becomeReady(this.#process, {
        url: command.url,
        name: this.#launcher,
        version,
        loadSeconds: (this.#parts.now() - began) / 1000,
      })
    } catch (thrown) {
      await this.#notReady(thrown, signal)
    } finally {
      release()
    }
  }

  get #launcher(): string {
    return this.#parts.load.open.launch?.launcher ?? ''
  }

  get #scratch(): string {
    return resolve(this.#parts.folder, 'scratch', this.#slotName)
  }

  /** The slot's id as a file name. */
  get #slotName(): string {
    return this.#parts.slot.id.replaceAll(/[^\w.+-]/g, '-')
  }

  #becomeReady(process: ServerProcess, ready: ReadyServer): void {
    this.#deaths.started()
    this.#gone = new AbortController()
    this.#ready = ready
    // Whatever it said while it loaded, it has got over.
    this.#trouble = null
    this.#move('answers')
    this.measure()
    const gone = this.#gone
    void process.ended.then((what) => {
      if (this.#process !== process || this.#state !== 'ready') return
      const why = this.#verdict ?? what
      this.#move('exits', why)
      this.#burial = process.gone.then(() => this.#judge('ready', why))
      gone.abort()
    })
  }

  /** A start that led to nothing: aborted, refused or failed. */
  async #notReady(thrown: unknown, signal: AbortSignal): Promise<void> {
    const process = this.#process
    // One that was still loading has nothing to finish.
    if (thrown instanceof NotReady || signal.aborted) await process?.kill()
    else await process?.stop()
    this.#process = null
    if (this.#isStopped || signal.aborted) {
      if (this.#state === 'starting') this.#move('stop')
      if (this.#state === 'stopping' && !this.#isStopped) this.#move('gone')
      signal.throwIfAborted()
      throw new SweepError('SB-CORE-004', { what: 'the server' })
    }
    const what = thrown instanceof Error ? thrown.message : String(thrown)
    this.#move('exits', what)
    if (isDiskFull(thrown)) {
      this.#startAt = this.#parts.now() + FULL_DISK_PAUSE_MS
      this.#move('cleared', what)
      throw thrown
    }
    if (thrown instanceof NotReady) return this.#judge('starting', what)
    // A command that cannot be made, a version that must not be used: the next start would be the same.
    this.#close(toSweepError(thrown))
  }

  /** What a death leads to: another start after a pause, or none. */
  async #judge(during: 'starting' | 'ready', what: string): Promise<void> {
    this.#process = null
    if (this.#isStopped) return
    const isDeviceLost = await this.#parts.isDeviceLost()
    const { load, slot } = this.#parts
    const log = { tail: this.#log.tail(TOLD_BYTES), faults: this.#log.faults(), trouble: this.#trouble }
    const { death, closes } = judgeDeath({ model: load.model, slot: slot.id, ...log, during, what, isDeviceLost })
    this.#lastDeath = death
    if (closes !== null) return this.#close(closes)
    const wait = this.#deaths.died(during)
    if (wait === null) return this.#close(death)
    this.#startAt = this.#parts.now() + wait
    this.#move('cleared', `starts again in ${wait / 1000} s`)
  }

  #close(failure: SweepError): void {
    this.#failure = failure
    this.#lastDeath ??= failure
    this.#move('give-up', failure.message)
  }

  #move(event: ServerEvent, message?: string): void {
    this.#state = nextServerState(this.#state, event)
    this.#parts.onState(this.#state, { ...(message === undefined ? {} : { message }), pid: this.pid })
  }

  #onLine(line: string): void {
    const kind = troubleIn(line)
    if (kind !== null && this.#trouble?.kind !== 'device') this.#trouble = { kind, line }
  }
}
