export type Device = 'cpu' | 'cuda' | 'endpoint'

/** A lane that a slot will not serve for now (`forMs`) or for good (null). */
export interface ClosedLane {
  readonly lane: string
  readonly reason: string
  readonly forMs: number | null
}

export interface LaneSlot {
  /** Unique over the fleet. */
  readonly id: string
  readonly device: Device
  readonly memoryBytes: number
  /** The lane it serves or was last told to serve. */
  readonly lane: string | null
  /** How long it has had that lane. */
  readonly laneForMs: number
  /** Measured tokens per second by lane. */
  readonly tokensPerSecond: Readonly<Record<string, number>>
  readonly closed: readonly ClosedLane[]
  /** Digests of weights its host can open; null: whatever the service can. */
  readonly weights: readonly string[] | null
  /** Environment variables its host may read. */
  readonly allowEnv: readonly string[]
}

export interface Lane {
  readonly key: string
  readonly devices: readonly Device[]
  readonly memoryBytes: number
  readonly weights: string | null
  readonly keyVariable: string | null
  /** Slots that may serve it at once: 1 for an endpoint, whose limits hold for the fleet. */
  readonly maxSlots: number | null
  readonly loadSeconds: number
  /** Tokens that wait or are leased. */
  readonly remainingTokens: number
  /** How long it has had work and no slot. */
  readonly unservedForMs: number
}

/** Why a slot can never serve a lane, or null where it can. */
export function misfit(slot: LaneSlot, lane: Lane): string | null {
  if (!lane.devices.includes(slot.device)) return `needs a slot of kind ${lane.devices.join(' or ')}`
  if (lane.memoryBytes > slot.memoryBytes)
    return `needs ${bytes(lane.memoryBytes)}, the largest such slot has ${bytes(slot.memoryBytes)}`
  if (lane.weights !== null && slot.weights !== null && !slot.weights.includes(lane.weights)) return 'no worker has its weights'
  if (lane.keyVariable !== null && !slot.allowEnv.includes(lane.keyVariable)) return `no worker may read ${lane.keyVariable}`
  return null
}

export function closedBy(slot: LaneSlot, lane: string): ClosedLane | null {
  return slot.closed.find((closed) => closed.lane === lane) ?? null
}

/** What a slot that could serve this lane looks like. */
export function wouldFit(lane: Lane): string {
  const parts = [`a ${lane.devices.join(' or ')} slot`]
  if (lane.memoryBytes > 0) parts.push(`${bytes(lane.memoryBytes)} of memory`)
  if (lane.weights !== null) parts.push('a worker with --models holding its weights')
  if (lane.keyVariable !== null) parts.push(`--allow-env ${lane.keyVariable}`)
  return parts.join(', ')
}

function bytes(count: number): string {
  return `${(count / 1e9).toFixed(count < 1e9 ? 2 : 1)} GB`
}
