import { type Load, SweepError } from '@sweepboard/contracts'
import { type LaneSlot, planFits } from '@sweepboard/dispatch'
import type { ServiceClient } from './client.ts'
import { type HostView, isScoreSlot } from './coordinator-hosts.ts'

/** What is to be said of one load of a plan. */
export interface FitNote {
  /** Load key. */
  readonly lane: string
  readonly note: string
}

/**
 * One note for each load of a plan that no live slot of a service can serve, with what would fit: it would wait there. None where no
 * worker is live yet or the service does not answer. Weights and keys are not looked at: only a beat says which of them a host has.
 */
export async function fitNotes(client: ServiceClient, loads: readonly Load[]): Promise<FitNote[]> {
  const slots = await liveSlots(client)
  if (slots.length === 0) return []
  const open = loads.map((load) => ({ ...load, open: { ...load.open, keyVariable: null } }))
  return planFits(slots, open).map(({ lane, model, reason, wouldFit }) => ({
    lane,
    note: `${model} fits no slot of this service: ${reason}. What would fit: ${wouldFit}`,
  }))
}

/** Slots of a service's live workers, named by host, less those that only score; none where the service does not answer. */
export async function liveSlots(client: Pick<ServiceClient, 'get'>): Promise<LaneSlot[]> {
  const hosts = (await client.get('/hosts').catch((thrown: unknown) => {
    if (thrown instanceof SweepError) return []
    throw thrown
  })) as HostView[]
  return hosts.flatMap(({ hostname, slots }) =>
    slots.filter((slot) => !isScoreSlot(slot)).map((slot) => asLaneSlot(hostname, slot)),
  )
}

function asLaneSlot(hostname: string, slot: HostView['slots'][number]): LaneSlot {
  return { ...slot, id: `${hostname} ${slot.id}`, laneForMs: 0, isServing: false, weights: null, allowEnv: [] }
}
