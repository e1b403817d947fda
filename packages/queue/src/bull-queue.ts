import type { TicketConsumer, TicketQueue } from '@sweepboard/contracts'
import { SweepError } from '@sweepboard/contracts'
import { Job, Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { BullConsumer, type DeliveryTimes } from './bull-consumer.ts'
import { checkName, checkPrefix } from './names.ts'
import { connectForCalls, ready, redisError, SILENCE_MS, within } from './redis-connection.ts'
import type { RedisLink } from './redis-link.ts'
import { redactedUrl } from './redis-url.ts'

export interface BullQueueOptions extends RedisLink {
  /** `sb-<ledger id>`, or `PREFIX:sb-<ledger id>`: two ledgers on one Redis never meet. */
  readonly prefix: string
  readonly times?: Partial<DeliveryTimes>
  /** What BullMQ keeps of a lane beside its tickets goes when no ticket was added for so long. Default: a week. */
  readonly laneTtlMs?: number
}

const LANE_TTL_MS = 7 * 86_400_000
/** Keys of a lane without a ticket in them: counters and logs, made anew where they are missing. */
const LANE_KEYS = ['meta', 'events', 'id'] as const
/** What names tickets that are taken. A killed holder leaves its own there until somebody serves the lane again. */
const TAKEN_KEYS = ['marker', 'active', 'stalled'] as const

export const DELIVERY_TIMES: DeliveryTimes = {
  lockMs: 60_000,
  stalledMs: 30_000,
  watchdogMs: 30_000,
  commandMs: 5000,
  silenceMs: SILENCE_MS,
}

/** BullMQ keeps an event log per lane that nobody reads here; its default of 10,000 entries would be most of our memory. */
const EVENT_LOG_ENTRIES = 20
const TICKET = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const

/**
 * The queue on Redis. Rejects with `SB-QUEUE-001` when Redis does not answer now (`-004` bad URL, `-006` login refused, `-007` TLS, `-008` a
 * login without the rights);
 * later outages are survived: `add`, `waiting` and `remove` fail at once or within `commandMs` with `SB-QUEUE-001` and may
 * simply be called again, consumers go on by themselves when Redis is back.
 */
export async function openBullQueue(options: BullQueueOptions): Promise<TicketQueue> {
  const times = { ...DELIVERY_TIMES, ...options.times }
  checkPrefix(options.prefix)
  const calls = connectForCalls(options, times.commandMs)
  await ready(options.url, calls, times.commandMs)
  return new BullQueue(options, times, calls)
}

class BullQueue implements TicketQueue {
  readonly #options: BullQueueOptions
  readonly #times: DeliveryTimes
  readonly #calls: Redis
  readonly #lanes = new Map<string, Queue>()
  readonly #consumers = new Set<TicketConsumer>()
  #closed = false

  constructor(options: BullQueueOptions, times: DeliveryTimes, calls: Redis) {
    this.#options = options
    this.#times = times
    this.#calls = calls
  }

  async add(lane: string, ticket: string): Promise<void> {
    checkName(ticket)
    await this.#call(lane, async (queue) => {
      // With every ticket, as a Redis that was emptied has lost what was said before.
      await this.#calls.hset(queue.toKey('meta'), 'opts.maxLenEvents', EVENT_LOG_ENTRIES)
      await queue.add('ticket', null, { ...TICKET, jobId: ticket })
      await this.#expire(queue, LANE_KEYS)
    })
  }

  waiting(lane: string): Promise<string[]> {
    // New tickets enter at the list's head and are taken from its tail.
    return this.#call(lane, async (queue) => (await this.#calls.lrange(queue.toKey('wait'), 0, -1)).reverse())
  }

  remove(lane: string, ticket: string): Promise<boolean> {
    return this.#call(lane, async (queue) => {
      // Off the list first: whoever takes it off owns it, so a ticket just being taken is never removed under its holder.
      const waited = await this.#calls.lrem(queue.toKey('wait'), 0, ticket)
      if (waited > 0) await queue.remove(ticket)
      // Whoever takes a ticket removes what belongs to it, unless killed; where nobody serves the lane any more, it would stay for ever.
      await this.#expire(queue, [...LANE_KEYS, ...TAKEN_KEYS, ticket])
      return waited > 0
    })
  }

  /** Lanes come and go with the models of sweeps: without an end each would leave its log for ever. */
  async #expire(queue: Queue, keys: readonly string[]): Promise<void> {
    const ttlMs = this.#options.laneTtlMs ?? LANE_TTL_MS
    await Promise.all(keys.map((key) => this.#calls.pexpire(queue.toKey(key), ttlMs)))
  }

  consume(
    lane: string,
    options: { concurrency: number; onError?: (error: Error) => void },
    run: (ticket: string) => Promise<void>,
  ): TicketConsumer {
    checkName(lane)
    if (this.#closed) throw this.#closedError()
    const consumer = new BullConsumer({
      lane,
      link: this.#options,
      prefix: this.#options.prefix,
      concurrency: options.concurrency,
      times: this.#times,
      onError: options.onError ?? (() => {}),
      run,
      giveBack: (ticket, token) => this.#giveBack(lane, ticket, token),
      waiting: () => this.#call(lane, (queue) => this.#calls.llen(queue.toKey('wait'))),
    })
    // Its last search for expired locks may have named a killed holder's ticket after `remove` had looked.
    const forget = async () => {
      this.#consumers.delete(handed)
      await this.#call(lane, (queue) => this.#expire(queue, [...LANE_KEYS, ...TAKEN_KEYS])).catch(() => {})
    }
    const handed = { drain: () => consumer.drain().finally(forget), close: () => consumer.close().finally(forget) }
    this.#consumers.add(handed)
    return handed
  }

  async close(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()))
    this.#closed = true
    this.#lanes.clear()
    this.#calls.disconnect()
  }

  #giveBack(lane: string, ticket: string, token: string): Promise<void> {
    return this.#call(lane, async (queue) => {
      const job = await Job.fromId(queue, ticket)
      await job?.moveToWait(token)
    })
  }

  /** Every call to Redis: bounded in time, coded when it fails. */
  async #call<T>(lane: string, ask: (queue: Queue) => Promise<T>): Promise<T> {
    checkName(lane)
    if (this.#closed) throw this.#closedError()
    if (this.#calls.status !== 'ready') throw redisError(this.#options.url, new Error(`connection is ${this.#calls.status}`))
    try {
      return await within(this.#times.commandMs, ask(this.#lane(lane)))
    } catch (error) {
      this.#lanes.delete(lane) // a Queue whose first command failed stays broken
      if (this.#calls.status === 'ready' && isSilence(error)) this.#calls.disconnect(true) // a dead connection: make a new one
      throw redisError(this.#options.url, error)
    }
  }

  #lane(lane: string): Queue {
    const known = this.#lanes.get(lane)
    if (known) return known
    const queue = new Queue(lane, {
      connection: this.#calls,
      prefix: this.#options.prefix,
      skipMetasUpdate: true, // `add` writes what counts of it: here it would come after `remove` has looked, and stay for ever
      skipVersionCheck: true,
    })
    queue.on('error', () => {}) // each call reports its own failure
    this.#lanes.set(lane, queue)
    return queue
  }

  #closedError(): SweepError {
    return new SweepError('SB-QUEUE-001', { url: redactedUrl(this.#options.url), message: 'this queue is closed' })
  }
}

function isSilence(error: unknown): boolean {
  return /no answer within|Command timed out/.test(String(error))
}
