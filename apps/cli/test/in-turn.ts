/** Runs a job for each of the items, so many at once; answers all promises at the start, a rejected one waits to be asked. */
export function inTurn<K, T>(items: readonly K[], atOnce: number, run: (item: K) => Promise<T>): ReadonlyMap<K, Promise<T>> {
  const jobs = new Map(items.map((item) => [item, Promise.withResolvers<T>()]))
  for (const { promise } of jobs.values()) promise.catch(() => undefined)
  const left = jobs.entries()
  const lane = async () => {
    for (const [item, { resolve, reject }] of left) await run(item).then(resolve, reject)
  }
  for (let i = 0; i < atOnce; i += 1) void lane()
  return new Map([...jobs].map(([item, { promise }]) => [item, promise]))
}
