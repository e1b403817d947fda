import type { Lane, LaneSlot } from './fit.ts'
import type { FleetTable } from './fleet-table.ts'
import { PlanPart } from './plan-part.ts'
import { separateParts } from './separate-parts.ts'
import { type Shares, spread } from './spread.ts'

/** What a plan promises about a lane: made when, and its end, in the caller's milliseconds. */
export interface Promised {
  readonly madeAt: number
  readonly endAt: number
}

/** Which slots are to serve which lanes, by id, and until when; kept from one choice to the next, so that plans do not change their mind. */
export interface LanePlan {
  readonly lanes: ReadonlyMap<string, Promised>
  readonly slots: ReadonlyMap<string, readonly string[]>
}

export interface Planned {
  readonly plan: LanePlan
  readonly shares: Shares
  /** 1 where the plan has the lane on the slot, be it that the slot has done its part. */
  readonly planned: Uint8Array
}

/** The plan to follow now: the one before while it keeps its promise, another otherwise. */
export function planFor(table: FleetTable, before: LanePlan | null, now: number): Planned {
  const shares = new Float64Array(table.may.length)
  const planned = new Uint8Array(table.may.length)
  const slots = new Map<string, string[]>(table.slots.map(({ id }) => [id, []]))
  const promises = new Map([...(before?.lanes ?? [])].filter(([, { endAt }]) => endAt > now))
  let greedy: Shares | null = null
  for (const members of separateParts(table)) {
    const part = new PlanPart(table, members)
    const kept = before === null ? null : part.keep(before, now)
    if (kept === null) greedy ??= spread(table)
    const { edges, promised } = kept ?? part.make(before, now, greedy as Shares)
    for (const { slot, lane, seconds } of edges) {
      shares[table.at(lane, slot)] = seconds
      planned[table.at(lane, slot)] = 1
      slots.get((table.slots[slot] as LaneSlot).id)?.push((table.lanes[lane] as Lane).key)
    }
    for (const lane of members.lanes) promises.set((table.lanes[lane] as Lane).key, promised)
  }
  return { plan: { lanes: promises, slots }, shares, planned }
}

/**
 * The plan as it goes on from what the slots were told: a slot that leaves a lane after its part of it, or its last chunks to others, does not come back to it, and a lane
 * given to another slot than planned stays there.
 */
export function followed({ plan, shares }: Planned, table: FleetTable, told: ReadonlyMap<string, string | null>): LanePlan {
  const strays = new Map<string, string>()
  const numbers = new Map(table.lanes.map(({ key }, lane) => [key, lane]))
  const slots = new Map<string, readonly string[]>()
  for (const [s, { id, lane }] of table.slots.entries()) {
    const keys = plan.slots.get(id) ?? []
    const to = told.get(id) ?? null
    const isDone = to === null || shares[table.at(numbers.get(lane ?? '') ?? 0, s)] === 0
    const isLeft = lane !== null && lane !== to && keys.includes(lane) && isDone
    slots.set(id, isLeft ? keys.filter((key) => key !== lane) : keys)
    if (to !== null && to !== lane && !keys.includes(to)) strays.set(to, id)
  }
  if (strays.size === 0) return { lanes: plan.lanes, slots }
  for (const [id, keys] of slots) {
    const own = keys.filter((key) => !strays.has(key) || told.get(id) === key)
    const stray = told.get(id)
    slots.set(id, stray != null && strays.get(stray) === id ? [...own, stray] : own)
  }
  return { lanes: plan.lanes, slots }
}
