/** Open leases per live slot of a lane: one computes, one is tokenised, one waits. Four already breaks "2 x solo" (protocol 6). */
export const WINDOW_PER_SLOT = 3

/** Open leases per score slot: it takes one at a time, and one waits. */
export const SCORE_WINDOW_PER_SLOT = 2

/** How many leases a lane with this many live slots may have open. */
export function windowFor(slots: number, lane: 'encode' | 'score' = 'encode'): number {
  return (lane === 'score' ? SCORE_WINDOW_PER_SLOT : WINDOW_PER_SLOT) * Math.max(0, slots)
}

/** A lease is worth this many seconds of its slot, and more only on large fleets. */
export const TARGET_SECONDS = 2
/** Leases a second that the service makes, whatever the fleet. */
const LEASES_PER_SECOND = 33
/** Assumed until a slot has measured its own. */
export const DEFAULT_TOKENS_PER_SECOND = 2000
/** Cost of a score lease in slot-seconds, as far as fairness is concerned. */
export const SCORE_COST_SECONDS = 0.2
/** What a new sweep is ahead by where no slot serves anything: the cost of one full-size lease. */
export const NEW_SWEEP_CREDIT_SECONDS = TARGET_SECONDS
/** Windows that a new sweep is ahead by: the one that is queued before it, and as much again for its own first leases. */
const CREDIT_WINDOWS = 2

/** Seconds of its slot that a lease is worth on a fleet of so many live slots. */
export function leaseSeconds(liveSlots: number): number {
  return Math.max(TARGET_SECONDS, liveSlots / LEASES_PER_SECOND)
}

/**
 * Slot-seconds by which a new sweep is ahead of the running ones. What they have leased is paid for and still waits in the queues, so
 * without a credit of that size a new sweep would wait for it and then get only its share.
 */
export function newSweepCredit(liveSlots: number): number {
  return Math.max(NEW_SWEEP_CREDIT_SECONDS, CREDIT_WINDOWS * windowFor(liveSlots) * leaseSeconds(liveSlots))
}

/**
 * Tokens one lease should hold: what the lane's slowest slot does in `leaseSeconds` (so at most about 33 leases a second whatever the
 * fleet), but no less than half a second of the fastest; towards the lane's end what the slowest slot does of half that is left.
 */
export function leaseTokens(fleet: {
  readonly slowestTokensPerSecond: number
  /** Of all slots of the lane together. */
  readonly tokensPerSecond: number
  readonly fastestTokensPerSecond: number
  readonly liveSlots: number
  readonly tokensLeft: number
}): number {
  const { slowestTokensPerSecond: slowest, tokensPerSecond, tokensLeft } = fleet
  const share = (tokensLeft * slowest) / (2 * Math.max(slowest, tokensPerSecond))
  const whole = Math.max(slowest * leaseSeconds(fleet.liveSlots), fleet.fastestTokensPerSecond / 2)
  return Math.max(1, Math.min(whole, share))
}
