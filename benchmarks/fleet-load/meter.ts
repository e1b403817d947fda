/** Milliseconds of calls by what was called; nothing is kept before `start`. */
export class Meter {
  readonly #calls = new Map<string, number[]>()
  readonly errors = new Map<string, number>()
  #isOn = false

  start(): void {
    this.#isOn = true
  }

  stop(): void {
    this.#isOn = false
  }

  async time<T>(name: string, call: () => Promise<T>): Promise<T> {
    const from = performance.now()
    try {
      return await call()
    } catch (error) {
      const words = `${name}: ${error instanceof Error ? error.message : String(error)}`
      this.errors.set(words, (this.errors.get(words) ?? 0) + 1)
      throw error
    } finally {
      if (this.#isOn) {
        const list = this.#calls.get(name) ?? []
        this.#calls.set(name, list)
        list.push(performance.now() - from)
      }
    }
  }

  /** By name: how many a second, and the milliseconds that half of them and 99 % of them took at most. */
  rows(seconds: number): { name: string; perSecond: number; p50: number; p99: number; worst: number }[] {
    return [...this.#calls].map(([name, list]) => {
      list.sort((a, b) => a - b)
      const at = (share: number) => list[Math.min(list.length - 1, Math.floor(share * list.length))] ?? 0
      return { name, perSecond: list.length / seconds, p50: at(0.5), p99: at(0.99), worst: list.at(-1) ?? 0 }
    })
  }
}
