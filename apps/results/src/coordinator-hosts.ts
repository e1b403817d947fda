import type { Beat, SlotReport } from '@sweepboard/contracts'
import { SCORE_LANE } from '@sweepboard/contracts'
import { DEFAULT_TOKENS_PER_SECOND, isAfter, type LaneSlot } from '@sweepboard/dispatch'

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

  isAnyLive(now: number): boolean {
    return this.#live(now).length > 0
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
            deviceCount: slot.deviceCount,
            deviceName: slot.deviceName,
            lane: told.lane,
            laneForMs: now - told.since,
            isServing: slot.state === 'serving' && slot.lane === told.lane,
            tokensPerSecond: slot.tokensPerSecond,
            peakBytes: slot.peakBytes,
            loadSeconds: slot.loadSeconds,
            closed: slot.closed,
            weights: beat.weights,
            allowEnv: beat.allowEnv,
          }
        }),
    )
  }

  /** Answers the hosts whose slots hear of another lane by this. */
  tell(choice: ReadonlyMap<string, string | null>, now: number): Set<string> {
    const hosts = new Set<string>()
    for (const [id, lane] of choice) {
      if (this.#told.get(id)?.lane === lane) continue
      this.#told.set(id, { lane, since: now })
      hosts.add(id.slice(0, id.lastIndexOf(' ')))
    }
    return hosts
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
  serving(now: number): Map<string, ServingLane> {
    const lanes = new Map<string, { slots: number; speeds: number[] }>()
    for (const { beat } of this.#live(now)) {
      for (const slot of beat.slots) {
        if (slot.state === 'draining' || slot.state === 'full') continue
        const lane = isScoreSlot(slot) ? SCORE_LANE : slot.lane
        if (lane === null || (!isScoreSlot(slot) && this.#told.get(`${beat.host} ${slot.id}`)?.lane !== lane)) continue
        const so = lanes.get(lane) ?? { slots: 0, speeds: [] }
        lanes.set(lane, so)
        so.slots += 1
        const speed = slot.tokensPerSecond[lane]
        if (speed !== undefined && speed > 0) so.speeds.push(speed)
      }
    }
    return new Map([...lanes].map(([lane, { slots, speeds }]) => [lane, servingLane(slots, speeds)]))
  }
}

/** The slots of a lane, as far as the size of a lease depends on them. */
export interface ServingLane {
  readonly slots: number
  readonly slowestTokensPerSecond: number
  readonly fastestTokensPerSecond: number
  readonly tokensPerSecond: number
}

/** A slot that has not measured itself counts as the mean of those that have. */
function servingLane(slots: number, speeds: readonly number[]): ServingLane {
  if (speeds.length === 0) speeds = [DEFAULT_TOKENS_PER_SECOND]
  const sum = speeds.reduce((total, speed) => total + speed, 0)
  return {
    slots,
    slowestTokensPerSecond: Math.min(...speeds),
    fastestTokensPerSecond: Math.max(...speeds),
    tokensPerSecond: (sum * slots) / speeds.length,
  }
}
