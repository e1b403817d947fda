import type { Lane } from './fit.ts'
import type { FleetTable } from './fleet-table.ts'
import type { Members } from './separate-parts.ts'

/** A waiting lane interrupts one that has more than so many times its own work left; it waits for the end of any other. */
export const INTERRUPTED_TIMES = 4

/** Seconds of loads, by `lane * slots + slot`, where a slot that is to interrupt its lane for a small one of a sweep that nobody serves loads its own again. */
export function withInterrupted(table: FleetTable, { slots, lanes }: Members, load: Float64Array): Float64Array {
  const { held, holders, speed } = table
  const served = new Set(table.lanes.flatMap(({ sweeps }, l) => (holders[l]?.length ? sweeps.map(({ sweep }) => sweep) : [])))
  const more = load.slice()
  for (const [l, lane] of lanes.entries()) {
    const { sweeps, remainingTokens } = table.lanes[lane] as Lane
    if (sweeps.length === 0 || sweeps.some(({ sweep }) => served.has(sweep))) continue
    for (const [s, slot] of slots.entries()) {
      const from = held[slot] as number
      const at = table.at(lane, slot)
      if (from === -1 || table.may[at] === 0) continue
      const before = table.at(from, slot)
      const own = remainingTokens / (speed[at] as number)
      const left = (table.lanes[from] as Lane).remainingTokens / (speed[before] as number) / (holders[from]?.length ?? 1)
      if (left > INTERRUPTED_TIMES * own)
        more[l * slots.length + s] = (more[l * slots.length + s] as number) + (table.load[before] as number)
    }
  }
  return more
}
