/** Runs `work` over items, at most `concurrency` at once; the first failure stops the others and is thrown. */
export async function inParallel<T>(
  plan: { items: readonly T[]; concurrency: number; signal: AbortSignal | undefined },
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  const signal = plan.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, plan.signal])
  const failures: unknown[] = []
  let next = 0
  const lane = async () => {
    while (next < plan.items.length && failures.length === 0) {
      const item = plan.items[next] as T
      next += 1
      try {
        await work(item, signal)
      } catch (thrown) {
        failures.push(thrown)
        stop.abort()
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(plan.concurrency, plan.items.length) }, lane))
  if (failures.length > 0) throw failures[0]
}
