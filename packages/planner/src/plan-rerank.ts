import {
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
import type { WayOfModel } from './plan-ways.ts'

/** Candidate lists are re-ordered whole; mteb keeps 1,000 documents of any list. */
const CANDIDATE_DEPTH = 1000

/** A reranker of the matrix after its folder or server was looked at. */
export interface ResolvedReranker extends WayOfModel {
  /** With the recipe its engine is opened with (`pairLoad`). */
  readonly load: Load
  /** The recipe for a task; the reranker's own instruction where the task has none. Pure. */
  readonly recipe: (task: TaskRef) => PairRecipe
  /** Depths to score; the pairs of the largest hold those of all. */
  readonly depths: readonly number[]
  readonly tail: RerankTail
}

/**
 * The group of a reranker that is itself the model: it has no parent, its pairs are the task's candidate lists. Its one config is the
 * default one; of the recipe of an encoder it has only the similarity, by which scores are compared as they are.
 */
export function candidateGroup(load: Load, recipe: PairRecipe, task: TaskRef, variant = ''): Omit<PlannedGroup, 'rank'> {
  const key = pairKey(load.key, recipe)
  const encoder = Recipe.parse({ query: {}, document: {}, similarity: 'dot', dimensions: 1 })
  const rerank = { model: load.model, revision: load.revision, depth: null, tail: 'append' as const }
  return {
    key: rerankGroupKey(null, key, taskKey(task)),
    task,
    model: { load, recipe: encoder, recipeKey: key, variant },
    sides: encoder,
    configs: [{ dimensions: null, precision: 'float32', similarity: 'dot', rerank }],
    rerank: { parent: null, load, recipe, depth: CANDIDATE_DEPTH },
  }
}
