/** A lease spans at most this many ranges of consecutive chunks. */
export const MAX_RANGES = 64
/** From this many crash marks on a chunk is leased alone. */
export const ALONE_AT = 2

export interface Candidate {
  readonly encoding: number
  readonly n: number
  readonly tokens: number
  readonly crashes: number
}

export interface Picked {
  readonly chunks: readonly (readonly [encoding: number, n: number])[]
  readonly tokens: number
}

/**
 * Takes chunks in the order given until `maxTokens` is reached, at least one. A chunk with crash marks is taken only first and then
 * alone. Reads no more of `candidates` than it needs.
 */
export function pickChunks(candidates: Iterable<Candidate>, maxTokens: number): Picked {
  const chunks: [number, number][] = []
  let tokens = 0
  let ranges = 0
  for (const { encoding, n, tokens: size, crashes } of candidates) {
    const isSuspect = crashes >= ALONE_AT
    if (isSuspect && chunks.length > 0) continue
    const last = chunks.at(-1)
    if (last?.[0] !== encoding || last[1] !== n - 1) ranges += 1
    if (ranges > MAX_RANGES) break
    chunks.push([encoding, n])
    tokens += size
    if (isSuspect || tokens >= maxTokens) break
  }
  return { chunks, tokens }
}

/** Sweeps in the order in which they may pick: smallest vtime first, then by id. */
export function pickSweep<S extends { readonly id: string; readonly vtime: number }>(sweeps: readonly S[]): S[] {
  return [...sweeps].sort((a, b) => a.vtime - b.vtime || (a.id < b.id ? -1 : 1))
}
