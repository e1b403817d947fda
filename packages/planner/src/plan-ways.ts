import { type Load, type PlannedGroup, type SlotChoice, uniteChoices } from '@sweepboard/contracts'

/** What overrides make of a model: one of several ways to compute it. */
export interface WayOfModel {
  /** Names of the tasks it is computed on in this way; absent = all. */
  readonly tasks?: ReadonlySet<string> | undefined
  /** Engine that a choice by slot gave it, as the board shows it; absent on a model's own way. */
  readonly engine?: string | undefined
}

/** A load is one lane whoever names it: its slots are those that any of `loads`, all that were planned, is meant for. */
export function uniteSlots<G extends Pick<PlannedGroup, 'model' | 'rerank'>>(groups: readonly G[], loads: readonly Load[]): G[] {
  const slots = new Map<string, SlotChoice[] | undefined>()
  for (const { key, open } of loads) slots.set(key, slots.has(key) ? uniteChoices(slots.get(key), open.slots) : open.slots)
  const united = new Map<Load, Load>()
  const unite = (load: Load): Load => {
    const { slots: own, ...open } = load.open
    const all = slots.get(load.key)
    const held = united.get(load) ?? (own === all ? load : { ...load, open: all === undefined ? open : { ...open, slots: all } })
    united.set(load, held)
    return held
  }
  return groups.map((group) => ({
    ...group,
    model: { ...group.model, load: unite(group.model.load) },
    ...(group.rerank && { rerank: { ...group.rerank, load: unite(group.rerank.load) } }),
  }))
}
