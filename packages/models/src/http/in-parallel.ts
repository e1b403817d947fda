/** Runs `work` over all items at once; the first failure stops the others and is thrown. */
export async function inParallel<T>(
  plan: { items: readonly T[]; signal: AbortSignal | undefined },
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  const signal = plan.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, plan.signal])
  const failures: unknown[] = []
  const one = async (item: T) => {
    try {
      await work(item, signal)
    } catch (thrown) {
      failures.push(thrown)
      stop.abort()
    }
  }
  await Promise.all(plan.items.map(one))
  if (failures.length > 0) throw failures[0]
}
