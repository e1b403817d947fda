import { SweepError } from '@sweepboard/contracts'
import type { AnyScoreWork, ScoreReply } from './child-message.ts'
import { SupervisedChild } from './child-process.ts'
import type { Host } from './host.ts'

/** A scoring child that dies may have been taken down from outside: a group gets a second one, not a third. */
const TRIES = 2
/** A child that has grown beyond this ends after its answer: a big group's memory is not held for small ones. */
const KEPT_BYTES = 768 * 2 ** 20
/** So long a child waits for the next group. */
const KEPT_MS = 30_000

/**
 * Scores groups in a child process. Starting one costs a second of processor time, more than a small group: it goes on with the next
 * group while it is small and well. After a failure, an abort or a big group, or when none came for 30 s, the next gets a new one.
 */
export class Scorer {
  readonly #host: Host
  #waiting: SupervisedChild | null = null
  #patience: NodeJS.Timeout | undefined

  constructor(host: Host) {
    this.#host = host
  }

  /**
   * @throws SweepError the child's own; `SB-MODEL-008` when two new children died of this group; `SB-WORK-002` without progress
   * @throws the signal's reason when it is aborted
   */
  async score(work: AnyScoreWork, signal: AbortSignal): Promise<ScoreReply> {
    for (let died = 0; ; ) {
      const waiting = this.#take()
      try {
        return await this.#ask(waiting ?? this.#start(), work, signal)
      } catch (error) {
        signal.throwIfAborted()
        const isDeath = error instanceof SweepError && error.code === 'SB-MODEL-008'
        if (!isDeath) throw error
        // What ended a child that others had used need not be this group's doing.
        if (waiting === null) died += 1
        if (died >= TRIES) throw error
        this.#host.options.log({ event: 'child-gone', slot: 'score', message: error.message })
      }
    }
  }

  /** Ends the child that waits; one at work ends by its group's signal. */
  async end(): Promise<void> {
    await this.#take()?.kill()
  }

  #start(): SupervisedChild {
    const entry = new URL('./scoring-child.ts', import.meta.url)
    return new SupervisedChild({ entry, noProgressMs: this.#host.noProgressMs, now: this.#host.now })
  }

  async #ask(child: SupervisedChild, work: AnyScoreWork, signal: AbortSignal): Promise<ScoreReply> {
    const { folder, options } = this.#host
    const where = { host: folder.host, code: options.code }
    let isKept = false
    try {
      const reply = await child.request({ kind: 'score', work, where, artifacts: folder.artifacts }, signal)
      isKept = this.#waiting === null && reply.residentBytes <= KEPT_BYTES
      return reply
    } finally {
      if (isKept) this.#keep(child)
      else await child.kill()
    }
  }

  #keep(child: SupervisedChild): void {
    this.#waiting = child
    this.#patience = setTimeout(() => void this.end(), KEPT_MS).unref()
  }

  #take(): SupervisedChild | null {
    const child = this.#waiting
    clearTimeout(this.#patience)
    this.#waiting = null
    return child?.alive ? child : null
  }
}
