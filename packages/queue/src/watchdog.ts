/** What a watchdog looks at, in one lane. */
export interface Watched {
  /** Whether the consumer could take one more ticket. */
  idle(): boolean
  /** How many tickets it has been given so far. */
  fetched(): number
  /** Tickets that wait in the lane; rejects while Redis is away, which is not the consumer's fault. */
  waiting(): Promise<number>
  /** Called when tickets waited, capacity was idle and nothing was fetched for `ms`. */
  onDeaf(): void
}

/** Looks every third of `ms`; returns what stops it. */
export function watchForDeafness(watched: Watched, ms: number): () => void {
  let seen = watched.fetched()
  let since: number | null = null
  let looking = false
  const look = async () => {
    const waiting = watched.idle() ? await watched.waiting().catch(() => 0) : 0
    if (waiting === 0 || watched.fetched() !== seen) {
      seen = watched.fetched()
      since = null
      return
    }
    since ??= performance.now()
    if (performance.now() - since < ms) return
    since = null
    watched.onDeaf()
  }
  const timer = setInterval(() => {
    if (looking) return
    looking = true
    look().finally(() => {
      looking = false
    })
  }, ms / 3)
  return () => clearInterval(timer)
}
