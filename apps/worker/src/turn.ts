interface Waiter {
  readonly exclusive: boolean
  start: () => void
}

/**
 * First come, first served turns. `shared` holders run together, an `exclusive` one alone: a slot's engine serves one run
 * at a time (all exclusive), and a quarantined chunk has its host for itself (it exclusive, the others shared).
 */
export class Turn {
  #holders = 0
  #exclusive = false
  #queue: Waiter[] = []

  /** Resolves with the release. Rejects with the signal's reason when aborted while waiting. */
  take(kind: 'shared' | 'exclusive', signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { exclusive: kind === 'exclusive', start: () => undefined }
      const leave = () => {
        this.#queue = this.#queue.filter((other) => other !== waiter)
        reject(signal.reason)
        this.#pump()
      }
      waiter.start = () => {
        signal.removeEventListener('abort', leave)
        resolve(this.#hold(waiter.exclusive))
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#queue.push(waiter)
      this.#pump()
    })
  }

  #hold(exclusive: boolean): () => void {
    this.#holders += 1
    this.#exclusive = exclusive
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#holders -= 1
      this.#exclusive = false
      this.#pump()
    }
  }

  #pump(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (this.#exclusive || (next.exclusive && this.#holders > 0)) return
      this.#queue.shift()
      next.start()
    }
  }
}
