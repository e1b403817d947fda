import { closedBy, type Lane, type LaneSlot, measuredPeaks, misfit, slotClass } from './fit.ts'
import { Speeds } from './speed.ts'

/**
 * Slots x lanes as arrays, so that a thousand slots and fifty lanes are looked at in milliseconds. Lanes by restriction, the one that
 * the least part of the fleet can serve first; slots by ability, the least able first. `at(lane, slot)` indexes `may`, `speed`, `load`.
 */
export class FleetTable {
  readonly slots: readonly LaneSlot[]
  readonly lanes: readonly Lane[]
  /** 1 where the slot may serve the lane now. */
  readonly may: Uint8Array
  /** Tokens per second. */
  readonly speed: Float64Array
  /** Seconds to load. */
  readonly load: Float64Array
  /** Index of the lane each slot has and may go on serving, or -1. */
  readonly held: Int32Array
  /** Lane -> slots that hold it, the longest first. */
  readonly holders: readonly (readonly number[])[]
  /** Lane -> slots that may serve it, least able first. */
  readonly eligible: readonly Int32Array[]

  constructor(slots: readonly LaneSlot[], lanes: readonly Lane[]) {
    this.slots = slots.toSorted(byAbility)
    const fits = fitsOf(this.slots, lanes)
    const held = new Set(slots.map(({ lane }) => lane))
    const order = lanes.map((_, lane) => lane).sort((a, b) => byRestriction({ lanes, fits, held }, a, b))
    this.lanes = order.map((lane) => lanes[lane] as Lane)
    const size = this.lanes.length * this.slots.length
    this.may = new Uint8Array(size)
    this.speed = new Float64Array(size)
    this.load = new Float64Array(size)
    this.held = new Int32Array(this.slots.length).fill(-1)
    const speeds = new Speeds(this.slots, this.lanes)
    const names = this.slots.map(slotClass)
    const loads = measuredLoads(this.slots, names)
    const holders: number[][] = this.lanes.map(() => [])
    this.eligible = order.map((from, l) => {
      const lane = this.lanes[l] as Lane
      const found: number[] = []
      for (const s of fits[from] as readonly number[]) {
        const slot = this.slots[s] as LaneSlot
        if (slot.closed.length > 0 && closedBy(slot, lane.key) !== null) continue
        const at = l * this.slots.length + s
        const name = names[s] as string
        this.may[at] = 1
        this.speed[at] = speeds.of(slot, lane, name)
        this.load[at] = slot.loadSeconds[lane.key] ?? loads.get(`${name} ${lane.key}`) ?? lane.loadSeconds
        if (slot.lane === lane.key) {
          this.held[s] = l
          holders[l]?.push(s)
        }
        found.push(s)
      }
      return Int32Array.from(found)
    })
    for (const [l, of] of holders.entries()) this.#settleHolders(l, of)
    this.holders = holders
  }

  at(lane: number, slot: number): number {
    return lane * this.slots.length + slot
  }

  /** The longest stay first; of more holders than a lane may have, only those. */
  #settleHolders(lane: number, of: number[]): void {
    of.sort((a, b) => (this.slots[b] as LaneSlot).laneForMs - (this.slots[a] as LaneSlot).laneForMs || a - b)
    const { maxSlots } = this.lanes[lane] as Lane
    for (const tooMany of of.splice(maxSlots ?? of.length)) this.held[tooMany] = -1
  }
}

function byAbility(a: LaneSlot, b: LaneSlot): number {
  return a.deviceCount - b.deviceCount || a.memoryBytes - b.memoryBytes || (a.id < b.id ? -1 : 1)
}

interface Order {
  readonly lanes: readonly Lane[]
  readonly fits: readonly (readonly number[])[]
  readonly held: ReadonlySet<string | null>
}

/** Fewest slots first; of equals those that have a slot, so that none changes its lane for another's sake, then the most work, which packs best. */
function byRestriction({ lanes, fits, held }: Order, a: number, b: number): number {
  const [one, two] = [lanes[a] as Lane, lanes[b] as Lane]
  return (
    (fits[a]?.length ?? 0) - (fits[b]?.length ?? 0) ||
    Number(held.has(two.key)) - Number(held.has(one.key)) ||
    two.remainingTokens * (two.parameterCount ?? 1) - one.remainingTokens * (one.parameterCount ?? 1) ||
    (one.key < two.key ? -1 : 1)
  )
}

/** Lane -> slots that can serve it: those of the first kind it names of which there is any. Asked once for all slots that are alike. */
function fitsOf(slots: readonly LaneSlot[], lanes: readonly Lane[]): number[][] {
  const peaks = measuredPeaks(slots)
  const alike = new Map<string, number[]>()
  const lists = new Map<unknown, number>()
  for (const [s, slot] of slots.entries()) {
    const key = likeness(slot, lists)
    const group = alike.get(key)
    if (group === undefined) alike.set(key, [s])
    else group.push(s)
  }
  return lanes.map((lane) => {
    const fitting: number[] = []
    for (const group of alike.values()) {
      if (misfit(slots[group[0] as number] as LaneSlot, lane, peaks) === null) for (const s of group) fitting.push(s)
    }
    const kind = lane.devices.find((device) => fitting.some((s) => isUsable(slots[s] as LaneSlot, device, lane.key)))
    return (kind === undefined ? fitting : fitting.filter((s) => slots[s]?.device === kind)).sort((one, two) => one - two)
  })
}

/** Everything of a slot that `misfit` looks at. */
function likeness(slot: LaneSlot, lists: Map<unknown, number>): string {
  const idOf = (list: readonly string[] | null): number => {
    const key = list === null || list.length === 0 ? String(list) : list
    const id = lists.get(key) ?? lists.size
    lists.set(key, id)
    return id
  }
  return `${slotClass(slot)} ${slot.memoryBytes} ${idOf(slot.weights)} ${idOf(slot.allowEnv)} ${Object.keys(slot.peakBytes)}`
}

function isUsable(slot: LaneSlot, device: string, lane: string): boolean {
  const closed = slot.closed.length === 0 ? null : closedBy(slot, lane)
  return slot.device === device && (closed === null || closed.forMs !== null)
}

/** Class and lane -> the slowest load measured. */
function measuredLoads(slots: readonly LaneSlot[], names: readonly string[]): Map<string, number> {
  const loads = new Map<string, number>()
  for (const [s, slot] of slots.entries()) {
    for (const [lane, seconds] of Object.entries(slot.loadSeconds)) {
      const key = `${names[s]} ${lane}`
      loads.set(key, Math.max(seconds, loads.get(key) ?? 0))
    }
  }
  return loads
}
