import { isChosen, LAUNCHED_SHARE, type SlotChoice, sayChoices } from '@sweepboard/contracts'

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
  /** Of all its devices together. */
  readonly memoryBytes: number
  /** GPUs it joins; 1 on every other slot. */
  readonly deviceCount: number
  /** As the driver calls it; null where there is none to ask. */
  readonly deviceName: string | null
  /** The lane it serves or was last told to serve. */
  readonly lane: string | null
  /** How long it has had that lane. */
  readonly laneForMs: number
  /** Whether it has loaded its lane. */
  readonly isServing: boolean
  /** Measured tokens per second by lane. */
  readonly tokensPerSecond: Readonly<Record<string, number>>
  /** Measured peak memory in bytes by lane, all its devices together. */
  readonly peakBytes: Readonly<Record<string, number>>
  /** Measured seconds from start to ready by lane. */
  readonly loadSeconds: Readonly<Record<string, number>>
  readonly closed: readonly ClosedLane[]
  /** Digests of weights its host can open; null: whatever the service can. */
  readonly weights: readonly string[] | null
  /** Environment variables its host may read. */
  readonly allowEnv: readonly string[]
}

/** A slot that serves nothing yet, has measured nothing, and opens whatever the service can. */
export function freshSlot(hardware: Pick<LaneSlot, 'id' | 'device' | 'memoryBytes' | 'deviceCount' | 'deviceName'>): LaneSlot {
  const measured = { tokensPerSecond: {}, peakBytes: {}, loadSeconds: {} }
  return { ...hardware, ...measured, lane: null, laneForMs: 0, isServing: false, closed: [], weights: null, allowEnv: [] }
}

/** What one running sweep still has to compute in a lane. */
export interface Demand {
  readonly sweep: string
  readonly weight: number
}

export interface Lane {
  readonly key: string
  /** Kinds of slots, the preferred one first: a later one serves only where no slot of an earlier one can. */
  readonly devices: readonly Device[]
  /** Estimate; a measured peak on the same kind of device replaces it. */
  readonly memoryBytes: number
  /** Share of a slot's memory that its server may take; 1 where nothing is set aside. */
  readonly memoryShare: number
  /** Only such a lane may spread over the devices of a joined slot. */
  readonly spansDevices: boolean
  /** GPUs it can use: a slot that joins more never serves it; absent: any number. */
  readonly mostDevices?: number | undefined
  readonly parameterCount: number | null
  readonly weights: string | null
  readonly keyVariable: string | null
  /** Slots it is meant for, where a spec's overrides decide by slot; absent: any. */
  readonly choices?: readonly SlotChoice[] | undefined
  /** Slots that may serve it at once: 1 for an endpoint, whose limits hold for the fleet. */
  readonly maxSlots: number | null
  /** Estimate, used where no slot has measured its own. */
  readonly loadSeconds: number
  /** Tokens that wait or are leased. */
  readonly remainingTokens: number
  /** Of a chunk of them, on average; absent where that is not known. */
  readonly chunkTokens?: number | undefined
  /** How long it has had work and no slot. */
  readonly unservedForMs: number
  /** Running sweeps that want something of it; empty where nobody knows. */
  readonly sweeps: readonly Demand[]
}

/** Slots on which a lane's memory, load time and speed are alike. */
export function slotClass(slot: Pick<LaneSlot, 'device' | 'deviceName' | 'deviceCount'>): string {
  return `${slot.device} ${slot.deviceName ?? ''} ${slot.deviceCount}`
}

/** Class -> lane -> the most memory that any slot of the class has measured for it. */
export type MeasuredPeaks = ReadonlyMap<string, ReadonlyMap<string, number>>

export function measuredPeaks(slots: readonly LaneSlot[]): MeasuredPeaks {
  const peaks = new Map<string, Map<string, number>>()
  for (const slot of slots) {
    const entries = Object.entries(slot.peakBytes)
    if (entries.length === 0) continue
    const name = slotClass(slot)
    const ofClass = peaks.get(name) ?? new Map<string, number>()
    peaks.set(name, ofClass)
    for (const [lane, bytes] of entries) ofClass.set(lane, Math.max(bytes, ofClass.get(lane) ?? 0))
  }
  return peaks
}

const NOTHING_MEASURED: MeasuredPeaks = new Map()

/**
 * Why a slot can never serve a lane, or null where it can. Memory: a slot that has measured the lane itself fits; else what its class
 * measured must fit its memory; else the estimate must fit the share that the lane's server may take. A lane that one process opens
 * must fit one device of a joined slot.
 */
export function misfit(slot: LaneSlot, lane: Lane, peaks: MeasuredPeaks = NOTHING_MEASURED): string | null {
  if (!lane.devices.includes(slot.device)) return `needs a slot of kind ${lane.devices.join(' or ')}`
  if (!isChosen(lane.choices, slot)) return `is meant for other slots: ${sayChoices(lane.choices ?? [])}`
  if (joinsTooMany(slot, lane)) return `its server uses ${lane.mostDevices} GPU at most, the slot joins ${slot.deviceCount}`
  const lack = memoryLack(slot, lane, peaks)
  if (lack !== null) return lack
  if (lane.weights !== null && slot.weights !== null && !slot.weights.includes(lane.weights)) return 'no worker has its weights'
  if (lane.keyVariable !== null && !slot.allowEnv.includes(lane.keyVariable)) return `no worker may read ${lane.keyVariable}`
  return null
}

/** Whether a slot joins more GPUs than a lane's server can use. */
export function joinsTooMany(slot: LaneSlot, lane: Lane): boolean {
  return lane.mostDevices !== undefined && slot.deviceCount > lane.mostDevices
}

function memoryLack(slot: LaneSlot, lane: Lane, peaks: MeasuredPeaks): string | null {
  if (slot.peakBytes[lane.key] !== undefined) return null
  const usable = lane.spansDevices ? slot.memoryBytes : slot.memoryBytes / slot.deviceCount
  const peak = peaks.get(slotClass(slot))?.get(lane.key)
  const needed = peak ?? lane.memoryBytes / lane.memoryShare
  if (needed <= usable) return null
  const word = peak === undefined ? 'needs' : 'was measured to need'
  const each = slot.deviceCount > 1 && !lane.spansDevices ? ' on one device' : ''
  const raise = peak === undefined && lane.memoryBytes <= usable * LAUNCHED_SHARE ? shareWord(lane) : ''
  return `${word} ${bytes(needed)}${raise}, the largest such slot has ${bytes(usable)}${each}`
}

/** That a lane fits but for the share its spec gives it. */
function shareWord({ memoryShare, memoryBytes }: Lane): string {
  return memoryShare < LAUNCHED_SHARE ? ` (${bytes(memoryBytes)} at a memoryShare of ${memoryShare}: raise memoryShare)` : ''
}

export function closedBy(slot: LaneSlot, lane: string): ClosedLane | null {
  return slot.closed.find((closed) => closed.lane === lane) ?? null
}

/** What a slot that could serve this lane looks like. */
export function wouldFit(lane: Lane): string {
  const [preferred] = lane.devices
  const one = lane.mostDevices === 1 ? ' of one device' : ''
  const parts = [`${preferred === 'endpoint' ? 'an' : 'a'} ${lane.devices.join(' or ')} slot${one} (--slots ${preferred})`]
  const needed = lane.memoryBytes / lane.memoryShare
  const mayJoin = lane.spansDevices && lane.devices.includes('cuda')
  if (needed > 0) parts.push(`${bytes(needed)} of memory${mayJoin ? ', joined GPUs count together (no MIG devices)' : ''}`)
  if (lane.choices !== undefined) parts.push(`that is ${sayChoices(lane.choices)}`)
  if (lane.weights !== null) parts.push('a worker with --models holding its weights')
  if (lane.keyVariable !== null) parts.push(`--allow-env ${lane.keyVariable}`)
  return parts.join(', ')
}

function bytes(count: number): string {
  return `${(count / 2 ** 30).toFixed(count < 2 ** 30 ? 2 : 1)} GiB`
}
