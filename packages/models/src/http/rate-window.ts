import type { Rate } from '@sweepboard/contracts'

/** Requests that may go out together before they are spread. */
const BURST = 20
/** Stretch over which a rate is spread: servers enforce 60 a minute as one a second, or as 60 at once, and do not say which. */
const SPREAD_MS = 10_000
/** Clocks and edges: a server may take both ends of a stretch for parts of it. */
const EDGE_MS = 5
/** When to look again where only requests under way stand in the way. */
const LOOK_AGAIN_MS = 20

/** One request, from when it is sent until it was answered. */
export interface Sent {
  readonly at: number
  readonly cost: number
  /** What it really cost. */
  correct(cost: number): void
  ended(now: number): void
}

/**
 * A rate that holds in **any** stretch of its period, as the server sees it: a request counts from when it is sent until a whole period
 * after its answer, because it may have arrived at any moment in between. Within the period requests are spread, so that a limit per minute is
 * no burst and a long silence. A single request that costs more than the limit goes out alone.
 */
export class RateWindow {
  readonly #rate: Rate
  /** In the order they were sent; only as far back as the spreading looks. */
  readonly #sent: { at: number; cost: number }[] = []
  /** In the order they ended. */
  readonly #ended: { done: number; cost: number }[] = []
  #endedCost = 0
  #underWay = 0
  #largest = 1

  constructor(rate: Rate) {
    this.#rate = rate
  }

  /** Milliseconds until something of this cost may be sent, or until it is worth asking again; 0 = now. */
  waitMs(cost: number, now: number): number {
    this.#largest = Math.max(this.#largest, Math.min(cost, this.#rate.count))
    return Math.max(this.#waitWhole(cost, now), this.#waitSpread(cost, now))
  }

  take(cost: number, now: number): Sent {
    const entry = { at: now, cost }
    this.#sent.push(entry)
    this.#underWay += cost
    return {
      at: now,
      cost,
      correct: (real) => {
        this.#underWay += real - entry.cost
        entry.cost = real
      },
      ended: (done) => {
        this.#underWay -= entry.cost
        this.#endedCost += entry.cost
        this.#ended.push({ done, cost: entry.cost })
      },
    }
  }

  #waitWhole(cost: number, now: number): number {
    const span = this.#rate.perMs + EDGE_MS
    while (this.#ended.length > 0 && now - (this.#ended[0] as { done: number }).done >= span)
      this.#endedCost -= (this.#ended.shift() as { cost: number }).cost
    if (this.#ended.length === 0) this.#endedCost = 0
    let over = this.#endedCost + this.#underWay + Math.min(cost, this.#rate.count) - this.#rate.count
    for (const one of this.#ended) {
      if (over <= 1e-9) break
      over -= one.cost
      if (over <= 1e-9) return one.done + span - now
    }
    return over > 1e-9 ? LOOK_AGAIN_MS : 0
  }

  #waitSpread(cost: number, now: number): number {
    const { count, perMs } = this.#spread()
    let room = count - Math.min(cost, count)
    for (let i = this.#sent.length - 1; i >= 0; i -= 1) {
      const sent = this.#sent[i] as { at: number; cost: number }
      if (now - sent.at >= perMs) {
        this.#sent.splice(0, i + 1)
        return 0
      }
      room -= sent.cost
      if (room < -1e-9) return sent.at + perMs - now
    }
    return 0
  }

  /** The same rate over a shorter stretch: long enough for a few of the largest requests. */
  #spread(): Rate {
    const { count, perMs } = this.#rate
    const least = this.#largest > 1 ? 4 * this.#largest : Math.max(1, Math.min(BURST, Math.floor((count * SPREAD_MS) / perMs)))
    const many = Math.min(count, least)
    return { count: many, perMs: (perMs * many) / count }
  }
}
