interface Observation {
  readonly at: number
  readonly done: number
}

const WINDOW_MS = 20_000

/** Rate of a counter over the last 20 s of observations, per key. Several askers may observe at any pace. */
export class RateMeter {
  readonly #seen = new Map<string, Observation[]>()

  /** Units per second at time `nowMs`, or null while observations span less than 200 ms. */
  observe(key: string, done: number, nowMs: number): number | null {
    const seen = this.#seen.get(key) ?? []
    const kept = [...seen.filter((o) => nowMs - o.at <= WINDOW_MS), { at: nowMs, done }]
    this.#seen.set(key, kept.length > 200 ? kept.filter((_, i) => i % 2 === 0 || i === kept.length - 1) : kept)
    const first = kept[0] as Observation
    return nowMs - first.at < 200 ? null : ((done - first.done) * 1000) / (nowMs - first.at)
  }
}
