import type { FleetTable } from './fleet-table.ts'

/** By index in the table. */
export interface Members {
  readonly slots: readonly number[]
  readonly lanes: readonly number[]
}

/** Lanes that share slots, directly or by others, and those slots: what happens in one part does not matter to another. */
export function separateParts(table: FleetTable): Members[] {
  const partOf = new Int32Array(table.slots.length).fill(-1)
  const parts: { slots: number[]; lanes: number[] }[] = []
  for (const [lane, slots] of table.eligible.entries()) {
    if (slots.length === 0) continue
    const known = slots.find((slot) => partOf[slot] !== -1)
    const number = known === undefined ? parts.push({ slots: [], lanes: [] }) - 1 : (partOf[known] as number)
    const part = parts[number] as { slots: number[]; lanes: number[] }
    part.lanes.push(lane)
    for (const slot of slots) {
      const before = partOf[slot] as number
      if (before === number) continue
      const joined = before === -1 ? { slots: [slot], lanes: [] } : (parts[before] as typeof part)
      for (const moved of joined.slots) partOf[moved] = number
      part.slots.push(...joined.slots.splice(0))
      part.lanes.push(...joined.lanes.splice(0))
    }
  }
  return parts
    .filter(({ lanes }) => lanes.length > 0)
    .map(({ slots, lanes }) => ({ slots: slots.sort(up), lanes: lanes.sort(up) }))
}

function up(a: number, b: number): number {
  return a - b
}
