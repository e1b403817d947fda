import { type NamedModel, parseDuration, type ReadSpec } from '@sweepboard/planner'

/** One entry of a sweep file's `consistency:`. */
export interface ConsistencyEntry {
  readonly pair: readonly [NamedModel, NamedModel]
  readonly task: string | undefined
  readonly minCosine: number | undefined
  readonly minComposite: number | undefined
  /** Null = only when the sweep is run. */
  readonly everyMs: number | null
}

/**
 * What a sweep file wants compared. A model that stands under `models` too is taken with its engine, recipe and revision; the other
 * side differs in its engine alone.
 */
export function consistencyEntries({ spec, models }: Pick<ReadSpec, 'spec' | 'models'>): ConsistencyEntry[] {
  return (spec?.consistency ?? []).map(({ model, against, task, min_cosine, min_composite, every }) => {
    const named = models.find(({ value }) => value.model === model)?.value ?? { model }
    const recipe = { ...spec?.recipe, ...named.recipe }
    const engine = named.engine ?? spec?.engine
    const own: NamedModel = { ...named, ...(engine === undefined ? {} : { engine }), recipe }
    return {
      pair: [own, { ...own, engine: against }],
      task,
      minCosine: min_cosine,
      minComposite: min_composite,
      everyMs: every === undefined ? null : parseDuration(every),
    }
  })
}
