import type { Beat, BeatAnswer } from '@sweepboard/contracts'

export interface HeartParts {
  readonly everyMs: number
  readonly compose: (seq: number) => Beat
  readonly send: (beat: Beat) => Promise<BeatAnswer>
  readonly onAnswer: (answer: BeatAnswer) => void
  /** Called once per outage. */
  readonly onAway: (error: unknown) => void
  readonly onBack: () => void
}

/**
 * Sends beats: one every so often, one at once after a change. Never two at the same time, unless one gets no answer for a whole interval:
 * it may hang on a connection that is dead, longer than a host may be silent, and the next one goes out beside it. `seq` counts the beats
 * composed, answered or not, so that a claim can name what the service may have heard before it.
 */
export class Heart {
  readonly #parts: HeartParts
  #seq = 0
  /** Of the newest beat that was answered. */
  #heard = 0
  #timer: NodeJS.Timeout | null = null
  #sending: Promise<void> | null = null
  /** What was being sent at the last tick. */
  #sendingBefore: Promise<void> | null = null
  #again = false
  #away = false
  #stopped = false

  constructor(parts: HeartParts) {
    this.#parts = parts
  }

  get lastSeq(): number {
    return this.#seq
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), this.#parts.everyMs)
    this.beatSoon()
  }

  #tick(): void {
    if (this.#sending !== null && this.#sending === this.#sendingBefore) {
      this.#sending = null
      this.#again = false
      this.#isAway(new Error(`no answer within ${this.#parts.everyMs} ms`))
    }
    this.beatSoon()
    this.#sendingBefore = this.#sending
  }

  /** A beat now, or right after the one under way. */
  beatSoon(): void {
    if (this.#stopped) return
    if (this.#sending !== null) {
      this.#again = true
      return
    }
    // Composed after the present turn: several changes at once make one beat.
    const sending = Promise.resolve()
      .then(() => this.#beat())
      .finally(() => {
        if (this.#sending !== sending) return
        this.#sending = null
        if (!this.#again) return
        this.#again = false
        this.beatSoon()
      })
    this.#sending = sending
  }

  /** No more beats; with `last`, one more that says so, given up after 3 s. */
  async stop(last: boolean): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#stopped = true
    this.#again = false
    if (!last) return
    const gone = (async () => {
      await this.#sending
      await this.#beat()
    })()
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, 3000)
    await Promise.race([gone, late])
    clearTimeout(timer)
  }

  async #beat(): Promise<void> {
    this.#seq += 1
    const seq = this.#seq
    try {
      const answer = await this.#parts.send(this.#parts.compose(seq))
      // What an older one is told is out of date.
      if (seq < this.#heard) return
      this.#heard = seq
      const wasAway = this.#away
      this.#away = false
      if (wasAway) this.#parts.onBack()
      if (!this.#stopped) this.#parts.onAnswer(answer)
    } catch (error) {
      if (seq > this.#heard) this.#isAway(error)
    }
  }

  #isAway(error: unknown): void {
    if (!this.#away) this.#parts.onAway(error)
    this.#away = true
  }
}
