import type { Plan, PlannedGroup, TaskRef } from '@sweepboard/contracts'
import { planSweep, type ResolvedModel, type SweepSpec } from '@sweepboard/planner'
import type { RecipeVariant } from './recipe-variants.ts'

export interface VariantPlan {
  readonly plan: Plan
  /** Places in `plan.groups` of the recipe in use, one a task reference. */
  readonly base: readonly number[]
  /** Variants that change something, each with its places; in the order given. */
  readonly variants: readonly { readonly variant: RecipeVariant; readonly places: readonly number[] }[]
}

/**
 * One plan for a recipe and its variants. What a variant leaves unchanged is the same group, computed once; a variant that changes no
 * group is left out. Variants stand on the board under their own label. Every group has one config.
 */
export function planVariants(
  spec: SweepSpec,
  of: { readonly base: ResolvedModel; readonly variants: readonly RecipeVariant[]; readonly refs: readonly TaskRef[] },
): VariantPlan {
  const groups: PlannedGroup[] = []
  const places = new Map<string, number>()
  const place = (plan: Plan, label: string | null) =>
    plan.groups.map((group) => {
      const known = places.get(group.key)
      if (known !== undefined) return known
      const model = label === null ? group.model : { ...group.model, variant: label }
      places.set(group.key, groups.length)
      return groups.push({ ...group, model, rank: groups.length }) - 1
    })
  const plan = planSweep({ spec, models: [of.base], tasks: of.refs })
  const base = place(plan, null)
  const variants: { variant: RecipeVariant; places: number[] }[] = []
  for (const variant of of.variants) {
    const before = groups.length
    const found = place(planSweep({ spec, models: [variant.model], tasks: of.refs }), `${variant.part}: ${variant.change}`)
    if (groups.length > before) variants.push({ variant, places: found })
  }
  return { plan: { ...plan, groups }, base, variants }
}
