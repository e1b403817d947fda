import {
  type Config,
  configKey,
  type Load,
  type PairRecipe,
  type PlannedGroup,
  pairKey,
  type RerankTail,
  rerankGroupKey,
  type TaskRef,
  taskKey,
} from '@sweepboard/contracts'

/** A reranker of the matrix after its folder or server was looked at. */
export interface ResolvedReranker {
  readonly load: Load
  /** The recipe for a task; the reranker's own instruction where the task has none. Pure. */
  readonly recipe: (task: TaskRef) => PairRecipe
  /** Depths to score; the pairs of the largest hold those of all. */
  readonly depths: readonly number[]
  readonly tail: RerankTail
}

/** What `exclude` may name of a config. */
export interface ConfigFacts {
  readonly dimensions: string
  readonly precision: string
  readonly similarity: string
  /** Name of the reranker, or `none`. */
  readonly rerank: string
}

/** One config of the first stage under one reranker. */
export interface PlannedStage {
  readonly parent: Config
  readonly reranker: ResolvedReranker
  readonly recipe: PairRecipe
}

/** First-stage configs x rerankers, less what is excluded. */
export function rerankStages(
  given: { readonly configs: readonly Config[]; readonly rerankers: readonly ResolvedReranker[]; readonly task: TaskRef },
  isExcluded: (config: Config, rerank: string) => boolean,
): PlannedStage[] {
  return given.configs.flatMap((parent) =>
    given.rerankers
      .filter(({ load }) => !isExcluded(parent, load.model))
      .map((reranker) => ({ parent, reranker, recipe: reranker.recipe(given.task) })),
  )
}

/**
 * The child groups of one group: one per first-stage config, reranker and recipe, whose configs are the depths and tails. All rerankers of
 * one recipe and first-stage config share their pairs, found at the largest depth.
 */
export function childGroups(
  group: Omit<PlannedGroup, 'rank' | 'configs'>,
  stages: readonly PlannedStage[],
): Omit<PlannedGroup, 'rank'>[] {
  const byTarget = Map.groupBy(
    stages,
    ({ parent, reranker, recipe }) => `${configKey(parent)} ${pairKey(reranker.load.key, recipe)}`,
  )
  return [...byTarget.values()].map((same) => {
    const { parent: config, reranker, recipe } = same[0] as PlannedStage
    const { load } = reranker
    const depth = Math.max(...same.flatMap((one) => one.reranker.depths))
    const parent = { group: group.key, config }
    const configs = new Map(
      same
        .flatMap((one) => one.reranker.depths.map((each) => ({ depth: each, tail: one.reranker.tail })))
        .map((stage): Config => ({ ...config, rerank: { model: load.model, revision: load.revision, ...stage } }))
        .map((one) => [configKey(one), one]),
    )
    return {
      ...group,
      key: rerankGroupKey(parent, pairKey(load.key, recipe), depth, taskKey(group.task)),
      configs: [...configs.values()],
      rerank: { parent, load: { ...load, open: { ...load.open, pair: recipe } }, recipe, depth },
    }
  })
}
