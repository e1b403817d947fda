import { SweepError, sha256 } from '@sweepboard/contracts'

export interface HeldOut {
  /** Queries that something is fitted on, and those it is judged on; both in the order given. */
  readonly fit: readonly string[]
  readonly heldOut: readonly string[]
}

/**
 * Parts queries in two by a digest of seed and id, so that the same seed gives the same parts whatever the order, the program or the
 * machine. @throws SweepError `SB-SCORE-005` for fewer than two queries
 */
export function splitQueries(queries: readonly string[], by: { readonly seed: string; readonly share: number }): HeldOut {
  if (queries.length < 2) throw new SweepError('SB-SCORE-005', { message: `${queries.length} queries can be used` })
  const drawn = queries.map((query) => ({ query, lot: sha256(Buffer.from(`${by.seed} ${query}`)) }))
  drawn.sort((a, b) => (a.lot < b.lot ? -1 : 1))
  const count = Math.min(queries.length - 1, Math.max(1, Math.round(queries.length * by.share)))
  const chosen = new Set(drawn.slice(0, count).map(({ query }) => query))
  return { fit: queries.filter((query) => chosen.has(query)), heldOut: queries.filter((query) => !chosen.has(query)) }
}
