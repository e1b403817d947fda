import {
  isServed,
  type Load,
  laneName,
  type SlotReport,
  SweepError,
  type TicketConsumer,
  type TicketQueue,
  toSweepError,
} from '@sweepboard/contracts'
import { ClosedLanes } from './closed-lanes.ts'
import { deviceEnvironment } from './device-environment.ts'
import { isDiskFull } from './durable-file.ts'
import { EngineChild, EngineNotOpened } from './engine-child.ts'
import { failureClass } from './failure-class.ts'
import type { Gpus } from './gpus.ts'
import { handsOf } from './hands.ts'
import type { Host } from './host.ts'
import { hostMemoryBytes } from './host-memory.ts'
import type { LaunchedServer } from './launched-server.ts'
import { Parting } from './parting.ts'
import { readKey } from './read-key.ts'
import { type EncodeSlot, runEncode } from './run-encode.ts'
import { runTicket } from './run-ticket.ts'
import type { SlotOption } from './slot-option.ts'
import { serverFor } from './slot-server.ts'
import { nextState, type SlotEvent, type SlotState } from './slot-state.ts'
import { Turn } from './turn.ts'

interface Lane {
  readonly load: Load
  readonly engine: EngineChild
  /** Of a load whose server is started here. */
  readonly server: LaunchedServer | null
  readonly leaving: AbortController
  readonly parting: Parting
  consumer: TicketConsumer | null
}

/** One slot: serves one lane at a time, and changes it when told by a beat's answer. */
export class Slot {
  readonly option: SlotOption
  readonly #host: Host
  readonly #queue: TicketQueue
  readonly #memoryBytes: number
  readonly #turn = new Turn()
  readonly #closed: ClosedLanes
  #state: SlotState = 'idle'
  #lane: Lane | null = null
  #wanted: Load | null = null
  #full = false
  #stopped = false
  /** Why no lane is served any more: the slot's device is gone. */
  #lost: SweepError | null = null
  #measuring = false
  #changing: Promise<void> | null = null

  constructor(option: SlotOption, parts: { host: Host; queue: TicketQueue; memoryBytes: number }) {
    this.option = option
    this.#host = parts.host
    this.#queue = parts.queue
    this.#memoryBytes = parts.memoryBytes
    this.#closed = new ClosedLanes(parts.host.now)
  }

  report(): SlotReport {
    const gpus = this.#gpus
    if (gpus?.isLost(this.option) && this.#lost === null) this.#loseDevice()
    if (gpus !== null && this.#state === 'serving') this.#measureMemory(gpus)
    this.#lane?.server?.measure()
    return {
      id: this.option.id,
      device: this.option.device,
      memoryBytes: this.#bytes,
      deviceCount: Math.max(1, this.option.devices.length),
      deviceName: gpus?.nameOf(this.option) ?? null,
      reading: gpus?.reading(this.option) ?? null,
      state: this.#state,
      lane: this.#lane?.load.key ?? null,
      tokensPerSecond: this.#host.memory.speeds(this.option.id),
      peakBytes: this.#host.memory.peaks(this.option.id),
      loadSeconds: this.#host.memory.loadTimes(this.option.id),
      closed: this.#closed.report(),
    }
  }

  get #bytes(): number {
    return this.#gpus?.memoryBytes(this.option) ?? this.#memoryBytes
  }

  /** A device that fell off the bus takes its lane with it, and every one that is told afterwards. */
  #loseDevice(): void {
    const error = new SweepError('SB-WORK-024', { slot: this.option.id, what: 'the driver no longer lists it' })
    const load = this.#lane?.load ?? this.#wanted
    if (load !== null) this.#refuse(load, error)
    else this.#learnFrom(null, error)
    this.#change()
    // What computes on a device that is gone may hang for ever.
    void this.killChild()
  }

  /** Null on slots without a GPU. */
  get #gpus(): Gpus | null {
    return this.option.device === 'cuda' ? (this.#host.options.gpus ?? null) : null
  }

  /** Keeps the most that the lane was seen to hold on the slot's devices: nobody else of this worker is on them. Never waits. */
  #measureMemory(gpus: Gpus): void {
    const lane = this.#lane
    if (lane === null || this.#measuring) return
    this.#measuring = true
    gpus
      .usedBy(this.option, process.pid)
      .then((bytes) =>
        bytes === null || this.#lane !== lane ? undefined : this.#host.memory.held(this.option.id, lane.load.key, bytes),
      )
      .catch((error: Error) => this.#host.options.log({ event: 'failed', slot: this.option.id, message: error.message }))
      .finally(() => {
        this.#measuring = false
      })
  }

  /** The lane a beat's answer names; null = none. */
  assign(load: Load | null): void {
    if (load !== null && this.#lost !== null && !this.#closed.isClosed(load.key)) this.#refuse(load, this.#lost)
    this.#wanted = load !== null && this.#closed.isClosed(load.key) ? null : load
    this.#change()
  }

  /** No room, on the disk or in the outbox: runs in hand end, nothing is taken until there is again. */
  setFull(full: boolean): void {
    this.#full = full
    this.#change()
  }

  /** Kills the child and the server; a run in hand fails. */
  async killChild(): Promise<void> {
    const lane = this.#lane
    await Promise.all([lane?.engine.close(), lane?.server?.kill()])
  }

  /** Takes nothing more; resolves when the runs have ended and the child is gone. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#change()
    while (this.#changing !== null) await this.#changing
  }

  #target(): Load | null {
    return this.#stopped || this.#full ? null : this.#wanted
  }

  #settled(): boolean {
    return (
      (this.#lane?.load.key ?? null) === (this.#target()?.key ?? null) &&
      (this.#state === 'full') === (this.#full && !this.#stopped)
    )
  }

  /** At most one change at a time; each looks again at what is wanted by then. */
  #change(): void {
    if (this.#state === 'loading' && this.#target()?.key !== this.#lane?.load.key) this.#lane?.leaving.abort()
    if (this.#changing !== null) return
    this.#changing = this.#changeUntilSettled()
      .then(
        () => true,
        (error: Error) => {
          // A queue that refuses consumers: the next beat's answer tries again, at its own pace.
          this.#host.options.log({ event: 'failed', slot: this.option.id, message: error.message })
          return false
        },
      )
      .then((went) => {
        this.#changing = null
        if (went && !this.#settled()) this.#change()
      })
  }

  async #changeUntilSettled(): Promise<void> {
    while (!this.#settled()) {
      if (this.#lane !== null) await this.#leave(this.#lane)
      else if (this.#state === 'full') this.#move('emptied')
      else if (this.#full && !this.#stopped) this.#move('filled')
      else {
        const load = this.#target()
        if (load !== null) await this.#enter(load)
      }
    }
  }

  #move(event: SlotEvent): void {
    this.#state = nextState(this.#state, event)
    const { key: lane = null, model = null } = this.#lane?.load ?? {}
    this.#host.options.log({ event: 'slot', slot: this.option.id, state: this.#state, lane, model })
    this.#host.beatSoon()
  }

  async #enter(load: Load): Promise<void> {
    const server = serverFor(load, { option: this.option, memoryBytes: this.#bytes }, this.#host)
    const leaving = new AbortController()
    const parting = new Parting(leaving.signal, isServed(load) ? this.#host.muteMs : null)
    const engine = this.#engineFor(load, server, parting)
    const lane: Lane = { load, server, engine, leaving, parting, consumer: null }
    this.#lane = lane
    this.#move('assign')
    const began = this.#host.now()
    try {
      const facts = await lane.engine.open(lane.leaving.signal)
      // Of a server only the start that worked counts, not those before it and the pauses between.
      const seconds = server !== null ? facts.loadSeconds : (this.#host.now() - began) / 1000
      if (this.option.device !== 'endpoint') await this.#host.memory.loaded(this.option.id, load.key, seconds)
    } catch (error) {
      parting.close()
      await lane.engine.close()
      await server?.stop()
      if (isDiskFull(error)) this.#host.onDiskFull()
      else if (!lane.leaving.signal.aborted)
        this.#refuse(load, error instanceof EngineNotOpened ? error.failure : toSweepError(error))
      this.#lane = null
      this.#move('refused')
      return
    }
    this.#move('opened')
    const { tickets, ...hands } = handsOf(load)
    const slot: EncodeSlot = {
      id: this.option.id,
      device: this.option.device,
      engine: lane.engine,
      server,
      turn: this.#turn,
      ...hands,
      closed: this.#closed,
      leaving: lane.leaving.signal,
      abandoned: parting.signal,
      leaveLane: (reason) => {
        this.#learnFrom(load, reason)
        this.#wanted = null
        this.#change()
      },
    }
    const onError = (error: Error) => this.#host.options.log({ event: 'queue-error', slot: slot.id, message: error.message })
    lane.consumer = this.#queue.consume(laneName(load.key), { concurrency: tickets, onError }, (lease) =>
      runTicket({ host: this.#host, lease, slot: slot.id }, async (work, held) => {
        if (work.kind === 'encode') return runEncode(work, this.#host, slot, held)
        throw new SweepError('SB-CORE-001', { message: `a ${work.kind} lease in an encode lane` })
      }),
    )
  }

  #refuse(load: Load, error: SweepError): void {
    const forGood = failureClass(error) !== 'busy'
    this.#learnFrom(load, error)
    this.#closed.close(load.key, error.message, forGood)
    if (this.#wanted?.key === load.key) this.#wanted = null
    this.#host.options.log({ event: 'lane-closed', slot: this.option.id, lane: load.key, forGood, message: error.message })
  }

  /** A device too small is remembered with the load, a device that is gone with the slot. */
  #learnFrom(load: Load | null, error: SweepError): void {
    if (error.code === 'SB-WORK-023' && load !== null) {
      const held = this.#host.memory.held(this.option.id, load.key, Math.max(this.#bytes, load.memoryBytes))
      void held.catch((failed: Error) =>
        this.#host.options.log({ event: 'failed', slot: this.option.id, message: failed.message }),
      )
    }
    if (error.code !== 'SB-WORK-024' || this.#lost !== null) return
    this.#lost = error
    this.#host.options.log({ event: 'device-lost', slot: this.option.id, message: error.message })
  }

  async #leave(lane: Lane): Promise<void> {
    lane.leaving.abort()
    this.#move('leave')
    await lane.consumer?.drain().catch((error: Error) => {
      this.#host.options.log({ event: 'queue-error', slot: this.option.id, message: error.message })
    })
    lane.parting.close()
    await lane.engine.close()
    await lane.server?.stop()
    this.#lane = null
    this.#move('left')
  }

  #engineFor(load: Load, server: LaunchedServer | null, parting: Parting): EngineChild {
    const { options, folder, noProgressMs, now, childCrashAt } = this.#host
    return new EngineChild({
      load,
      server,
      device: this.option.device,
      apiKey: () => readKey(load, options),
      threads: options.threads ?? null,
      modelsRoot: options.modelsRoot ?? null,
      artifacts: folder.artifacts,
      kept: folder.kept,
      noProgressMs,
      now,
      env: deviceEnvironment(this.option),
      crashAt: childCrashAt(),
      recycleBytes: options.recycleBytes ?? hostMemoryBytes() / 2,
      onNews: (news) => parting.heard(news),
      onRecycle: (residentBytes) => options.log({ event: 'child-recycled', slot: this.option.id, lane: load.key, residentBytes }),
      onRetry: ({ message }) => options.log({ event: 'child-gone', slot: this.option.id, lane: load.key, message }),
    })
  }
}
