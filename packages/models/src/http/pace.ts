import { setTimeout as sleep } from 'node:timers/promises'
import { type RateLimits, SweepError } from '@sweepboard/contracts'
import type { RateFacts, Remaining } from './rate-headers.ts'
import { RateWindow, type Sent } from './rate-window.ts'

/** Tokens a byte of a request's body is taken for until the server has counted some. */
const FIRST_TOKENS_PER_BYTE = 0.5
/** Above what was measured, since texts differ. */
const MARGIN = 1.1
/** A wait is told in steps, so that whoever watches sees that this is no standstill. */
const STEP_MS = 1000

/** What a server said is left. */
interface Told {
  left: number
  readonly until: number
}

interface Admitted {
  readonly cost: number
  readonly requests: Sent | undefined
  readonly tokens: Sent | undefined
}

/** Of one request that went out. */
export interface Passage {
  /** The server counted this many tokens; null where it does not tell. */
  counted(tokens: number | null): void
}

/**
 * When the next request may go out: within the limits of the spec in any stretch of their period, and as the server asks in its
 * headers. One client, one pace.
 */
export class Pace {
  readonly #requests: RateWindow | null
  readonly #tokens: RateWindow | null
  /** No request before this moment. */
  #notBefore = 0
  #requestsTold: Told | null = null
  #tokensTold: Told | null = null
  #tokensPerByte = FIRST_TOKENS_PER_BYTE
  #isMeasured = false
  #inFlight = 0
  #tokensInFlight = 0
  /** Called at least every second of a wait; `isOurs`: it is the spec's limits that are waited for, not the server. */
  onWait: (isOurs: boolean) => void = () => undefined

  constructor(limits: RateLimits = {}) {
    this.#requests = limits.requests === undefined ? null : new RateWindow(limits.requests)
    this.#tokens = limits.tokens === undefined ? null : new RateWindow(limits.tokens)
  }

  /**
   * Runs `send` when it may go out. Its tokens are estimated from the `bytes` of its body until the server has counted them.
   * Throws `SB-CORE-004` when aborted while it waits.
   */
  async through<T>(bytes: number, signal: AbortSignal | undefined, send: (passage: Passage) => Promise<T>): Promise<T> {
    const { cost, requests, tokens } = await this.#admit(bytes, signal)
    const counted = (count: number | null) => {
      if (count === null || bytes === 0) return
      tokens?.correct(count)
      const measured = (count / bytes) * MARGIN
      this.#tokensPerByte = this.#isMeasured ? Math.max(measured, 0.8 * this.#tokensPerByte) : measured
      this.#isMeasured = true
    }
    try {
      return await send({ counted })
    } finally {
      this.#inFlight -= 1
      this.#tokensInFlight -= cost
      for (const sent of [requests, tokens]) sent?.ended(performance.now())
    }
  }

  /** Nothing goes out for so long. */
  holdFor(ms: number): void {
    this.#notBefore = Math.max(this.#notBefore, performance.now() + ms)
  }

  /** What an answer's headers say is left. Requests under way may not be in its count yet. */
  heard({ requests, tokens }: RateFacts): void {
    if (requests !== null) this.#requestsTold = told(requests, Math.max(0, this.#inFlight - 1))
    if (tokens !== null) this.#tokensTold = told(tokens, this.#inFlight > 1 ? this.#tokensInFlight / 2 : 0)
  }

  /** Looks and takes in one turn: another request must not look in between. */
  async #admit(bytes: number, signal: AbortSignal | undefined): Promise<Admitted> {
    for (;;) {
      const cost = Math.ceil(bytes * this.#tokensPerByte)
      const now = performance.now()
      const ours = Math.max(this.#requests?.waitMs(1, now) ?? 0, this.#tokens?.waitMs(cost, now) ?? 0)
      const asked = Math.max(this.#notBefore - now, waitFor(this.#requestsTold, 1, now), waitFor(this.#tokensTold, cost, now))
      const waitMs = Math.max(ours, asked)
      if (waitMs <= 0) return this.#take(cost, now)
      this.onWait(ours >= asked)
      const options = signal === undefined ? {} : { signal }
      await sleep(Math.min(Math.ceil(waitMs), STEP_MS), undefined, options).catch(() => undefined)
      if (signal?.aborted) throw new SweepError('SB-CORE-004', { what: 'encoding' })
    }
  }

  #take(cost: number, now: number): Admitted {
    if (this.#requestsTold !== null) this.#requestsTold.left -= 1
    if (this.#tokensTold !== null) this.#tokensTold.left -= cost
    this.#inFlight += 1
    this.#tokensInFlight += cost
    return { cost, requests: this.#requests?.take(1, now), tokens: this.#tokens?.take(cost, now) }
  }
}

function told({ remaining, resetMs }: Remaining, underWay: number): Told {
  return { left: remaining - underWay, until: performance.now() + resetMs }
}

function waitFor(about: Told | null, cost: number, now: number): number {
  return about === null || about.left >= cost ? 0 : about.until - now
}
