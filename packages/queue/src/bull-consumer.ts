import type { TicketConsumer } from '@sweepboard/contracts'
import { type Job, WaitingError, type Worker } from 'bullmq'
import { PatientWorker } from './patient-worker.ts'
import {
  codedIfRedis,
  connectForWorker,
  isConnectionError,
  refusalOf,
  type TrackedConnection,
  within,
} from './redis-connection.ts'
import type { RedisLink } from './redis-link.ts'
import { watchForDeafness } from './watchdog.ts'

/** Times of delivery, in milliseconds; the defaults are protocol section 6.5, tests shorten them. */
export interface DeliveryTimes {
  /** A ticket whose holder has not renewed its lock for so long is delivered again. */
  readonly lockMs: number
  /** How often expired locks are looked for. */
  readonly stalledMs: number
  /** Tickets wait, capacity is idle, nothing fetched for so long: the worker is rebuilt. */
  readonly watchdogMs: number
  /** Longest wait for an answer of Redis, also when closing. */
  readonly commandMs: number
  /** A consumer's connection that hears nothing for so long is made anew; more than the 10 s of a blocking read. */
  readonly silenceMs: number
}

export interface BullConsumerPlan {
  readonly lane: string
  readonly link: RedisLink
  readonly prefix: string
  readonly concurrency: number
  readonly times: DeliveryTimes
  readonly onError: (error: Error) => void
  readonly run: (ticket: string) => Promise<void>
  /** Puts a running ticket back to the front of the lane. */
  readonly giveBack: (ticket: string, token: string) => Promise<void>
  readonly waiting: () => Promise<number>
}

/** BullMQ repeats a ticket that often before it would fail it; redelivery of an unclaimed ticket is wanted. */
const MAX_STALLED_COUNT = 100

interface Live {
  readonly worker: Worker
  readonly link: TrackedConnection
}

/** A ticket being run: by which worker, and when it has ended. */
interface Held {
  readonly ticket: string
  readonly by: Live
  readonly ended: Promise<void>
}

/** A BullMQ worker on one lane that survives outages, and is rebuilt by a watchdog when it has gone deaf. */
export class BullConsumer implements TicketConsumer {
  readonly #plan: BullConsumerPlan
  /** BullMQ's token of each delivery -> its ticket and its end. */
  readonly #running = new Map<string, Held>()
  readonly #abandoned = Promise.withResolvers<never>()
  readonly #stopWatching: () => void
  readonly #retired = new Set<Promise<void>>()
  #live: Live
  #fetched = 0
  #stopping = false
  #outageReported = false
  /** What Redis refused a fetch with last; told once, until a fetch succeeds. */
  #refusal: string | null = null
  #ended: Promise<void> | null = null

  constructor(plan: BullConsumerPlan) {
    this.#plan = plan
    this.#abandoned.promise.catch(() => {})
    this.#live = this.#build()
    this.#stopWatching = watchForDeafness(
      {
        idle: () => !this.#stopping && this.#running.size < plan.concurrency,
        fetched: () => this.#fetched,
        waiting: plan.waiting,
        onDeaf: () => this.#rebuild(),
      },
      plan.times.watchdogMs,
    )
  }

  drain(): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  close(): Promise<void> {
    if (!this.#stopping) this.#ended = this.#abandon()
    return this.#ended ?? Promise.resolve()
  }

  #build(): Live {
    const { lane, prefix, concurrency, times } = this.#plan
    const link = connectForWorker(this.#plan.link, times.silenceMs)
    const worker = new PatientWorker(lane, (job, token = '') => this.#deliver(job, token, live), {
      connection: link.connection,
      prefix,
      concurrency,
      lockDuration: times.lockMs,
      stalledInterval: times.stalledMs,
      maxStalledCount: MAX_STALLED_COUNT,
      skipVersionCheck: true, // checkRedis looks, and says it in our words
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    })
    worker.on('error', (error) => this.#report(error))
    link.connection.on('ready', () => {
      this.#outageReported = false
    })
    const live: Live = { worker, link }
    return live
  }

  async #deliver(job: Job, token: string, by: Live): Promise<void> {
    if (this.#stopping || by !== this.#live) {
      await job.moveToWait(token) // it was on its way when this worker stopped
      throw new WaitingError()
    }
    const ticket = job.id as string
    this.#fetched += 1
    this.#refusal = null
    const ended = Promise.resolve()
      .then(() => this.#plan.run(ticket))
      .catch((error) => this.#report(error instanceof Error ? error : new Error(String(error))))
    this.#running.set(token, { ticket, by, ended })
    try {
      await Promise.race([ended, this.#abandoned.promise])
    } finally {
      this.#running.delete(token)
      this.#fitConcurrency()
    }
  }

  /** What a retired worker still runs counts against the concurrency of the one that took over. */
  #fitConcurrency(): void {
    const elsewhere = [...this.#running.values()].filter((held) => held.by !== this.#live).length
    const fit = Math.max(1, this.#plan.concurrency - elsewhere)
    if (this.#live.worker.concurrency !== fit) this.#live.worker.concurrency = fit
  }

  /** The deaf worker keeps what it runs, on its own connection, and takes nothing more; a new one takes over. */
  #rebuild(): void {
    this.#report(new Error(`lane ${this.#plan.lane}: tickets wait and nothing was fetched; the worker is rebuilt`))
    const deaf = this.#live
    this.#live = this.#build()
    this.#fitConcurrency()
    const gone = this.#retire(deaf).finally(() => this.#retired.delete(gone))
    this.#retired.add(gone)
  }

  /** Resolves when a worker's running tickets have ended and its connections are gone. */
  async #retire(live: Live): Promise<void> {
    const closed = live.worker.close()
    closed.catch(() => {})
    const held = [...this.#running.values()].filter((each) => each.by === live)
    await Promise.all(held.map((each) => each.ended))
    // Its last answers may never come (Redis away, a dead connection): the lock then runs out by itself.
    await within(this.#plan.times.commandMs, closed).catch(() => {})
    live.link.destroy()
    await within(this.#plan.times.commandMs, closed).catch(() => {})
  }

  async #end(): Promise<void> {
    this.#stopping = true
    this.#stopWatching()
    await Promise.all([this.#retire(this.#live), ...this.#retired])
  }

  async #abandon(): Promise<void> {
    this.#stopping = true
    this.#stopWatching()
    const held = [...this.#running.entries()]
    // First stop fetching, or this very worker would take back what it gives back.
    const closed = this.#live.worker.close(true)
    await within(this.#plan.times.commandMs, closed).catch(() => {})
    await Promise.allSettled(held.map(([token, { ticket }]) => this.#plan.giveBack(ticket, token)))
    this.#running.clear()
    this.#abandoned.reject(new WaitingError())
    this.#live.link.destroy()
    await Promise.all(this.#retired)
  }

  /** One report per outage or kind of refusal; nothing after the end. A lost lock is reported and otherwise ignored: the claim decides. */
  #report(error: Error): void {
    if (this.#stopping) return
    const away = isConnectionError(error)
    const refusal = refusalOf(error)
    if (away ? this.#outageReported : refusal !== null && refusal === this.#refusal) return
    if (away) this.#outageReported = true
    this.#refusal = refusal ?? this.#refusal
    this.#plan.onError(codedIfRedis(this.#plan.link.url, error))
  }
}
