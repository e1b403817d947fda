import { alternativesOf, type NamedModel, parseDuration, type ReadSpec } from '@sweepboard/planner'

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
 * What a sweep file wants compared. A model that stands under `models` too is taken with its engine, recipe and revision and with the
 * overrides that go by its name (and the entry's task); the other side differs in its engine alone. Overrides by slot do not count:
 * the comparison opens the engine itself, on no slot.
 */
export function consistencyEntries(read: Pick<ReadSpec, 'spec' | 'models'>): ConsistencyEntry[] {
  const { spec } = read
  return (spec?.consistency ?? []).map(({ model, against, task, min_cosine, min_composite, every }) => {
    const [{ named }] = alternativesOfEntry(read, { model, task })
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

/** What is to be said of models that are compared and have other engines on some slots. */
export function consistencyNotes(read: Pick<ReadSpec, 'spec' | 'models'>): string[] {
  return (read.spec?.consistency ?? []).flatMap(({ model, task }) => {
    const [, ...bySlot] = alternativesOfEntry(read, { model, task })
    const engines = bySlot.map(({ engine }) => engine).join(', ')
    return bySlot.length === 0
      ? []
      : [
          `consistency compares ${model} with its own engine, on no slot: for ${engines}, which overrides give some slots, run \`sweepboard consistency\` with that engine on its host`,
        ]
  })
}

function alternativesOfEntry(
  { spec, models }: Pick<ReadSpec, 'spec' | 'models'>,
  { model, task }: { model: string; task: string | undefined },
) {
  const named = models.find(({ value }) => value.model === model)?.value ?? { model }
  return alternativesOf(named, spec?.overrides ?? [], task ?? '')
}
