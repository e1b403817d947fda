import { isRemote, LAUNCHED_SHARE, type Load } from '@sweepboard/contracts'
import type { Demand, Lane } from './fit.ts'

/** Bytes of weights opened per second until a slot has measured its own. */
export const LOAD_BYTES_PER_SECOND = 500e6
/** Seconds a launched server needs beside reading its weights: process, libraries, warming up. */
export const LAUNCH_SECONDS = 10

/** A lane's work at this moment. */
export interface LaneWork {
  readonly remainingTokens: number
  /** Of a chunk of it, on average; absent where that is not known. */
  readonly chunkTokens?: number | undefined
  readonly unservedForMs: number
  readonly sweeps: readonly Demand[]
}

/** What a lane needs of a slot. An endpoint takes no memory and no load time, and one slot at a time. */
export function laneOf(load: Load, work: LaneWork): Lane {
  const onServer = isRemote(load)
  const { launch } = load.open
  return {
    key: load.key,
    devices: onServer ? ['endpoint'] : (launch?.devices ?? (load.identity.provider.startsWith('cuda') ? ['cuda'] : ['cpu'])),
    memoryBytes: onServer ? 0 : load.memoryBytes,
    memoryShare: launch === undefined ? 1 : (launch.memoryShare ?? LAUNCHED_SHARE),
    spansDevices: launch !== undefined && launch.mostDevices !== 1,
    mostDevices: launch?.mostDevices,
    parameterCount: onServer ? null : load.parameterCount,
    weights: load.identity.weights,
    keyVariable: load.open.keyVariable,
    ...(load.open.slots !== undefined && { choices: load.open.slots }),
    maxSlots: onServer ? 1 : null,
    loadSeconds: onServer ? 0 : load.memoryBytes / LOAD_BYTES_PER_SECOND + (launch === undefined ? 0 : LAUNCH_SECONDS),
    ...work,
  }
}
