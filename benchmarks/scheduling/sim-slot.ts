import { freshSlot, type LaneSlot } from '@sweepboard/dispatch'
import type { Card } from './scenario.ts'
import type { SimChunk } from './work-list.ts'

export interface Lease {
  readonly lane: string
  readonly chunks: SimChunk[]
}

/** A slot as the lane choice sees it, and what it is really doing. */
export interface SimSlot {
  readonly view: { -readonly [K in keyof LaneSlot]: LaneSlot[K] } & {
    tokensPerSecond: Record<string, number>
    loadSeconds: Record<string, number>
  }
  readonly card: Card
  toldAt: number
  /** What it has in memory or is loading. */
  lane: string | null
  isLoading: boolean
  hasLoaded: boolean
  isComputing: boolean
  /** Changes with each load, so that the end of an abandoned one is not taken for its own. */
  loadId: number
  readonly leases: Lease[]
}

/** Loads nothing yet. */
export function newSlot(card: Card, index: number): SimSlot {
  const { memoryBytes, name: deviceName } = card
  const id = `s${String(index).padStart(4, '0')}`
  const view = {
    ...freshSlot({ id, device: 'cuda', memoryBytes, deviceCount: 1, deviceName }),
    tokensPerSecond: {},
    loadSeconds: {},
  }
  return { view, card, toldAt: 0, lane: null, isLoading: false, hasLoaded: false, isComputing: false, loadId: 0, leases: [] }
}
