import type { Config, Digest, PlannedGroup, PreparedTask } from '@sweepboard/contracts'
import { Config as ConfigSchema } from '@sweepboard/contracts'
import { z } from 'zod'
import { PlanSchema, PreparedTaskSchema, Submission, type SubmittedSweep } from './plan-schema.ts'

/** Groups sent at once: the service checks and records so many in some 50 ms, and answers others in between. */
export const SLICE_GROUPS = 100
const { groups, gates, warnings, isLimited, budget } = PlanSchema.shape
const { sweep, name, spec, weight, keep } = Submission.shape

/** A part of a big sweep, sent before it: harmless until a sweep wants it. */
export const GroupSlice = z.strictObject({
  groups: z.array(groups.element).max(1000),
  prepared: z.array(PreparedTaskSchema).max(1000),
})

/** A sweep over groups sent before. */
export const SweepOfGroups = z.strictObject({
  sweep,
  name,
  spec,
  weight,
  keep,
  gates,
  warnings,
  isLimited,
  budget,
  configSets: z.array(z.array(ConfigSchema).min(1)),
  /** Group key, index of its config set, rank. */
  wants: z.array(z.tuple([z.string().length(64), z.number().int().nonnegative(), z.number().int().nonnegative()])).min(1),
})
export type SweepOfGroups = z.infer<typeof SweepOfGroups>

/** Slices of a sweep's groups in plan order, each with the prepared tasks first named in it. */
export function* slicesOf(
  { plan, prepared }: SubmittedSweep,
  keyOf: (group: PlannedGroup) => Digest,
): Generator<{
  readonly groups: readonly PlannedGroup[]
  readonly prepared: readonly PreparedTask[]
}> {
  const left = new Map(prepared.map((task) => [task.key, task]))
  for (let at = 0; at < plan.groups.length; at += SLICE_GROUPS) {
    const slice = plan.groups.slice(at, at + SLICE_GROUPS)
    const tasks = new Set(slice.map(keyOf))
    const ready = [...tasks].flatMap((key) => left.get(key) ?? [])
    for (const { key } of ready) left.delete(key)
    yield { groups: slice, prepared: ready }
  }
}

/** The sweep itself, once its groups are sent. */
export function sweepOfGroups({
  sweep: id,
  name: title,
  spec: text,
  weight: share,
  keep: kept,
  plan,
}: SubmittedSweep): SweepOfGroups {
  const sets = new Map<string, number>()
  const configSets: Config[][] = []
  const wants = plan.groups.map(({ key, configs, rank }): [string, number, number] => {
    const json = JSON.stringify(configs)
    const known = sets.get(json) ?? configSets.push([...configs]) - 1
    sets.set(json, known)
    return [key, known, rank]
  })
  const head = { gates: [...plan.gates], warnings: [...plan.warnings], isLimited: plan.isLimited, budget: plan.budget }
  return { sweep: id, name: title, spec: text, weight: share, keep: kept ?? 'all', ...head, configSets, wants }
}
