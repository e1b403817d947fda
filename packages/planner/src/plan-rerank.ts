import {
  type Config,
  configKey,
  type Load,
  type PairRecipe,
  type PlannedGroup,
  pairKey,
  Recipe,
  type RerankTail,
  rerankGroupKey,
  type TaskRef,
  taskKey,
} from '@sweepboard/contracts'

/** Candidate lists are re-ordered whole; mteb keeps 1,000 documents of any list. */
const CANDIDATE_DEPTH = 1000

/** A reranker of the matrix after its folder or server was looked at. */
export interface ResolvedReranker {
  /** With the recipe its engine is opened with (`pairLoad`). */
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
 * The group of a reranker that is itself the model: it has no parent, its pairs are the task's candidate lists. Its one config is the
 * default one; of the recipe of an encoder it has only the similarity, by which scores are compared as they are.
 */
export function candidateGroup(load: Load, recipe: PairRecipe, task: TaskRef): Omit<PlannedGroup, 'rank'> {
  const key = pairKey(load.key, recipe)
  const encoder = Recipe.parse({ query: {}, document: {}, similarity: 'dot', dimensions: 1 })
  const rerank = { model: load.model, revision: load.revision, depth: null, tail: 'append' as const }
  return {
    key: rerankGroupKey(null, key, taskKey(task)),
    task,
    model: { load, recipe: encoder, recipeKey: key, variant: '' },
    sides: encoder,
    configs: [{ dimensions: null, precision: 'float32', similarity: 'dot', rerank }],
    rerank: { parent: null, load, recipe, depth: CANDIDATE_DEPTH },
  }
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
      key: rerankGroupKey(parent, pairKey(load.key, recipe), taskKey(group.task)),
      configs: [...configs.values()],
      rerank: { parent, load, recipe, depth },
    }
  })
}
