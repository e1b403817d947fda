import type { Load } from '@sweepboard/contracts'
import { closedBy, type LaneSlot, measuredPeaks, misfit } from './fit.ts'
import { laneOf } from './lane-of.ts'
import { type Unservable, unservableBy } from './lanes.ts'

export interface PlanMisfit extends Unservable {
  readonly model: string
}

/**
 * Loads of a plan that none of these slots can ever serve, with why and what would fit; one entry a load key, in plan order. The same
 * rules as at run time, so what is said here is what would be reported there.
 */
export function planFits(slots: readonly LaneSlot[], loads: readonly Load[]): PlanMisfit[] {
  const seen = new Set<string>()
  return loads.flatMap((load) => {
    if (seen.has(load.key)) return []
    seen.add(load.key)
    const lane = laneOf(load, { remainingTokens: 0, unservedForMs: 0, sweeps: [] })
    return unservableBy(slots, lane).map((entry) => ({ ...entry, model: load.model }))
  })
}

/** Slots that would serve a load if they had nothing else to do, of the kind it prefers among those that fit; none where none does. */
export function slotsThatFit(slots: readonly LaneSlot[], load: Load): LaneSlot[] {
  const lane = laneOf(load, { remainingTokens: 0, unservedForMs: 0, sweeps: [] })
  const peaks = measuredPeaks(slots)
  const fitting = slots.filter((slot) => {
    const closed = closedBy(slot, lane.key)
    return misfit(slot, lane, peaks) === null && (closed === null || closed.forMs !== null)
  })
  const kind = lane.devices.find((device) => fitting.some((slot) => slot.device === device))
  return fitting.filter(({ device }) => device === kind)
}
