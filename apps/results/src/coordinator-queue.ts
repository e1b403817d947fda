import { laneName, SCORE_LANE, type TicketQueue } from '@sweepboard/contracts'

/** Name of a lane's queue. */
export function queueOf(lane: string): string {
  return lane === SCORE_LANE ? SCORE_LANE : laneName(lane)
}

/**
 * The queue as the coordinator uses it: away or not, nothing here throws. Tickets that could not be added are added when it is back;
 * adding is idempotent, and a ticket too many is refused at its claim.
 */
export class Tickets {
  readonly #queue: TicketQueue
  readonly #log: (entry: Readonly<Record<string, unknown>>) => void
  /** Monotonic milliseconds. */
  readonly #now: () => number
  /** Ticket -> lane, where the add has not been answered yet. */
  readonly #toAdd = new Map<string, string>()
  readonly #toRemove = new Map<string, string>()
  /** Null while it answers. */
  #awaySince: number | null = null
  /** It is away because it took no ticket: that it answers other questions says nothing. */
  #refusesTickets = false

  constructor(queue: TicketQueue, log: (entry: Readonly<Record<string, unknown>>) => void, now: () => number) {
    this.#queue = queue
    this.#log = log
    this.#now = now
  }

  get isAway(): boolean {
    return this.#awaySince !== null
  }

  /** Milliseconds since it was found not to answer; null while it answers. */
  awayForMs(): number | null {
    return this.#awaySince === null ? null : this.#now() - this.#awaySince
  }

  add(ticket: string, lane: string): void {
    this.#toAdd.set(ticket, lane)
  }

  remove(ticket: string, lane: string): void {
    this.#toAdd.delete(ticket)
    this.#toRemove.set(ticket, lane)
  }

  /** Sends what is pending, in order; stops at the first error. */
  async send(): Promise<void> {
    for (const [ticket, lane] of this.#toAdd) {
      if (!(await this.#try(() => this.#queue.add(queueOf(lane), ticket), true))) return
      this.#toAdd.delete(ticket)
    }
    for (const [ticket, lane] of this.#toRemove) {
      if (!(await this.#try(() => this.#queue.remove(queueOf(lane), ticket)))) return
      this.#toRemove.delete(ticket)
    }
  }

  /** Waiting tickets by lane; null where the queue does not answer. */
  async waiting(lanes: Iterable<string>): Promise<Map<string, string[]> | null> {
    const found = new Map<string, string[]>()
    for (const lane of lanes) {
      const isThere = await this.#try(async () => {
        found.set(lane, await this.#queue.waiting(queueOf(lane)))
      })
      if (!isThere) return null
    }
    return found
  }

  /** Asks a queue that was away whether it is back. */
  async probe(): Promise<void> {
    if (this.isAway) await this.#try(() => this.#queue.waiting(SCORE_LANE))
  }

  async #try(ask: () => Promise<unknown>, isAdd = false): Promise<boolean> {
    try {
      await ask()
      if (this.#refusesTickets && !isAdd && this.#toAdd.size > 0) return true
      this.#refusesTickets = false
      if (this.isAway) this.#log({ level: 'info', message: 'the queue answers again' })
      this.#awaySince = null
      return true
    } catch (thrown) {
      if (!this.isAway) this.#log({ level: 'warn', message: 'the queue does not answer', error: String(thrown) })
      this.#awaySince ??= this.#now()
      this.#refusesTickets ||= isAdd
      return false
    }
  }
}
