export { retryBackoff } from './backoff.ts'
export { type ClosedLane, type Demand, type Device, freshSlot, type Lane, type LaneSlot, misfit } from './fit.ts'
export { LAUNCH_SECONDS, type LaneWork, LOAD_BYTES_PER_SECOND, laneOf } from './lane-of.ts'
export { chooseLanes, type LaneChoice, type LaneQuestion, STARVED_SECONDS, type Unservable } from './lanes.ts'
export { ALONE_AT, type Candidate, MAX_RANGES, type Picked, pickChunks, pickSweep } from './pick.ts'
export type { LanePlan } from './plan.ts'
export { type PlanMisfit, planFits, slotsThatFit } from './plan-fits.ts'
export {
  isAfter,
  leasesToStop,
  type Moment,
  type OpenLease,
  omittedLeases,
  type ReconcileAction,
  reconcile,
  type Situation,
} from './reconcile.ts'
export {
  DEFAULT_TOKENS_PER_SECOND,
  leaseSeconds,
  leaseTokens,
  NEW_SWEEP_CREDIT_SECONDS,
  newSweepCredit,
  SCORE_COST_SECONDS,
  TARGET_SECONDS,
  WINDOW_PER_SLOT,
  windowFor,
} from './window.ts'
