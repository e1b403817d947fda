import { SCORE_LANE, SlotReport, SweepError, type TicketConsumer, type TicketQueue } from '@sweepboard/contracts'
import type { Host } from './host.ts'
import { runScore } from './run-score.ts'
import { runTicket } from './run-ticket.ts'
import { Scorer } from './scorer.ts'

export const SCORE_SLOT = 'score'

/** The slot that scores groups, one at a time. */
export class ScoreSlot {
  readonly #host: Host
  readonly #scorer: Scorer
  readonly #queue: TicketQueue
  readonly #memoryBytes: number
  #consumer: TicketConsumer | null = null
  #draining: Promise<void> | null = null
  #stopped = false
  #state: SlotReport['state'] = 'idle'

  constructor(parts: { host: Host; queue: TicketQueue; memoryBytes: number }) {
    this.#host = parts.host
    this.#scorer = new Scorer(parts.host)
    this.#queue = parts.queue
    this.#memoryBytes = parts.memoryBytes
  }

  report(): SlotReport {
    const { id, device, memoryBytes } = { id: SCORE_SLOT, device: 'cpu' as const, memoryBytes: this.#memoryBytes }
    return SlotReport.parse({ id, device, memoryBytes, state: this.#state, lane: null, tokensPerSecond: {}, closed: [] })
  }

  start(): void {
    if (this.#consumer !== null || this.#stopped) return
    const onError = (error: Error) => this.#host.options.log({ event: 'queue-error', slot: SCORE_SLOT, message: error.message })
    this.#state = 'serving'
    this.#consumer = this.#queue.consume(SCORE_LANE, { concurrency: 1, onError }, (lease) =>
      runTicket({ host: this.#host, lease, slot: SCORE_SLOT }, async (work, held) => {
        if (work.kind !== 'encode') return runScore(work, this.#host, this.#scorer, held)
        throw new SweepError('SB-CORE-001', { message: `an ${work.kind} lease in the score lane` })
      }),
    )
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#state = 'draining'
    await this.#end()
  }

  setFull(full: boolean): void {
    if (this.#stopped || full === (this.#state === 'full')) return
    if (full) {
      this.#state = 'full'
      void this.#end()
    } else void (this.#draining ?? Promise.resolve()).then(() => this.start())
  }

  #end(): Promise<void> {
    const consumer = this.#consumer
    this.#consumer = null
    if (consumer !== null) {
      this.#draining = consumer
        .drain()
        .catch((error: Error) => {
          this.#host.options.log({ event: 'queue-error', slot: SCORE_SLOT, message: error.message })
        })
        .then(() => this.#scorer.end())
    }
    return this.#draining ?? Promise.resolve()
  }
}
