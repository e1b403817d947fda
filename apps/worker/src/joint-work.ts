/** One piece of work that several callers wait for: aborted when the last of them has left. */
export class JointWork<T> {
  readonly #controller = new AbortController()
  readonly #work: Promise<T>
  #waiters = 0

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#work = work(this.#controller.signal)
    // Whoever waits is told; after the last has left nobody does.
    this.#work.catch(() => undefined)
  }

  /** Everybody has left: what is still under way ends by itself. */
  get isAbandoned(): boolean {
    return this.#controller.signal.aborted
  }

  /** Resolves when it has ended, well or not. */
  async ended(): Promise<void> {
    await this.#work.catch(() => undefined)
  }

  /** Its outcome. Rejects with the signal's reason when aborted, the last caller when the work has really ended. */
  async join(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted()
    this.#waiters += 1
    const { promise: left, reject } = Promise.withResolvers<never>()
    const leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    try {
      return await Promise.race([this.#work, left])
    } finally {
      signal.removeEventListener('abort', leave)
      this.#waiters -= 1
      if (signal.aborted && this.#waiters === 0) {
        this.#controller.abort(signal.reason)
        await this.ended()
      }
    }
  }
}
