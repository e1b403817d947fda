import { hostname } from 'node:os'
import { type Load, type Plan, splitVariant } from '@sweepboard/contracts'
import { freshSlot, type LaneSlot, planFits, slotsThatFit } from '@sweepboard/dispatch'
import { liveSlots, type ServiceClient } from '@sweepboard/results'
import { type FoundSlots, hostMemoryBytes } from '@sweepboard/worker'

/** Slots a plan is made for. */
export interface PlanSlots {
  /** As a sentence says it: `here`, `of the live workers`. */
  readonly where: string
  readonly slots: readonly LaneSlot[]
}

/** Slots of this machine as its worker will announce them. */
export function slotsHere({ slots, gpus }: FoundSlots): PlanSlots {
  const cpuSlots = Math.max(1, slots.filter(({ device }) => device === 'cpu').length)
  const share = Math.floor(hostMemoryBytes() / cpuSlots)
  return {
    where: `of ${hostname()}`,
    slots: slots.map((slot) =>
      freshSlot({
        id: slot.id,
        device: slot.device,
        memoryBytes: slot.device === 'cpu' ? share : (gpus?.memoryBytes(slot) ?? 0),
        deviceCount: Math.max(1, slot.devices.length),
        deviceName: gpus?.nameOf(slot) ?? null,
      }),
    ),
  }
}

/** Slots of a service's live workers. */
export async function slotsThere(client: Pick<ServiceClient, 'get'>): Promise<PlanSlots> {
  return { where: 'of the live workers', slots: await liveSlots(client) }
}

/** What a plan can know of a load and slots: weights and keys are the hosts' own affair. */
export interface LoadFit {
  /** Ids of the slots that would take it, the first few of many. */
  readonly shown: string
  readonly slots: readonly string[]
  /** Why none would, with what would fit; null where one would. */
  readonly reason: string | null
}

const MOST_SHOWN = 8

export function fitOf(load: Load, { slots }: PlanSlots): LoadFit {
  const open = { ...load, open: { ...load.open, keyVariable: null } }
  const ids = [...new Set(slotsThatFit(slots, open).map(({ id }) => id))]
  const [misfit] = ids.length > 0 ? [] : planFits(slots, [open])
  const more = ids.length > MOST_SHOWN ? ` and ${ids.length - MOST_SHOWN} more` : ''
  const reason = misfit === undefined ? 'none fits' : `${misfit.reason}. What would fit: ${misfit.wouldFit}`
  return {
    shown: `${ids.slice(0, MOST_SHOWN).join(', ')}${more}`,
    slots: ids,
    reason: ids.length > 0 ? null : reason,
  }
}

/** Every load of a plan, once, with its engine as notes call it. */
export function laneFits({ groups }: Plan, slots: PlanSlots): { load: Load; engine: string; fit: LoadFit }[] {
  const lanes = new Map<string, { load: Load; engine: string }>()
  for (const { model, rerank, derive } of groups) {
    const load = (rerank ?? model).load
    const engine = (rerank?.parent ? '' : splitVariant(model.variant).engine) || ownEngine(load)
    if (derive === undefined && !lanes.has(load.key)) lanes.set(load.key, { load, engine })
  }
  return [...lanes.values()].map((lane) => ({ ...lane, fit: fitOf(lane.load, slots) }))
}

/** What computes a load: its launcher, else its engine. */
export function ownEngine({ open, identity }: Load): string {
  return open.launch?.launcher ?? identity.engine
}
