/** Doubling pauses with some jitter, so that a fleet does not come back in step. */
export class Backoff {
  readonly #first: number
  readonly #most: number
  #tries = 0

  /** Milliseconds. */
  constructor(first: number, most: number) {
    this.#first = first
    this.#most = most
  }

  next(): number {
    const pause = Math.min(this.#most, this.#first * 2 ** this.#tries)
    this.#tries += 1
    return pause * (0.75 + Math.random() / 2)
  }

  reset(): void {
    this.#tries = 0
  }
}

/** Waits so many milliseconds; rejects with the signal's reason when aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
}

/** Waits for a promise, but not longer than so many milliseconds. */
export async function within(promise: Promise<void>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([promise, late])
  clearTimeout(timer)
}
