/** Open leases per live slot of a lane: one computes, one is tokenised, one waits. Four already breaks "2 x solo" (protocol 6). */
export const WINDOW_PER_SLOT = 3

/** How many leases a lane with this many live slots may have open. */
export function windowFor(slots: number): number {
  return WINDOW_PER_SLOT * Math.max(0, slots)
}

/** A lease is worth this many seconds of its slot, and more only on very large fleets. */
export const TARGET_SECONDS = 5
/** What a new sweep is ahead by: the cost of one full-size lease in slot-seconds. */
export const NEW_SWEEP_CREDIT_SECONDS = TARGET_SECONDS
/** Assumed until a slot has measured its own. */
export const DEFAULT_TOKENS_PER_SECOND = 2000
/** Cost of a score lease in slot-seconds, as far as fairness is concerned. */
export const SCORE_COST_SECONDS = 0.2

/**
 * Tokens one lease should hold: what the lane's slowest slot does in `max(5 s, live slots / 33)` (so at most about 33 leases a
 * second whatever the fleet), shrinking towards the lane's end to half an equal share of what is left.
 */
export function leaseTokens(fleet: {
  readonly slowestTokensPerSecond: number
  readonly liveSlots: number
  readonly laneSlots: number
  readonly tokensLeft: number
}): number {
  const seconds = Math.max(TARGET_SECONDS, fleet.liveSlots / 33)
  const share = fleet.tokensLeft / (2 * Math.max(1, fleet.laneSlots))
  return Math.max(1, Math.min(fleet.slowestTokensPerSecond * seconds, share))
}
