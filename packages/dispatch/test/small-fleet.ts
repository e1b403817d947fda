import { freshSlot, type Lane, type LaneSlot } from '../src/fit.ts'
import { chooseLanes } from '../src/lanes.ts'

/** A CPU slot of 8 GB that has nothing. */
export const slot = (id: string, over: Partial<LaneSlot> = {}): LaneSlot => ({
  ...freshSlot({ id, device: 'cpu', memoryBytes: 8e9, deviceCount: 1, deviceName: null }),
  ...over,
})

/** A lane of 1 GB for CPU slots, with 100,000 tokens left and a load of 2 s. */
export const lane = (key: string, over: Partial<Lane> = {}): Lane => ({
  key,
  devices: ['cpu'],
  memoryBytes: 1e9,
  memoryShare: 1,
  spansDevices: false,
  parameterCount: null,
  weights: null,
  keyVariable: null,
  maxSlots: null,
  loadSeconds: 2,
  remainingTokens: 100_000,
  unservedForMs: 0,
  sweeps: [],
  ...over,
})

/** Slot -> lane, of a first choice. */
export const chosen = (slots: LaneSlot[], lanes: Lane[]) => Object.fromEntries(chooseLanes({ slots, lanes }).slots)
