import type { TicketConsumer, TicketQueue } from '@sweepboard/contracts'
import { SweepError } from '@sweepboard/contracts'
import { checkName } from './names.ts'

interface Lane {
  waiting: string[]
  readonly running: Set<string>
  readonly consumers: Set<LocalConsumer>
}

/**
 * The queue within one process, for embedded mode: nothing is kept over a restart, the ledger refills it.
 * Tickets are handed out between two turns of the event loop, so many short ones never starve timers and sockets.
 */
export function openLocalQueue(): TicketQueue {
  return new LocalQueue()
}

class LocalQueue implements TicketQueue {
  readonly #lanes = new Map<string, Lane>()
  #closed = false

  async add(lane: string, ticket: string): Promise<void> {
    checkName(ticket)
    const { waiting, running } = this.#lane(lane)
    if (waiting.includes(ticket) || running.has(ticket)) return
    waiting.push(ticket)
    this.#wake(lane)
  }

  async waiting(lane: string): Promise<string[]> {
    return [...this.#lane(lane).waiting]
  }

  async remove(lane: string, ticket: string): Promise<boolean> {
    const { waiting } = this.#lane(lane)
    const at = waiting.indexOf(ticket)
    if (at >= 0) waiting.splice(at, 1)
    return at >= 0
  }

  consume(
    name: string,
    options: { concurrency: number; onError?: (error: Error) => void },
    run: (ticket: string) => Promise<void>,
  ): TicketConsumer {
    const lane = this.#lane(name)
    const consumer = new LocalConsumer({ ...options, run, lane, wake: () => this.#wake(name) })
    lane.consumers.add(consumer)
    this.#wake(name)
    return consumer
  }

  async close(): Promise<void> {
    const consumers = [...this.#lanes.values()].flatMap((lane) => [...lane.consumers])
    await Promise.all(consumers.map((consumer) => consumer.close()))
    this.#closed = true
  }

  #lane(name: string): Lane {
    checkName(name)
    if (this.#closed) throw new SweepError('SB-CORE-004', { what: 'the queue' })
    const known = this.#lanes.get(name)
    if (known) return known
    const lane: Lane = { waiting: [], running: new Set(), consumers: new Set() }
    this.#lanes.set(name, lane)
    return lane
  }

  #wake(name: string): void {
    setImmediate(() => {
      const lane = this.#lanes.get(name)
      for (const consumer of lane?.consumers ?? []) consumer.take()
    })
  }
}

interface LocalConsumerPlan {
  readonly concurrency: number
  readonly onError?: (error: Error) => void
  readonly run: (ticket: string) => Promise<void>
  readonly lane: Lane
  readonly wake: () => void
}

class LocalConsumer implements TicketConsumer {
  readonly #plan: LocalConsumerPlan
  readonly #held = new Map<string, Promise<void>>()

  constructor(plan: LocalConsumerPlan) {
    this.#plan = plan
  }

  take(): void {
    const { lane, concurrency } = this.#plan
    while (lane.consumers.has(this) && this.#held.size < concurrency) {
      const ticket = lane.waiting.shift()
      if (ticket === undefined) return
      lane.running.add(ticket)
      this.#held.set(ticket, this.#deliver(ticket))
    }
  }

  async drain(): Promise<void> {
    this.#plan.lane.consumers.delete(this)
    await Promise.all(this.#held.values())
  }

  async close(): Promise<void> {
    const { lane, wake } = this.#plan
    lane.consumers.delete(this)
    const abandoned = [...this.#held.keys()]
    this.#held.clear()
    for (const ticket of abandoned) lane.running.delete(ticket)
    lane.waiting.unshift(...abandoned)
    wake()
  }

  async #deliver(ticket: string): Promise<void> {
    const { lane, run, onError, wake } = this.#plan
    try {
      await run(ticket)
    } catch (error) {
      onError?.(error instanceof Error ? error : new Error(String(error)))
    }
    if (!this.#held.delete(ticket)) return // abandoned meanwhile: it is somebody else's by now
    lane.running.delete(ticket)
    wake()
  }
}
