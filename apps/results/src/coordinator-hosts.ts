import type { Beat, SlotReport } from '@sweepboard/contracts'
import { SCORE_LANE } from '@sweepboard/contracts'
import { isAfter, type LaneSlot } from '@sweepboard/dispatch'

/** A host as its last beat described it. */
export interface HostView {
  readonly host: string
  readonly hostname: string
  readonly version: string
  readonly boot: number
  /** Milliseconds since its last beat. */
  readonly silentForMs: number
  readonly holding: number
  readonly slots: readonly (SlotReport & { readonly assigned: string | null })[]
}

interface Known {
  readonly beat: Beat
  readonly at: number
}

/** Slots whose id starts so serve only the score lane, and need no lane from the service. */
export function isScoreSlot(slot: Pick<SlotReport, 'id'>): boolean {
  return slot.id.startsWith('score')
}

/** Hosts and slots: in memory only, rebuilt by the next beat of each. */
export class HostTable {
  readonly #graceMs: number
  readonly #hosts = new Map<string, Known>()
  /** `host slot` -> lane told, and since when. */
  readonly #told = new Map<string, { lane: string | null; since: number }>()

  constructor(graceMs: number) {
    this.#graceMs = graceMs
  }

  /** False, and nothing kept, where a newer beat of this host is known. */
  record(beat: Beat, now: number): boolean {
    const known = this.#hosts.get(beat.host)
    if (known !== undefined && !isAfter(beat, known.beat)) return false
    this.#hosts.set(beat.host, { beat, at: now })
    return true
  }

  #live(now: number): Known[] {
    return [...this.#hosts.values()].filter(({ at }) => now - at <= this.#graceMs)
  }

  views(now: number): HostView[] {
    return this.#live(now).map(({ beat, at }) => ({
      host: beat.host,
      hostname: beat.hostname,
      version: beat.version,
      boot: beat.boot,
      silentForMs: now - at,
      holding: beat.holding.length,
      slots: beat.slots.map((slot) => ({ ...slot, assigned: this.#told.get(`${beat.host} ${slot.id}`)?.lane ?? null })),
    }))
  }

  /** Live encode slots, as the lane choice sees them. */
  laneSlots(now: number): LaneSlot[] {
    return this.#live(now).flatMap(({ beat }) =>
      beat.slots
        .filter((slot) => !isScoreSlot(slot))
        .map((slot) => {
          const id = `${beat.host} ${slot.id}`
          const told = this.#told.get(id) ?? { lane: slot.lane, since: now }
          this.#told.set(id, told)
          return {
            id,
            device: slot.device,
            memoryBytes: slot.memoryBytes,
            lane: told.lane,
            laneForMs: now - told.since,
            tokensPerSecond: slot.tokensPerSecond,
            closed: slot.closed,
            weights: beat.weights,
            allowEnv: beat.allowEnv,
          }
        }),
    )
  }

  tell(choice: ReadonlyMap<string, string | null>, now: number): void {
    for (const [id, lane] of choice) if (this.#told.get(id)?.lane !== lane) this.#told.set(id, { lane, since: now })
  }

  /** Lane told to each encode slot of a host. */
  told(host: string): Map<string, string | null> {
    const lanes = new Map<string, string | null>()
    for (const slot of this.#hosts.get(host)?.beat.slots ?? []) {
      const told = this.#told.get(`${host} ${slot.id}`)
      if (told !== undefined) lanes.set(slot.id, told.lane)
    }
    return lanes
  }

  /** Live slots that take tickets of each lane: told to serve it, reported it, neither draining nor full. */
  serving(now: number): Map<string, { slots: number; slowest: number | null }> {
    const lanes = new Map<string, { slots: number; slowest: number | null }>()
    for (const { beat } of this.#live(now)) {
      for (const slot of beat.slots) {
        if (slot.state === 'draining' || slot.state === 'full') continue
        const lane = isScoreSlot(slot) ? SCORE_LANE : slot.lane
        if (lane === null || (!isScoreSlot(slot) && this.#told.get(`${beat.host} ${slot.id}`)?.lane !== lane)) continue
        const so = lanes.get(lane) ?? { slots: 0, slowest: null }
        const speed = slot.tokensPerSecond[lane] ?? null
        lanes.set(lane, { slots: so.slots + 1, slowest: speed === null ? so.slowest : Math.min(speed, so.slowest ?? speed) })
      }
    }
    return lanes
  }
}
