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
    const { classOf, ofClass } = classesOf(this.slots)
    const closers = this.slots.flatMap((slot, s) => (slot.closed.length > 0 ? [s] : []))
    const speeds = new Speeds(this.slots, this.lanes)
    const loads = measuredLoads(this.slots, classOf)
    this.eligible = order.map((from, l) => {
      const lane = this.lanes[l] as Lane
      const classSpeed = ofClass.map((slot) => speeds.ofClassOf(slot, lane))
      const classLoad = ofClass.map((_, number) => loads.get(lane.key)?.[number] ?? lane.loadSeconds)
      const fitting = fits[from] as Int32Array
      const closed = closers.filter((s) => closedBy(this.slots[s] as LaneSlot, lane.key) !== null)
      const found = closed.length === 0 ? fitting : fitting.filter((s) => !closed.includes(s))
      for (const s of found) {
        const at = l * this.slots.length + s
        const number = classOf[s] as number
        this.may[at] = 1
        this.speed[at] = classSpeed[number] as number
        this.load[at] = classLoad[number] as number
      }
      return found
    })
    const holders = this.#measure()
    for (const [l, of] of holders.entries()) this.#settleHolders(l, of)
    this.holders = holders
  }

  at(lane: number, slot: number): number {
    return lane * this.slots.length + slot
  }

  /** What slots measured themselves, and what they hold. */
  #measure(): number[][] {
    const numbers = new Map(this.lanes.map(({ key }, l) => [key, l]))
    const holders: number[][] = this.lanes.map(() => [])
    for (const [s, slot] of this.slots.entries()) {
      const atOf = (key: string): number => {
        const l = numbers.get(key)
        return l !== undefined && this.may[this.at(l, s)] === 1 ? this.at(l, s) : -1
      }
      for (const key in slot.tokensPerSecond) {
        const at = atOf(key)
        const own = slot.tokensPerSecond[key] as number
        if (at !== -1 && own > 0) this.speed[at] = own
      }
      for (const key in slot.loadSeconds) {
        const at = atOf(key)
        if (at !== -1) this.load[at] = slot.loadSeconds[key] as number
      }
      if (slot.lane === null || atOf(slot.lane) === -1) continue
      const l = numbers.get(slot.lane) as number
      this.held[s] = l
      holders[l]?.push(s)
    }
    return holders
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
  readonly fits: readonly Int32Array[]
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
function fitsOf(slots: readonly LaneSlot[], lanes: readonly Lane[]): Int32Array[] {
  const peaks = measuredPeaks(slots)
  const numbers = new Map<string, number>()
  const lists = new Map<unknown, number>()
  const examples: LaneSlot[] = []
  const groupOf = Int32Array.from(slots, (slot) => {
    const key = likeness(slot, lists)
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, examples.length)
    return examples.push(slot) - 1
  })
  const found = new Int32Array(slots.length)
  return lanes.map((lane) => {
    const fits = Uint8Array.from(examples, (slot) => (misfit(slot, lane, peaks) === null ? 1 : 0))
    let count = 0
    for (let s = 0; s < groupOf.length; s += 1) {
      if (fits[groupOf[s] as number] === 0) continue
      found[count] = s
      count += 1
    }
    const fitting = found.slice(0, count)
    if (lane.devices.length === 1) return fitting
    const kind = lane.devices.find((device) => fitting.some((s) => isUsable(slots[s] as LaneSlot, device, lane.key)))
    return kind === undefined ? fitting : fitting.filter((s) => slots[s]?.device === kind)
  })
}

/** Each slot's class by number, and a slot of each. */
function classesOf(slots: readonly LaneSlot[]): { classOf: Int32Array; ofClass: LaneSlot[] } {
  const numbers = new Map<string, number>()
  const ofClass: LaneSlot[] = []
  const classOf = Int32Array.from(slots, (slot) => {
    const name = slotClass(slot)
    const known = numbers.get(name)
    if (known !== undefined) return known
    numbers.set(name, ofClass.length)
    return ofClass.push(slot) - 1
  })
  return { classOf, ofClass }
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

/** Lane -> class -> the slowest load measured. */
function measuredLoads(slots: readonly LaneSlot[], classOf: Int32Array): Map<string, number[]> {
  const loads = new Map<string, number[]>()
  for (const [s, slot] of slots.entries()) {
    for (const key in slot.loadSeconds) {
      const ofLane = loads.get(key) ?? []
      loads.set(key, ofLane)
      const number = classOf[s] as number
      ofLane[number] = Math.max(slot.loadSeconds[key] as number, ofLane[number] ?? 0)
    }
  }
  return loads
}
