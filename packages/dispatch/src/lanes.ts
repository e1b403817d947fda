import { closedBy, type Lane, type LaneSlot, misfit, wouldFit } from './fit.ts'
import { DEFAULT_TOKENS_PER_SECOND } from './window.ts'

/** A lane without any slot may take one from another lane after this long, or twice its load time. */
export const STARVED_SECONDS = 15

export interface Unservable {
  readonly lane: string
  /** `no-slot`: none fits. `closed`: every slot that fits has closed it for good. */
  readonly kind: 'no-slot' | 'closed'
  readonly reason: string
  readonly wouldFit: string
}

export interface LaneChoice {
  /** Slot id -> lane, null = idle. Every slot given is named. */
  readonly slots: ReadonlyMap<string, string | null>
  readonly unservable: readonly Unservable[]
}

/**
 * Which lane each slot serves; `lanes` are those with work. Sticky: a slot keeps its lane while that has work, unless a lane without
 * any slot has waited too long, or moving gains more time than loading costs. An idle slot takes the lane with most remaining seconds
 * per slot that fits. Pure and independent of the order of its inputs.
 */
export function chooseLanes(given: { readonly slots: readonly LaneSlot[]; readonly lanes: readonly Lane[] }): LaneChoice {
  const slots = [...given.slots].sort((a, b) => (a.id < b.id ? -1 : 1))
  const lanes = [...given.lanes].sort((a, b) => (a.key < b.key ? -1 : 1))
  const choice = new Choice(slots, lanes)
  choice.keep()
  choice.fillIdle()
  choice.feedStarved()
  choice.moveOne()
  // A lane that lost its only slot may fit one that had nothing to do.
  choice.fillIdle()
  return { slots: choice.assigned, unservable: lanes.flatMap((lane) => unservableBy(slots, lane)) }
}

function unservableBy(slots: readonly LaneSlot[], lane: Lane): Unservable[] {
  const fitting = slots.filter((slot) => misfit(slot, lane) === null)
  if (fitting.length === 0) {
    const nearest =
      slots.filter((slot) => lane.devices.includes(slot.device)).sort((a, b) => b.memoryBytes - a.memoryBytes)[0] ?? slots[0]
    const reason = nearest === undefined ? 'there is no slot at all' : (misfit(nearest, lane) ?? '')
    return [{ lane: lane.key, kind: 'no-slot', reason, wouldFit: wouldFit(lane) }]
  }
  const closed = fitting.map((slot) => closedBy(slot, lane.key))
  if (!closed.every((entry) => entry !== null && entry.forMs === null)) return []
  return [{ lane: lane.key, kind: 'closed', reason: closed[0]?.reason ?? '', wouldFit: wouldFit(lane) }]
}

class Choice {
  readonly assigned = new Map<string, string | null>()
  readonly #slots: readonly LaneSlot[]
  readonly #lanes: readonly Lane[]
  readonly #byKey: ReadonlyMap<string, Lane>

  constructor(slots: readonly LaneSlot[], lanes: readonly Lane[]) {
    this.#slots = slots
    this.#lanes = lanes
    this.#byKey = new Map(lanes.map((lane) => [lane.key, lane]))
    for (const slot of slots) this.assigned.set(slot.id, null)
  }

  /** Every slot keeps the lane it has, as far as that has work and the slot may serve it; of too many, the longest stay. */
  keep(): void {
    const longest = [...this.#slots].sort((a, b) => b.laneForMs - a.laneForMs || (a.id < b.id ? -1 : 1))
    for (const slot of longest) {
      const lane = slot.lane === null ? undefined : this.#byKey.get(slot.lane)
      if (lane !== undefined && this.#mayServe(slot, lane)) this.assigned.set(slot.id, lane.key)
    }
  }

  fillIdle(): void {
    for (const slot of this.#slots) {
      if (this.assigned.get(slot.id) !== null) continue
      const [best] = this.#lanes
        .filter((lane) => this.#mayServe(slot, lane) && this.#isWorthJoining(slot, lane))
        .sort((a, b) => this.#perSlot(b) - this.#perSlot(a) || this.#seconds(b) - this.#seconds(a) || (a.key < b.key ? -1 : 1))
      if (best !== undefined) this.assigned.set(slot.id, best.key)
    }
  }

  /** A lane that has waited too long takes a slot: from the lane with most slots, there the one that has served longest. */
  feedStarved(): void {
    const starved = this.#lanes
      .filter((lane) => this.#count(lane.key) === 0 && lane.unservedForMs > patienceMs(lane))
      .sort((a, b) => b.unservedForMs - a.unservedForMs || (a.key < b.key ? -1 : 1))
    for (const lane of starved) {
      const [victim] = this.#slots
        .filter((slot) => this.#mayServe(slot, lane) && this.#hasServedItsTime(slot))
        .sort((a, b) => this.#countOf(b) - this.#countOf(a) || b.laneForMs - a.laneForMs || (a.id < b.id ? -1 : 1))
      if (victim !== undefined) this.assigned.set(victim.id, lane.key)
    }
  }

  /** At most one slot moves for speed alone: where the time gained there exceeds the time lost here and the loading. */
  moveOne(): void {
    let best: { slot: LaneSlot; to: string; gain: number } | null = null
    for (const slot of this.#slots) {
      const from = this.#byKey.get(this.assigned.get(slot.id) ?? '')
      if (from === undefined || slot.lane !== from.key || this.#count(from.key) < 2 || !this.#hasServedItsTime(slot)) continue
      for (const lane of this.#lanes) {
        if (lane.key === from.key || this.#count(lane.key) === 0 || !this.#mayServe(slot, lane)) continue
        const here = this.#count(from.key)
        const gain = this.#joinGain(lane) - this.#seconds(from) / (here * (here - 1)) - lane.loadSeconds
        if (gain > 0 && gain > (best?.gain ?? 0)) best = { slot, to: lane.key, gain }
      }
    }
    if (best !== null) this.assigned.set(best.slot.id, best.to)
  }

  #mayServe(slot: LaneSlot, lane: Lane): boolean {
    if (misfit(slot, lane) !== null || closedBy(slot, lane.key) !== null) return false
    return lane.maxSlots === null || this.#count(lane.key) < lane.maxSlots
  }

  #isWorthJoining(slot: LaneSlot, lane: Lane): boolean {
    return this.#count(lane.key) === 0 || slot.lane === lane.key || this.#joinGain(lane) > lane.loadSeconds
  }

  #hasServedItsTime(slot: LaneSlot): boolean {
    const lane = this.#byKey.get(this.assigned.get(slot.id) ?? '')
    return lane === undefined || (slot.lane === lane.key && slot.laneForMs > patienceMs(lane))
  }

  /** Seconds by which a lane ends earlier with one slot more. */
  #joinGain(lane: Lane): number {
    const there = this.#count(lane.key)
    return there === 0 ? Number.POSITIVE_INFINITY : this.#seconds(lane) / (there * (there + 1))
  }

  #perSlot(lane: Lane): number {
    const there = this.#count(lane.key)
    return there === 0 ? Number.POSITIVE_INFINITY : this.#seconds(lane) / there
  }

  /** Work left on one slot of the lane's mean measured speed. */
  #seconds(lane: Lane): number {
    const measured = this.#slots
      .map((slot) => slot.tokensPerSecond[lane.key])
      .filter((speed) => speed !== undefined && speed > 0) as number[]
    const speed =
      measured.length === 0 ? DEFAULT_TOKENS_PER_SECOND : measured.reduce((sum, one) => sum + one, 0) / measured.length
    return lane.remainingTokens / speed
  }

  #count(lane: string): number {
    let count = 0
    for (const assigned of this.assigned.values()) if (assigned === lane) count += 1
    return count
  }

  #countOf(slot: LaneSlot): number {
    const lane = this.assigned.get(slot.id) ?? null
    return lane === null ? Number.POSITIVE_INFINITY : this.#count(lane)
  }
}

function patienceMs(lane: Lane): number {
  return 1000 * Math.max(STARVED_SECONDS, 2 * lane.loadSeconds)
}
