import { Turn } from './turn.ts'

/** The chunks that one engine has in hand at once, and who of them was there beside whom. */
export class Company {
  readonly #turn = new Turn()
  readonly #present = new Set<{ hadCompany: boolean }>()

  /** Runs `work` beside others; `hadCompany`: others ran meanwhile. Rejects as `work`, or with the signal's reason while it waits. */
  async together<T>(signal: AbortSignal, work: () => Promise<T>): Promise<{ result: T; hadCompany: boolean }> {
    const release = await this.#turn.take('shared', signal)
    const own = { hadCompany: this.#present.size > 0 }
    for (const other of this.#present) other.hadCompany = true
    this.#present.add(own)
    try {
      return { result: await work(), hadCompany: own.hadCompany }
    } finally {
      this.#present.delete(own)
      release()
    }
  }

  /** Runs `work` when nobody else runs; others wait for its end. */
  async alone<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const release = await this.#turn.take('exclusive', signal)
    try {
      return await work()
    } finally {
      release()
    }
  }
}
