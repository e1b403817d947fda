import type { Beat, BeatAnswer, JoinAnswer, TicketQueue } from '@sweepboard/contracts'
import type { ArtifactCache } from './artifact-cache.ts'
import { within } from './backoff.ts'
import { Heart } from './beat.ts'
import { heedCalls } from './calls.ts'
import { Delivery } from './delivery.ts'
import { hasRoom } from './disk-probe.ts'
import { isDiskFull } from './durable-file.ts'
import { endOf } from './end-message.ts'
import { isChildCrash, openFault } from './fault.ts'
import { HeldLeases } from './held-leases.ts'
import type { Host } from './host.ts'
import type { HostFolder } from './host-folder.ts'
import { hostMemoryBytes } from './host-memory.ts'
import { type Mark, Marks } from './mark.ts'
import type { RunningWorker, WorkerOptions } from './options.ts'
import type { Outbox } from './outbox.ts'
import { ScoreSlot } from './score-slot.ts'
import { ServerRecords } from './server-record.ts'
import { Slot } from './slot.ts'
import type { SlotMemory } from './slot-memory.ts'
import { Turn } from './turn.ts'

const NO_PROGRESS_MS = 300_000
/** Well below the two minutes that docker-compose.yml leaves a worker to end: it delivers afterwards. */
const MUTE_MS = 20_000
const JOB_MS = 6 * 3_600_000
/** Bytes of vectors in the outbox from which on no more work is taken, until half of them are delivered. */
const OUTBOX_BYTES = 4 * 2 ** 30
/** How long a stopping worker waits for the service to take what is in the outbox. */
const LAST_DELIVERY_MS = 10_000

/** What a worker keeps on disk, opened. */
export interface State {
  readonly outbox: Outbox
  readonly cache: ArtifactCache
  readonly memory: SlotMemory
  readonly now: () => number
}

/** A host's process, joined and ready to start: its slots, its beats, its deliveries, and how it ends. */
export class Worker implements RunningWorker {
  readonly #host: Host
  readonly #queue: TicketQueue
  readonly #slots: readonly Slot[]
  readonly #score: ScoreSlot | null
  readonly #heart: Heart
  readonly #delivery: Delivery
  /** Why no work is taken. */
  #full: 'disk' | 'outbox' | null = null
  #probing = false
  #ending: Promise<void> | null = null
  /** The next beat is the last: it offers no slot. */
  #gone = false
  #otherLedger = false
  /** Ends the watch for calls of the service; null before its first answer: until then it does not know this host. */
  #calls: AbortController | null = null

  constructor(parts: State & { options: WorkerOptions; folder: HostFolder; join: JoinAnswer; queue: TicketQueue }) {
    const { options, folder, join, queue, outbox, cache, memory, now } = parts
    let childCrash = options.crashAt !== undefined && isChildCrash(options.crashAt) ? options.crashAt : null
    const fault = openFault(options.crashAt)
    this.#queue = queue
    this.#host = {
      options,
      folder,
      ledger: join.ledger,
      beatMs: join.beatMs,
      noProgressMs: options.noProgressMs ?? NO_PROGRESS_MS,
      muteMs: options.muteMs ?? MUTE_MS,
      jobMs: options.jobMs ?? JOB_MS,
      now,
      fault,
      childCrashAt: () => {
        const crashAt = childCrash
        childCrash = null
        return crashAt
      },
      cache,
      outbox,
      marks: new Marks(folder.marks),
      held: new HeldLeases(outbox),
      memory,
      servers: new ServerRecords(folder.servers),
      quarantine: new Turn(),
      lastSeq: () => this.#heart.lastSeq,
      beatSoon: () => this.#heart.beatSoon(),
      onDiskFull: () => this.#setFull('disk'),
    }
    const memoryBytes = hostMemoryBytes()
    const cpuSlots = Math.max(1, options.slots.filter(({ device }) => device === 'cpu').length)
    this.#slots = options.slots.map((option) => {
      const share = option.device === 'cpu' ? Math.floor(memoryBytes / cpuSlots) : 0
      return new Slot(option, { host: this.#host, queue, memoryBytes: share })
    })
    this.#score = options.score === false ? null : new ScoreSlot({ host: this.#host, queue, memoryBytes })
    this.#delivery = new Delivery({
      outbox,
      cache,
      store: options.store,
      link: options.link,
      host: folder.host,
      fault,
      log: options.log,
    })
    this.#heart = new Heart({
      everyMs: join.beatMs,
      compose: (seq) => this.#compose(seq),
      send: (beat) => options.link.beat(beat),
      onAnswer: (answer) => this.#onAnswer(answer),
      onAway: (error) => options.log({ event: 'service-away', what: 'beat', message: String(error) }),
      onBack: () => {
        options.log({ event: 'service-back' })
        this.#delivery.again()
      },
    })
  }

  get host(): string {
    return this.#host.folder.host
  }

  /** Kills servers that an earlier run left behind: it was killed, and their guards with it. */
  async clearServers(): Promise<void> {
    for (const { slot, model } of await this.#host.servers.clear()) {
      this.#host.options.log({
        event: 'server-leftover',
        slot,
        model,
        message: `a server of ${model} was left over, and is killed`,
      })
    }
  }

  /** Marks of an earlier run whose chunk is not in the outbox: this host died over them. */
  async reportCrashes(): Promise<void> {
    const { marks, outbox, options } = this.#host
    const isDone = ({ lease, encoding, n }: Mark) =>
      outbox.entries().some(({ content }) => {
        if (content.kind !== 'commit') return false
        const { commit } = content
        return commit.lease === lease && commit.encoding === encoding && commit.n === n
      })
    const found = Map.groupBy(await marks.list(), ({ lease }) => lease)
    for (const [lease, ofLease] of found) {
      const crashed = ofLease.filter((mark) => !isDone(mark)).map(({ encoding, n }) => ({ encoding, n }))
      const ledger = ofLease[0]?.ledger ?? this.#host.ledger
      if (crashed.length > 0)
        await outbox.add({ kind: 'end', end: { ...endOf(this.#host, lease, { crashed }), ledger }, artifacts: [] })
      for (const chunk of crashed) options.log({ event: 'crash-reported', lease, ...chunk })
      for (const { remove } of ofLease) await remove()
    }
  }

  start(): void {
    this.#host.options.log({ event: 'joined', host: this.host, ledger: this.#host.ledger, boot: this.#host.folder.boot })
    this.#tellDevices()
    this.#heart.start()
    this.#delivery.start()
  }

  #tellDevices(): void {
    const { gpus, slots, log } = this.#host.options
    if (gpus === undefined) return
    for (const slot of slots.filter(({ device }) => device === 'cuda')) {
      const [name, memoryBytes, heldBytes] = [gpus.nameOf(slot), gpus.memoryBytes(slot), gpus.heldBytes(slot)]
      log({ event: 'device', slot: slot.id, name, devices: slot.devices, memoryBytes, heldBytes })
    }
    gpus.onTrouble((message) => log({ event: 'device-trouble', message }))
  }

  slots(): Beat['slots'] {
    const reports = this.#slots.map((slot) => slot.report())
    return this.#score === null ? reports : [...reports, this.#score.report()]
  }

  outbox(): { readonly entries: number; readonly vectorBytes: number } {
    const { size, vectorBytes } = this.#host.outbox
    return { entries: size, vectorBytes }
  }

  async idle(): Promise<void> {
    while (this.#host.held.holding().length > 0) {
      await this.#host.held.none()
      await this.#delivery.empty()
    }
  }

  stop({ drain }: { drain: boolean }): Promise<void> {
    if (!drain) this.#host.held.stopAll()
    this.#ending ??= this.#stop()
    return this.#ending
  }

  kill(): Promise<void> {
    this.#host.held.stopAll()
    this.#ending ??= this.#kill()
    return this.#ending
  }

  async #stop(): Promise<void> {
    this.#host.held.stopWaiting()
    await this.#stopSlots()
    await within(this.#delivery.empty(), LAST_DELIVERY_MS)
    await within(this.#delivery.close(), LAST_DELIVERY_MS)
    this.#gone = true
    await this.#heart.stop(true)
    await this.#leave()
  }

  async #kill(): Promise<void> {
    void this.#delivery.close()
    await this.#heart.stop(false)
    const stopping = this.#stopSlots()
    await Promise.all(this.#slots.map((slot) => slot.killChild()))
    await stopping
    await this.#leave()
  }

  async #stopSlots(): Promise<void> {
    await Promise.all([...this.#slots.map((slot) => slot.stop()), this.#score?.stop()])
  }

  async #leave(): Promise<void> {
    this.#calls?.abort()
    await this.#queue.close()
    await this.#host.folder.release()
  }

  #compose(seq: number): Beat {
    const { options, folder, held } = this.#host
    return {
      host: folder.host,
      hostname: options.hostname,
      boot: folder.boot,
      seq,
      version: options.version,
      slots: this.#gone ? [] : this.slots(),
      holding: held.holding(),
      weights: options.weights === undefined || options.weights === null ? null : [...options.weights],
      allowEnv: [...options.allowEnv],
    }
  }

  #onAnswer(answer: BeatAnswer): void {
    for (const lease of answer.stop) this.#host.held.stop(lease)
    this.#heed()
    if (answer.ledger !== this.#host.ledger && !this.#otherLedger) {
      this.#otherLedger = true
      this.#host.options.log({
        event: 'failed',
        message: 'the service has another ledger than this worker joined: restart the worker',
      })
    }
    if (this.#ending !== null) return
    this.#measureOutbox()
    if (this.#full === null) this.#score?.start()
    for (const slot of this.#slots) {
      const load = answer.lanes[slot.option.id]
      if (load !== undefined) slot.assign(load)
    }
    if (this.#full === 'disk') void this.#probeDisk()
  }

  #heed(): void {
    if (this.#calls !== null) return
    this.#calls = new AbortController()
    const { options, folder, beatMs, now, beatSoon } = this.#host
    void heedCalls({ link: options.link, host: folder.host, beatMs, now, beatSoon }, this.#calls.signal)
  }

  /** An outbox that only grows: the service answers beats, but takes no artifacts (its own disk may be full). */
  #measureOutbox(): void {
    const { options, outbox } = this.#host
    const limit = options.outboxBytes ?? OUTBOX_BYTES
    if (this.#full === null && outbox.vectorBytes > limit) this.#setFull('outbox')
    else if (this.#full === 'outbox' && outbox.vectorBytes <= limit / 2) this.#setFull(null)
  }

  async #probeDisk(): Promise<void> {
    if (this.#probing) return
    this.#probing = true
    try {
      await this.#host.cache.trim(0)
      if (await hasRoom(this.#host.options.folder)) this.#setFull(null)
    } catch (error) {
      if (!isDiskFull(error))
        this.#host.options.log({ event: 'failed', message: `cannot write to the worker's folder: ${error}` })
    } finally {
      this.#probing = false
    }
  }

  #setFull(full: 'disk' | 'outbox' | null): void {
    const about = full ?? this.#full
    if (this.#full === full || about === null) return
    this.#full = full
    this.#host.options.log({ event: `${about}-${full === null ? 'free' : 'full'}`, folder: this.#host.options.folder })
    for (const slot of this.#slots) slot.setFull(full !== null)
    this.#score?.setFull(full !== null)
  }
}
