import type { SweepError } from '@sweepboard/contracts'

/**
 * Finds the text of `[start, end)` over which the engine fails, by halving: about log2(end - start) + 3 probes. `probe`
 * resolves with the failure of a range, or null when it encodes well. The text must fail twice alone. Null when the
 * failure is not tied to one text: the last one left encodes well, or a neighbour fails alone just as it does.
 */
export async function isolate(
  probe: (start: number, end: number) => Promise<SweepError | null>,
  start: number,
  end: number,
): Promise<{ text: number; error: SweepError } | null> {
  let low = start
  let high = end
  let anyWell = false
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if ((await probe(low, middle)) === null) {
      low = middle
      anyWell = true
    } else high = middle
  }
  if ((await probe(low, low + 1)) === null) return null
  const error = await probe(low, low + 1)
  if (error === null) return null
  if (!anyWell && end - start > 1) {
    const neighbour = low === start ? low + 1 : low - 1
    if ((await probe(neighbour, neighbour + 1)) !== null) return null
  }
  return { text: low, error }
}
