/** Longest a host's question is held: less than what clients and proxies allow one request. */
const HOLD_MS = 20_000

/**
 * Hosts that should beat now, because a lease of theirs was closed or a slot was told another lane. A beat says and hears everything: a
 * call only makes it come sooner, so one that is lost costs no more than the wait for the next beat.
 */
export class HostCalls {
  readonly #holdMs: number
  /** Called since their last beat. */
  readonly #called = new Set<string>()
  readonly #waiting = new Map<string, Set<(called: boolean) => void>>()
  #isClosed = false

  constructor(holdMs = HOLD_MS) {
    this.#holdMs = holdMs
  }

  call(host: string): void {
    this.#called.add(host)
    for (const answer of [...(this.#waiting.get(host) ?? [])]) answer(true)
  }

  /** A beat of this host is being answered: it hears all there is. */
  heard(host: string): void {
    this.#called.delete(host)
  }

  /** Resolves with true as soon as the host is called, at once where it was since its last beat; with false after a while. */
  wait(host: string, signal: AbortSignal): Promise<boolean> {
    if (this.#called.has(host)) return Promise.resolve(true)
    if (this.#isClosed || signal.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      const all = this.#waiting.get(host) ?? new Set()
      this.#waiting.set(host, all)
      const answer = (called: boolean) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', leave)
        all.delete(answer)
        if (all.size === 0) this.#waiting.delete(host)
        resolve(called)
      }
      const leave = () => answer(false)
      const timer = setTimeout(leave, this.#holdMs)
      signal.addEventListener('abort', leave, { once: true })
      all.add(answer)
    })
  }

  /** Answers everybody who waits, and nobody waits any more. */
  close(): void {
    this.#isClosed = true
    for (const all of [...this.#waiting.values()]) for (const answer of [...all]) answer(false)
  }
}
