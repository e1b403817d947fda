import { join } from 'node:path'
import { type Load, SweepError, sha256 } from '@sweepboard/contracts'
import { providerEnvironment, type ServerNews } from '@sweepboard/models'
import type { EncodeReply, EncodeRequest, EngineFacts } from './child-message.ts'
import { SupervisedChild } from './child-process.ts'
import { failureClass } from './failure-class.ts'
import { JointWork } from './joint-work.ts'
import type { LaunchedServer, ReadyServer } from './launched-server.ts'

const OPEN_TRIES = 3
const SERVER_DIED = 'SB-WORK-020'
/** It is not the server of this load, whoever asks. */
const WRONG_SERVER: readonly string[] = ['SB-HTTP-005', 'SB-HTTP-008', 'SB-HTTP-010']
/** What the client, or the watchdog over it, says of a server that does not answer, after patience of its own. */
const MUTE: readonly string[] = ['SB-HTTP-001', 'SB-HTTP-002', 'SB-HTTP-007', 'SB-WORK-002']

export interface EngineChildOptions {
  readonly load: Load
  /** Of a load whose server the worker starts; its end is the caller's. */
  readonly server: LaunchedServer | null
  /** Throws `SB-HTTP-006` when the load's key variable may not be read here. */
  readonly apiKey: () => string | null
  readonly threads: number | null
  readonly modelsRoot: string | null
  readonly artifacts: string
  /** Folder for answers of a server of ours. */
  readonly kept: string
  readonly noProgressMs: number
  readonly now: () => number
  /** Kind of device that a server of ours computes on: it does not tell. */
  readonly device: string
  /** What the slot's devices want to stand in the child's environment. */
  readonly env: Readonly<Record<string, string>>
  /** Crash point of the first child started here. */
  readonly crashAt: string | null
  /** A child that holds more than this after a chunk is replaced before the next one: engines and their arenas only grow. */
  readonly recycleBytes: number
  readonly onNews: (news: ServerNews) => void
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

/** One engine in a child process, started when needed and again after it died. Several requests may be in hand at once. */
export class EngineChild {
  readonly #options: EngineChildOptions
  #child: SupervisedChild | null = null
  #facts: EngineFacts | null = null
  #crashAt: string | null
  #hasEncoded = false
  #opening: JointWork<EngineFacts> | null = null
  #inHand = 0
  /** Resolves when a child that has grown too big has answered all it was asked, and is gone. */
  #recycling: PromiseWithResolvers<void> | null = null
  /** Children that were ended over a job that took too long, and how. */
  readonly #overrun = new WeakMap<SupervisedChild, string>()
  /** The end of a server that does not answer. */
  #condemning: Promise<void> | null = null

  constructor(options: EngineChildOptions) {
    this.#options = options
    this.#crashAt = options.crashAt
  }

  /** Whether anything was encoded here: an engine that then fails over a text is not to blame itself. */
  get hasEncoded(): boolean {
    return this.#hasEncoded
  }

  /**
   * Opens the engine unless it is open, its server first where it has one of its own. A failure that another try may cure (a child that
   * died) gets three in all; how often a server is started is its own affair. Throws `EngineNotOpened`, or the signal's reason when
   * aborted.
   */
  async open(signal: AbortSignal): Promise<EngineFacts> {
    while (this.#opening?.isAbandoned) await this.#opening.ended()
    if (this.#opening !== null) return this.#opening.join(signal)
    if (this.#child?.alive && this.#facts !== null && this.#options.server?.isUp !== false) return this.#facts
    const opening = new JointWork((joint) => this.#open(joint))
    this.#opening = opening
    const forget = () => {
      if (this.#opening === opening) this.#opening = null
    }
    void opening.ended().then(forget)
    return opening.join(signal)
  }

  async #open(signal: AbortSignal): Promise<EngineFacts> {
    const { server } = this.#options
    for (let tries = 1; ; ) {
      await this.close()
      const ready = server === null ? null : await this.#startServer(server, signal)
      try {
        this.#facts = await this.#start(ready, signal)
        return this.#facts
      } catch (error) {
        await this.close()
        signal.throwIfAborted()
        if (!(error instanceof SweepError) || failureClass(error) === 'aborted') throw error
        const kind = failureClass(error)
        const isCurable = kind !== 'lane' && kind !== 'busy' && !WRONG_SERVER.includes(error.code)
        if (!isCurable || tries >= OPEN_TRIES) throw new EngineNotOpened(error)
        this.#options.onRetry(error)
        if (error.code !== SERVER_DIED) tries += 1
      }
    }
  }

  async #startServer(server: LaunchedServer, signal: AbortSignal): Promise<ReadyServer> {
    try {
      return await server.start(signal)
    } catch (error) {
      throw server.failure !== null && error === server.failure ? new EngineNotOpened(server.failure) : error
    }
  }

  async #start(ready: ReadyServer | null, signal: AbortSignal): Promise<EngineFacts> {
    const { load: planned, threads, modelsRoot, artifacts, noProgressMs, now, onNews } = this.#options
    const load = ready === null ? planned : { ...planned, open: { ...planned.open, url: ready.url } }
    const env = { ...providerEnvironment(load.identity.provider), ...this.#options.env }
    const apiKey = this.#options.apiKey()
    const entry = new URL('./inference-child.ts', import.meta.url)
    const child = new SupervisedChild({ entry, noProgressMs, now, env, onNews })
    this.#child = child
    const crashAt = this.#crashAt
    this.#crashAt = null
    // Another server may stand behind a URL by the next try; of one that is started here the version is known.
    const kept =
      ready === null ? null : join(this.#options.kept, sha256(`${planned.key} ${ready.name} ${ready.version}`).slice(0, 32))
    const request = { kind: 'open', load, apiKey, threads, modelsRoot, artifacts, kept, crashAt } as const
    const facts = await this.#whileServed(child, (either) => child.request(request, either), signal)
    return ready === null ? facts : factsOf(facts, ready, this.#options.device)
  }

  async encode(
    request: Omit<EncodeRequest, 'kind'>,
    signal: AbortSignal,
    onWriting?: () => void,
  ): Promise<{ reply: EncodeReply; facts: EngineFacts }> {
    const { child, facts } = await this.#openChild(signal)
    this.#inHand += 1
    try {
      const ask = (either: AbortSignal) => child.request({ kind: 'encode', ...request }, either, onWriting)
      const reply = await this.#whileServed(child, ask, signal)
      this.#hasEncoded = true
      this.#options.server?.served()
      if (reply.residentBytes > this.#options.recycleBytes && child === this.#child && this.#recycling === null) {
        this.#options.onRecycle(reply.residentBytes)
        this.#recycling = Promise.withResolvers()
      }
      return { reply, facts }
    } finally {
      this.#inHand -= 1
      if (this.#inHand === 0) await this.#recycle()
    }
  }

  async #openChild(signal: AbortSignal): Promise<{ child: SupervisedChild; facts: EngineFacts }> {
    for (;;) {
      await this.#recycling?.promise
      const facts = await this.open(signal)
      const child = this.#child
      if (this.#recycling !== null) continue
      if (child === null) throw new SweepError('SB-CORE-004', { what: 'the engine' })
      return { child, facts }
    }
  }

  /** Ends a child that has grown too big. */
  async #recycle(): Promise<void> {
    const recycling = this.#recycling
    if (recycling === null) return
    await this.close()
    this.#recycling = null
    recycling.resolve()
  }

  /**
   * A request that ends with the server it is answered through. A server of ours that does not answer is ended: its death, and not what
   * the client says of it, is what the caller gets (`SB-WORK-020`, or `EngineNotOpened` when it is closed by it), and every other
   * request that it took with it.
   */
  async #whileServed<T>(child: SupervisedChild, ask: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { server } = this.#options
    if (server === null) return ask(signal).catch((error: unknown) => Promise.reject(this.#ofSiblings(child, error, signal)))
    try {
      return await ask(AbortSignal.any([signal, server.gone]))
    } catch (error) {
      if (signal.aborted) throw error
      if (error instanceof SweepError && MUTE.includes(error.code) && server.isUp && child === this.#child)
        this.#condemning ??= this.#condemn(child, `was ended because it gave no answer (${error.message})`)
      await this.#condemning
      const death = await server.death()
      if (death === null) throw error
      await this.#closeChild(child)
      throw server.failure === null ? death : new EngineNotOpened(server.failure)
    }
  }

  /**
   * Kills the child, and the server it is answered through as if that had died: `why` is told as its end, and every other request in hand
   * fails with it (`SB-WORK-020`; without a server `SB-MODEL-008`).
   */
  async end(why: string): Promise<void> {
    const what = `was ended because a job of its ${why}`
    if (this.#child !== null) this.#overrun.set(this.#child, what)
    this.#condemning ??= this.#condemn(this.#child, what)
    await this.#condemning
  }

  async #condemn(child: SupervisedChild | null, what: string): Promise<void> {
    try {
      if (child !== null) await this.#closeChild(child)
      await this.#options.server?.condemn(what)
    } finally {
      this.#condemning = null
    }
  }

  /** What a request is told whose child was ended over another one. */
  #ofSiblings(child: SupervisedChild, error: unknown, signal: AbortSignal): unknown {
    const what = this.#overrun.get(child)
    if (what === undefined || signal.aborted) return error
    return new SweepError('SB-MODEL-008', { what, signal: null, exitCode: null })
  }

  /** Unless another one has taken its place. */
  async #closeChild(child: SupervisedChild): Promise<void> {
    if (this.#child === child) await this.close()
  }

  /** Kills the child, if any, with its process group. */
  async close(): Promise<void> {
    const child = this.#child
    this.#child = null
    this.#facts = null
    await child?.kill()
  }
}

/** Facts as evidence wants them: the client only knows a URL, and what the server there says of itself. */
function factsOf(facts: EngineFacts, ready: ReadyServer, device: string): EngineFacts {
  const version = ready.version === null ? facts.version.replace(/^unknown\b/, ready.name) : `${ready.name} ${ready.version}`
  const provider = facts.provider.replace(/^unknown\b/, ready.name)
  return { ...facts, version, provider, device, loadSeconds: ready.loadSeconds + facts.loadSeconds }
}
