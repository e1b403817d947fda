/** A lane with work that no slot may serve at this moment. */
export interface UnservableNow {
  readonly lane: string
  readonly model: string
  readonly engine: string
  readonly reason: string
  /** What a slot that could serve it looks like. */
  readonly wouldFit: string
  /** Running sweeps that want something of it. */
  readonly sweeps: readonly string[]
}

export interface LanesNow {
  readonly unservable: readonly UnservableNow[]
  /** Lanes that some slot serves. */
  readonly served: ReadonlySet<string>
  /** Lanes with work. */
  readonly open: ReadonlySet<string>
}

/** Workers that are started again are no trouble: what lasts shorter is not said unasked. Milliseconds. */
export const UNSERVABLE_AFTER_MS = 10_000

/** Lanes with work that no slot may serve, since when, and what of that was said in the log; in memory only. */
export class UnservableLanes {
  readonly #log: (entry: Readonly<Record<string, unknown>>) => void
  readonly #known = new Map<string, UnservableNow & { readonly since: number }>()
  /** Lane -> the reason said last, until a slot serves it or its work is gone: one that is tried again each minute is said once. */
  readonly #told = new Map<string, string>()

  constructor(log: (entry: Readonly<Record<string, unknown>>) => void) {
    this.#log = log
  }

  /** Takes what is so at this moment, and says once in the log what has been so for 10 s. */
  follow({ unservable, served, open }: LanesNow, now: number): void {
    const names = new Set(unservable.map(({ lane }) => lane))
    for (const lane of this.#known.keys()) if (!names.has(lane)) this.#known.delete(lane)
    for (const lane of this.#told.keys()) if (served.has(lane) || !open.has(lane)) this.#told.delete(lane)
    for (const one of unservable) {
      const since = this.#known.get(one.lane)?.since ?? now
      this.#known.set(one.lane, { ...one, since })
      if (now - since < UNSERVABLE_AFTER_MS || this.#told.get(one.lane) === one.reason) continue
      this.#told.set(one.lane, one.reason)
      const { lane, model, engine, reason, wouldFit } = one
      const message = `no slot can serve ${model} (${engine}): ${reason}. What would fit: ${wouldFit}`
      this.#log({ level: 'warn', message, lane })
    }
  }

  /** Every such lane, and for how many milliseconds it has been one. */
  views(now: number): (UnservableNow & { readonly forMs: number })[] {
    return [...this.#known.values()].map(({ since, ...one }) => ({ ...one, forMs: now - since }))
  }
}
