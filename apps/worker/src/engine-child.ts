import { type Load, SweepError } from '@sweepboard/contracts'
import { providerEnvironment } from '@sweepboard/models'
import type { EncodeReply, EncodeRequest, EngineFacts } from './child-message.ts'
import { SupervisedChild } from './child-process.ts'
import { failureClass } from './failure-class.ts'

const OPEN_TRIES = 3

export interface EngineChildOptions {
  readonly load: Load
  /** Throws `SB-HTTP-006` when the load's key variable may not be read here. */
  readonly apiKey: () => string | null
  readonly threads: number | null
  readonly modelsRoot: string | null
  readonly artifacts: string
  readonly noProgressMs: number
  readonly now: () => number
  /** What the slot's devices want to stand in the child's environment. */
  readonly env: Readonly<Record<string, string>>
  /** Crash point of the first child started here. */
  readonly crashAt: string | null
  /** A child that holds more than this after a chunk is replaced before the next one: engines and their arenas only grow. */
  readonly recycleBytes: number
  readonly onRecycle: (residentBytes: number) => void
  /** A try to open failed and another one follows. */
  readonly onRetry: (error: SweepError) => void
}

/** The engine did not open: nothing the lane is given can be computed here. */
export class EngineNotOpened extends Error {
  override readonly name = 'EngineNotOpened'
  readonly failure: SweepError

  constructor(failure: SweepError) {
    super(failure.message, { cause: failure })
    this.failure = failure
  }
}

/** One engine in a child process, started when needed and again after it died. */
export class EngineChild {
  readonly #options: EngineChildOptions
  #child: SupervisedChild | null = null
  #facts: EngineFacts | null = null
  #crashAt: string | null

  constructor(options: EngineChildOptions) {
    this.#options = options
    this.#crashAt = options.crashAt
  }

  /**
   * Opens the engine unless it is open. A failure that another try may cure (a child that died) gets three in all. Throws
   * `EngineNotOpened`, or the signal's reason when aborted.
   */
  async open(signal: AbortSignal): Promise<EngineFacts> {
    if (this.#child?.alive && this.#facts !== null) return this.#facts
    for (let tries = 1; ; tries += 1) {
      await this.close()
      try {
        this.#facts = await this.#start(signal)
        return this.#facts
      } catch (error) {
        await this.close()
        signal.throwIfAborted()
        if (!(error instanceof SweepError) || failureClass(error) === 'aborted') throw error
        const isCurable = failureClass(error) !== 'lane' && failureClass(error) !== 'busy'
        if (!isCurable || tries >= OPEN_TRIES) throw new EngineNotOpened(error)
        this.#options.onRetry(error)
      }
    }
  }

  async #start(signal: AbortSignal): Promise<EngineFacts> {
    const { load, threads, modelsRoot, artifacts, noProgressMs, now } = this.#options
    const env = { ...providerEnvironment(load.identity.provider), ...this.#options.env }
    const apiKey = this.#options.apiKey()
    const entry = new URL('./inference-child.ts', import.meta.url)
    const child = new SupervisedChild({ entry, noProgressMs, now, env })
    this.#child = child
    const crashAt = this.#crashAt
    this.#crashAt = null
    return child.request({ kind: 'open', load, apiKey, threads, modelsRoot, artifacts, crashAt }, signal)
  }

  async encode(
    request: Omit<EncodeRequest, 'kind'>,
    signal: AbortSignal,
    onWriting?: () => void,
  ): Promise<{ reply: EncodeReply; facts: EngineFacts }> {
    const facts = await this.open(signal)
    const child = this.#child
    if (child === null) throw new SweepError('SB-CORE-004', { what: 'the engine' })
    const reply = await child.request({ kind: 'encode', ...request }, signal, onWriting)
    if (reply.residentBytes > this.#options.recycleBytes) {
      this.#options.onRecycle(reply.residentBytes)
      await this.close()
    }
    return { reply, facts }
  }

  /** Kills the child, if any, with its process group. */
  async close(): Promise<void> {
    const child = this.#child
    this.#child = null
    this.#facts = null
    await child?.kill()
  }
}
