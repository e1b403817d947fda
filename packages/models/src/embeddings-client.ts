import { setTimeout as sleep } from 'node:timers/promises'
import { SweepError } from '@sweepboard/contracts'
import type { EmbeddingsAnswer } from './embeddings-answer.ts'
import { type Endpoint, postEmbeddings, RequestFailure } from './embeddings-request.ts'
import { PROBE_TEXTS } from './probe.ts'

/** When a busy server is asked again and for how long. Milliseconds. */
export interface RetryPolicy {
  readonly firstDelayMs: number
  readonly mostDelayMs: number
  /** Without any answer for this long the run gives up. */
  readonly noProgressMs: number
}
export const RETRY_POLICY: RetryPolicy = { firstDelayMs: 1000, mostDelayMs: 60_000, noProgressMs: 120_000 }
/** Plain 500s for one batch before its input is suspected. */
const SUSPECT_AFTER = 3

/** One input of a call was refused twice alone, while a probe text was taken: the input's fault. */
export class RejectedInput extends Error {
  readonly at: number
  constructor(at: number, words: string) {
    super(words)
    this.at = at
  }
}

export interface EmbedOptions {
  readonly dim: number | null
  readonly signal?: AbortSignal | undefined
}

/** A server with patience: retries with backoff and jitter, and finds the input a server refuses. */
export class EmbeddingsClient {
  readonly endpoint: Endpoint
  private readonly policy: RetryPolicy
  /** When the server last gave vectors, or a call began while nothing else was under way. */
  private progressAt = performance.now()
  private callCount = 0

  constructor(endpoint: Endpoint, policy: RetryPolicy = RETRY_POLICY) {
    this.endpoint = endpoint
    this.policy = policy
  }

  /**
   * Vectors of one request's texts; split and repeated as the server demands.
   * @throws RejectedInput with the position in `texts`; SweepError `SB-HTTP-001`, `-002`, `-007` beyond the no-progress
   * limit, `SB-HTTP-003` and `-004` at once, `SB-CORE-004` when aborted
   */
  async embed(texts: readonly string[], options: EmbedOptions): Promise<EmbeddingsAnswer> {
    if (this.callCount === 0) this.progressAt = performance.now()
    this.callCount += 1
    try {
      return await this.isolate(texts, options)
    } catch (thrown) {
      throw thrown instanceof RequestFailure ? thrown.error : thrown
    } finally {
      this.callCount -= 1
    }
  }

  private async isolate(texts: readonly string[], options: EmbedOptions): Promise<EmbeddingsAnswer> {
    const refusal = await this.attempt(texts, options)
    if (!(refusal instanceof RequestFailure)) return refusal
    if (texts.length === 1) return this.repeatAlone(texts, options)
    const middle = texts.length >> 1
    const left = await this.isolate(texts.slice(0, middle), options)
    const right = await shifted(
      middle,
      this.isolate(texts.slice(middle), { ...options, dim: left.rows[0]?.length ?? options.dim }),
    )
    const known = left.tokenCount !== null && right.tokenCount !== null
    return {
      rows: [...left.rows, ...right.rows],
      tokenCount: known ? (left.tokenCount as number) + (right.tokenCount as number) : null,
    }
  }

  /** The second try of a lone input. If the server refuses a probe text too, the request is at fault, not the input. */
  private async repeatAlone(texts: readonly string[], options: EmbedOptions): Promise<EmbeddingsAnswer> {
    const again = await this.attempt(texts, options)
    if (!(again instanceof RequestFailure)) return again
    const canary = await this.attempt(PROBE_TEXTS.slice(0, 1), options)
    if (canary instanceof RequestFailure) throw canary
    throw new RejectedInput(0, `${again.status ?? ''} ${again.words}`.trim())
  }

  /** Asks until there is an answer or the input is refused (returned, not thrown). */
  private async attempt(texts: readonly string[], options: EmbedOptions): Promise<EmbeddingsAnswer | RequestFailure> {
    for (let tries = 1; ; tries += 1) {
      try {
        const answer = await postEmbeddings(this.endpoint, texts, options)
        this.progressAt = performance.now()
        return answer
      } catch (thrown) {
        if (!(thrown instanceof RequestFailure) || thrown.outcome === 'fatal') throw thrown
        if (thrown.outcome === 'rejected') return thrown
        if (thrown.status === 500 && tries >= SUSPECT_AFTER && (await this.takesProbe(options))) return thrown
        await this.wait(thrown, { tries, signal: options.signal })
      }
    }
  }

  private async takesProbe(options: EmbedOptions): Promise<boolean> {
    return postEmbeddings(this.endpoint, PROBE_TEXTS.slice(0, 1), options).then(
      () => true,
      (thrown) => {
        if (thrown instanceof RequestFailure) return false
        throw thrown
      },
    )
  }

  private async wait(failure: RequestFailure, at: { tries: number; signal: AbortSignal | undefined }): Promise<void> {
    const backoff = Math.min(this.policy.mostDelayMs, this.policy.firstDelayMs * 2 ** (at.tries - 1)) * (0.5 + Math.random() / 2)
    const delay = Math.max(backoff, failure.retryAfterMs ?? 0)
    if (performance.now() + delay - this.progressAt > this.policy.noProgressMs) throw failure
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
