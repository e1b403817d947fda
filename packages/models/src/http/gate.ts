import { SweepError } from '@sweepboard/contracts'

/** Answers in a row after which a narrowed gate opens by one again. */
const WIDEN_AFTER = 20

/** How many requests may be under way at once: halved when the server says it has too many, widened slowly afterwards. */
export class Gate {
  readonly most: number
  #width: number
  #inside = 0
  #calm = 0
  readonly #waiting: (() => void)[] = []

  constructor(most: number) {
    this.most = most
    this.#width = most
  }

  get width(): number {
    return this.#width
  }

  /** Runs `work` when there is room; throws `SB-CORE-004` when aborted while it waits. */
  async through<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    while (this.#inside >= this.#width) {
      await this.#room(signal)
      if (signal?.aborted) throw new SweepError('SB-CORE-004', { what: 'encoding' })
    }
    this.#inside += 1
    try {
      return await work()
    } finally {
      this.#inside -= 1
      this.#wake()
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
    this.#wake()
  }

  /** Resolves when a place may have come free, or on abort. */
  #room(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        signal?.removeEventListener('abort', go)
        resolve()
      }
      this.#waiting.push(go)
      signal?.addEventListener('abort', go)
    })
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
