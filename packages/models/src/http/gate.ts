import { SweepError } from '@sweepboard/contracts'

/** Answers in a row after which a narrowed gate opens by one again. */
const WIDEN_AFTER = 20

interface Waiter {
  readonly order: number
  readonly enter: () => void
}

/**
 * How many requests may be under way at once: halved when the server says it has too many, widened slowly afterwards. Who waits enters by
 * its order, lowest first, and first come, first served within one: what was begun first is done first.
 */
export class Gate {
  readonly most: number
  #width: number
  #inside = 0
  #calm = 0
  readonly #waiting: Waiter[] = []

  constructor(most: number) {
    this.most = most
    this.#width = most
  }

  get width(): number {
    return this.#width
  }

  /** Runs `work` when there is room; throws `SB-CORE-004` when aborted while it waits. */
  async through<T>(work: () => Promise<T>, by: { signal?: AbortSignal | undefined; order?: number | undefined }): Promise<T> {
    await this.#room(by.order ?? 0, by.signal)
    try {
      return await work()
    } finally {
      this.#inside -= 1
      this.#admit()
    }
  }

  narrow(): void {
    this.#width = Math.max(1, Math.floor(this.#width / 2))
    this.#calm = 0
  }

  answered(): void {
    this.#calm += 1
    if (this.#calm < WIDEN_AFTER || this.#width >= this.most) return
    this.#calm = 0
    this.#width += 1
    this.#admit()
  }

  /** Resolves with a place taken. */
  #room(order: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const waiter = { order, enter }
      const leave = () => {
        const place = this.#waiting.indexOf(waiter)
        if (place >= 0) this.#waiting.splice(place, 1)
        reject(new SweepError('SB-CORE-004', { what: 'encoding' }))
      }
      if (signal?.aborted) return leave()
      signal?.addEventListener('abort', leave, { once: true })
      this.#waiting.splice(this.#waiting.findLastIndex((other) => other.order <= order) + 1, 0, waiter)
      this.#admit()
    })
  }

  #admit(): void {
    while (this.#inside < this.#width) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#inside += 1
      next.enter()
    }
  }
}
