import { setTimeout as sleep } from 'node:timers/promises'
import { type RateLimits, SweepError } from '@sweepboard/contracts'
import { BatchLimits } from './batch-limits.ts'
import type { Endpoint } from './endpoint.ts'
import { type Answer, type Exchange, WrongAnswer } from './exchange.ts'
import { Gate } from './gate.ts'
import { Pace } from './pace.ts'
import { readRateHeaders } from './rate-headers.ts'
import { isOutOfMemory, RequestFailure } from './request-failure.ts'
import { sendRequest, wrongAnswer } from './send-request.ts'

/** When a busy server is asked again and for how long. Milliseconds. */
export interface RetryPolicy {
  readonly firstDelayMs: number
  readonly mostDelayMs: number
  /** Without any answer for this long the run gives up. */
  readonly noProgressMs: number
}
export const RETRY_POLICY: RetryPolicy = { firstDelayMs: 1000, mostDelayMs: 60_000, noProgressMs: 120_000 }
/** Plain 500s for one batch before its items are suspected. */
const SUSPECT_AFTER = 3
/** Room an item's row may take in an answer (16,384 numbers of 32 characters) and the answer's frame. */
const ANSWER_BYTES_PER_ITEM = 512 * 1024
const ANSWER_FRAME_BYTES = 1024 * 1024

/** One item of a call was refused twice alone, while the canary was taken: the item's fault. */
export class RejectedInput extends Error {
  readonly at: number
  constructor(at: number, words: string) {
    super(words)
    this.at = at
  }
}

/** An answer put together from as many requests as it took. */
export interface WholeAnswer<Row> extends Answer<Row> {
  /** Requests that were answered with rows. */
  readonly batchCount: number
  /** How often items were cut in two because the server refused them together. */
  readonly splitCount: number
  /** Of these, how often it said that it was for want of memory. */
  readonly memorySplitCount: number
}

/** Counts of an answer that came at once. */
const WHOLE = { batchCount: 1, splitCount: 0, memorySplitCount: 0 } as const

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** Requests of a lower order go first where several wait for room; 0 when left out. */
  readonly order?: number | undefined
}

/**
 * What a server does: `answered`, it gives rows, or is only kept from it by the spec's own rates; `turned-away`, it is asked again later,
 * not for the first time, and nothing is under way to it.
 */
export type ServerNews = 'answered' | 'turned-away'

export interface ClientOptions {
  readonly policy?: RetryPolicy | undefined
  readonly concurrency: number
  readonly batchTexts: number
  readonly rate?: RateLimits | undefined
  readonly onNews?: ((news: ServerNews) => void) | undefined
}

/**
 * A server with patience: retries with backoff and jitter, keeps to the rates of the spec and to what the server's headers ask for, to batch
 * limits it was told or has met, asks for less at once after a 429, and finds the one item a server refuses.
 */
export class PatientClient {
  readonly endpoint: Endpoint
  readonly gate: Gate
  readonly limits: BatchLimits
  readonly #pace: Pace
  /** Called at least every second while a rate or a server's `Retry-After` is waited for. */
  onWait: () => void = () => undefined
  readonly #policy: RetryPolicy
  readonly #onNews: (news: ServerNews) => void
  /** When the server last gave rows, or a call began while nothing else was under way. */
  #progressAt = performance.now()
  #callCount = 0
  #lostCount = 0
  #underWay = 0
  #lastOrder = 0

  constructor(endpoint: Endpoint, given: ClientOptions) {
    this.endpoint = endpoint
    this.gate = new Gate(given.concurrency)
    this.limits = new BatchLimits(given.batchTexts)
    this.#policy = given.policy ?? RETRY_POLICY
    this.#onNews = given.onNews ?? (() => undefined)
    this.#pace = new Pace(given.rate)
    this.#pace.onWait = (isOurs) => {
      // Keeping to the spec's own limits is no standstill of the server.
      if (isOurs) this.#progress()
      this.onWait()
    }
  }

  /** The order of the requests of one more piece of work, after those of all earlier ones. */
  nextOrder(): number {
    this.#lastOrder += 1
    return this.#lastOrder
  }

  /** How often a request got no answer at all: another server may stand behind the URL since. */
  get lostCount(): number {
    return this.#lostCount
  }

  /**
   * Rows of one batch's items; split and repeated as the server demands.
   * @throws RejectedInput with the position in `items`; SweepError `SB-HTTP-001`, `-002`, `-007` beyond the no-progress
   * limit, `SB-HTTP-003` and `-004` at once, `SB-CORE-004` when aborted
   */
  async call<Item, Row>(
    exchange: Exchange<Item, Row>,
    items: readonly Item[],
    options: CallOptions = {},
  ): Promise<WholeAnswer<Row>> {
    if (this.#callCount === 0) this.#progressAt = performance.now()
    this.#callCount += 1
    try {
      return await this.#isolate(exchange, items, options)
    } catch (thrown) {
      throw thrown instanceof RequestFailure ? thrown.error : thrown
    } finally {
      this.#callCount -= 1
    }
  }

  async #isolate<Item, Row>(
    exchange: Exchange<Item, Row>,
    items: readonly Item[],
    options: CallOptions,
  ): Promise<WholeAnswer<Row>> {
    const known = this.limits.cutAt(items.length)
    if (known !== null) return this.#halves(exchange, { items, middle: known }, options)
    const got = await this.#attempt(exchange, items, options)
    if (!(got instanceof RequestFailure)) return { ...got, ...WHOLE }
    if (items.length === 1) return this.#repeatAlone(exchange, items, options)
    if (got.outcome === 'too-large') this.limits.refused(items.length, got.words)
    const middle = items.length >> 1
    const whole = await this.#halves(exchange, { items, middle }, options)
    // Refused together and taken apart: it was the size, whatever the server called it.
    this.limits.refused(items.length, got.words)
    const memorySplitCount = whole.memorySplitCount + (isOutOfMemory(got.words) ? 1 : 0)
    return { ...whole, splitCount: whole.splitCount + 1, memorySplitCount }
  }

  async #halves<Item, Row>(
    exchange: Exchange<Item, Row>,
    cut: { items: readonly Item[]; middle: number },
    options: CallOptions,
  ): Promise<WholeAnswer<Row>> {
    const left = await this.#isolate(exchange, cut.items.slice(0, cut.middle), options)
    const right = await shifted(cut.middle, this.#isolate(exchange, cut.items.slice(cut.middle), options))
    return {
      rows: [...left.rows, ...right.rows],
      tokenCount: left.tokenCount === null || right.tokenCount === null ? null : left.tokenCount + right.tokenCount,
      batchCount: left.batchCount + right.batchCount,
      splitCount: left.splitCount + right.splitCount,
      memorySplitCount: left.memorySplitCount + right.memorySplitCount,
    }
  }

  /** The second try of a lone item. If the server refuses the canary too, the request is at fault, not the item. */
  async #repeatAlone<Item, Row>(
    exchange: Exchange<Item, Row>,
    items: readonly Item[],
    options: CallOptions,
  ): Promise<WholeAnswer<Row>> {
    const again = await this.#attempt(exchange, items, options)
    if (!(again instanceof RequestFailure)) return { ...again, ...WHOLE }
    const canary = await this.#attempt(exchange, [exchange.canary], options)
    if (canary instanceof RequestFailure) throw canary
    throw new RejectedInput(0, `${again.status ?? ''} ${again.words}`.trim())
  }

  /** Asks until there is an answer or the items are refused (returned, not thrown). */
  async #attempt<Item, Row>(
    exchange: Exchange<Item, Row>,
    items: readonly Item[],
    options: CallOptions,
  ): Promise<Answer<Row> | RequestFailure> {
    for (let tries = 1; ; tries += 1) {
      try {
        const answer = await this.#post(exchange, items, options)
        this.#progress()
        this.gate.answered()
        return answer
      } catch (thrown) {
        if (!(thrown instanceof RequestFailure) || thrown.outcome === 'fatal') throw thrown
        if (thrown.outcome !== 'busy') return thrown
        if (thrown.status === null) this.#lostCount += 1
        if (thrown.retryAfterMs !== null) this.#pace.holdFor(Math.min(thrown.retryAfterMs, this.#policy.noProgressMs))
        if (thrown.status === 429) this.gate.narrow()
        if (thrown.status === 500 && tries >= SUSPECT_AFTER && (await this.#takesCanary(exchange, options))) return thrown
        await this.#wait(thrown, { tries, signal: options.signal })
      }
    }
  }

  async #post<Item, Row>(exchange: Exchange<Item, Row>, items: readonly Item[], options: CallOptions): Promise<Answer<Row>> {
    const { url, body } = exchange.ask(items)
    const text = JSON.stringify(body)
    const request = {
      url,
      body: text,
      answerBytes: ANSWER_FRAME_BYTES + items.length * ANSWER_BYTES_PER_ITEM,
      signal: options.signal,
    }
    const bytes = Buffer.byteLength(text)
    return this.gate.through(
      () =>
        this.#pace.through(bytes, options.signal, async (passage) => {
          this.#underWay += 1
          const answer = await sendRequest(this.endpoint, request).finally(() => {
            this.#underWay -= 1
          })
          this.#pace.heard(readRateHeaders(answer.headers))
          try {
            const read = exchange.read(answer.body, { items, headers: answer.headers })
            passage.counted(read.tokenCount)
            return read
          } catch (thrown) {
            throw thrown instanceof WrongAnswer ? wrongAnswer(this.endpoint, thrown) : thrown
          }
        }),
      options,
    )
  }

  #progress(): void {
    this.#progressAt = performance.now()
    this.#onNews('answered')
  }

  async #takesCanary<Item, Row>(exchange: Exchange<Item, Row>, options: CallOptions): Promise<boolean> {
    return this.#post(exchange, [exchange.canary], options).then(
      () => true,
      (thrown) => {
        if (thrown instanceof RequestFailure) return false
        throw thrown
      },
    )
  }

  async #wait(failure: RequestFailure, at: { tries: number; signal: AbortSignal | undefined }): Promise<void> {
    const { firstDelayMs, mostDelayMs, noProgressMs } = this.#policy
    const backoff = Math.min(mostDelayMs, firstDelayMs * 2 ** (at.tries - 1)) * (0.5 + Math.random() / 2)
    const delay = Math.max(backoff, failure.retryAfterMs ?? 0)
    if (performance.now() + delay - this.#progressAt > noProgressMs) throw failure
    if (at.tries > 1 && this.#underWay === 0) this.#onNews('turned-away')
    try {
      await sleep(delay, undefined, at.signal === undefined ? {} : { signal: at.signal })
    } catch {
      throw new SweepError('SB-CORE-004', { what: 'encoding' })
    }
  }
}

async function shifted<T>(by: number, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (thrown) {
    throw thrown instanceof RejectedInput ? new RejectedInput(thrown.at + by, thrown.message) : thrown
  }
}
