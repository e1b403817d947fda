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
 * Sends beats: one every so often, one at once after a change, never two at the same time. `seq` counts the beats
 * composed, answered or not, so that a claim can name what the service may have heard before it.
 */
export class Heart {
  readonly #parts: HeartParts
  #seq = 0
  #timer: NodeJS.Timeout | null = null
  #sending: Promise<void> | null = null
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
    this.#timer = setInterval(() => this.beatSoon(), this.#parts.everyMs)
    this.beatSoon()
  }

  /** A beat now, or right after the one under way. */
  beatSoon(): void {
    if (this.#stopped) return
    if (this.#sending !== null) {
      this.#again = true
      return
    }
    // Composed after the present turn: several changes at once make one beat.
    this.#sending = Promise.resolve()
      .then(() => this.#beat())
      .finally(() => {
        this.#sending = null
        if (!this.#again) return
        this.#again = false
        this.beatSoon()
      })
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
    try {
      const answer = await this.#parts.send(this.#parts.compose(this.#seq))
      if (this.#away) this.#parts.onBack()
      this.#away = false
      if (!this.#stopped) this.#parts.onAnswer(answer)
    } catch (error) {
      if (!this.#away) this.#parts.onAway(error)
      this.#away = true
    }
  }
}
