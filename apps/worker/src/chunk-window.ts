/**
 * How much of a slot's work is in the engine's hands at once. A further chunk enters while those behind the oldest bring fewer requests than
 * a server wants: the oldest may be down to its last one. With `wanted` 0 one chunk is in hand at a time.
 */
export class ChunkWindow {
  readonly #wanted: number
  /** Requests of each chunk in hand, the oldest first. */
  readonly #inHand: { readonly requests: number }[] = []
  #waiting: (() => void)[] = []

  constructor(wanted: number) {
    this.#wanted = wanted
  }

  /** Chunks in hand. */
  get count(): number {
    return this.#inHand.length
  }

  /** Resolves with the release when there is room. One caller at a time; rejects with the signal's reason when aborted. */
  async enter(requests: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    while (!this.#hasRoom()) {
      await this.#left(signal)
      signal.throwIfAborted()
    }
    const chunk = { requests }
    this.#inHand.push(chunk)
    return () => {
      const place = this.#inHand.indexOf(chunk)
      if (place >= 0) this.#inHand.splice(place, 1)
      for (const go of this.#waiting.splice(0)) go()
    }
  }

  #hasRoom(): boolean {
    const behind = this.#inHand.slice(1).reduce((sum, { requests }) => sum + requests, 0)
    return this.#inHand.length === 0 || behind < this.#wanted
  }

  /** Resolves when a chunk has left, or on abort. */
  #left(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        signal.removeEventListener('abort', go)
        resolve()
      }
      this.#waiting.push(go)
      signal.addEventListener('abort', go, { once: true })
    })
  }
}
