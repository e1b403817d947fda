/**
 * Seconds of several pieces of work that overlap, each moment shared by those under way: the sum over all of them is the time that anything
 * was under way, as it is when they follow one another.
 */
export class SharedClock {
  readonly #now: () => number
  readonly #running = new Set<{ seconds: number }>()
  #at = 0

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Begins one; the function returned ends it and gives its seconds. */
  begin(): () => number {
    this.#share()
    const own = { seconds: 0 }
    this.#running.add(own)
    return () => {
      this.#share()
      this.#running.delete(own)
      return own.seconds
    }
  }

  #share(): void {
    const now = this.#now()
    for (const one of this.#running) one.seconds += (now - this.#at) / 1000 / this.#running.size
    this.#at = now
  }
}
