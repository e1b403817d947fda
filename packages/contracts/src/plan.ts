import { type Config, configKey } from './config.ts'
import type { Digest } from './digest.ts'
import { keyOf } from './digest.ts'
import type { PreparationCounts } from './judgments.ts'
import type { Load, PairRecipe, Recipe, SideRecipe } from './recipe.ts'
import type { PromptSides, TaskType } from './task-type.ts'

/** Where a task's data comes from and what the catalog says of it: input of preparation, one per (task, subset, split). */
export interface TaskRef {
  /** Task name as MTEB spells it, or the folder's name for a local task. */
  readonly task: string
  readonly subset: string
  readonly split: string
  readonly source:
    | { readonly kind: 'folder'; readonly path: string }
    | { readonly kind: 'shipped'; readonly name: string }
    /** A dataset repository of the hub at a full commit; only for tasks of the catalog, which says how to load it. */
    | { readonly kind: 'hub'; readonly repo: string; readonly revision: string }
  /** Absent = Retrieval. */
  readonly type?: Exclude<TaskType, 'Retrieval'> | undefined
  readonly mainScore: string
  readonly languages: readonly string[]
  readonly ignoreIdenticalIds: boolean
  /** First n judged queries, their relevant documents and the first n others; null = all. */
  readonly limit: number | null
  /** The catalog's revision and statistics; null for tasks outside the catalog. */
  readonly catalog: {
    readonly revision: string
    readonly queryCount: number | null
    readonly documentCount: number | null
  } | null
}

/** Identity of a task reference in the ledger (before its data is read). */
export function taskKey(ref: TaskRef): Digest {
  return keyOf({ v: 1, task: ref.task, subset: ref.subset, split: ref.split, source: ref.source, limit: ref.limit })
}

/** One model of a plan with the instruction already filled in for one task. */
export interface PlannedModel {
  readonly load: Load
  readonly recipe: Recipe
  readonly recipeKey: Digest
  /** Label shown beside the model when several recipes of one load stand on the board, e.g. `instruction: none`. */
  readonly variant: string
}

/**
 * What makes a group a child: its cells are scored from what `load` says of pairs (query, document). The pairs come from the ranked
 * run of one cell of another group, or, without `parent`, from the task's own candidate lists.
 */
export interface PlannedRerank {
  readonly parent: { readonly group: Digest; readonly config: Config } | null
  readonly load: Load
  readonly recipe: PairRecipe
  /** Documents per query whose pairs are scored: the largest depth of the group's configs. */
  readonly depth: number
}

/**
 * What makes a group a derived one: its cells are made from the ranked runs of other cells, without any encoding. One source is cut,
 * two are fused: the first stage and the lexical model.
 */
export interface PlannedDerive {
  readonly sources: readonly { readonly group: Digest; readonly config: Config }[]
}

/** The cells that share one lane's vectors for one task, subset and split. */
export interface PlannedGroup {
  readonly key: Digest
  readonly task: TaskRef
  readonly model: PlannedModel
  readonly sides: { readonly query: SideRecipe; readonly document: SideRecipe }
  readonly configs: readonly Config[]
  /** Plan order: small tasks first. */
  readonly rank: number
  /** Only on a child group: `model` and `sides` are then those of the first stage, or of the reranker where there is none. */
  readonly rerank?: PlannedRerank | undefined
  /** Only on a derived group: `model` and `sides` are those of the first stage. */
  readonly derive?: PlannedDerive | undefined
}

/** Group key before data digests are known: (encoding keys, task reference). Configs are not part of it. */
export function groupKey(queryEncoding: Digest, documentEncoding: Digest, task: Digest): Digest {
  return keyOf({ v: 1, queryEncoding, documentEncoding, task })
}

/** Group key of a child: what is re-ordered, by which reranker and recipe (its pair key). How deep is its configs' business. */
export function rerankGroupKey(parent: PlannedRerank['parent'], pair: Digest, task: Digest): Digest {
  const from = parent === null ? null : { group: parent.group, config: configKey(parent.config) }
  return keyOf({ v: 1, rerank: { from, pair }, task })
}

/** Group key of a derived group: the cells it is made from, in order. */
export function deriveGroupKey({ sources }: PlannedDerive, task: Digest): Digest {
  return keyOf({ v: 1, derive: sources.map(({ group, config }) => ({ group, config: configKey(config) })), task })
}

/** A gate of a spec, compiled. */
export type Gate =
  | { readonly kind: 'published'; readonly within: number; readonly model: string; readonly task: string }
  | {
      readonly kind: 'metric'
      readonly metric: string
      readonly op: '>=' | '>' | '<=' | '<'
      readonly value: number
      readonly model: string
      readonly task: string
    }

export interface Plan {
  readonly sweep: string
  readonly groups: readonly PlannedGroup[]
  readonly gates: readonly Gate[]
  readonly warnings: readonly string[]
  /** Whether any limit is set: such cells are never exported. */
  readonly isLimited: boolean
  readonly budget: { readonly cellMs: number | null; readonly sweepMs: number | null }
}

/** A text set as the ledger knows it: `count` distinct texts, `bytes` of UTF-8, chunk bounds `[start, end)`. */
export interface TextSetRef {
  readonly digest: Digest
  readonly count: number
  readonly bytes: number
  readonly bounds: readonly (readonly [number, number])[]
  /** UTF-8 bytes of each chunk: the planner's estimate of its cost. */
  readonly chunkBytes: readonly number[]
}

/** What preparation of one TaskRef yields; text sets and judgments are stored as artifacts by then. */
export interface PreparedTask {
  readonly key: Digest
  /** Discriminates what the judgments artifact holds; absent = Retrieval. */
  readonly type?: Exclude<TaskType, 'Retrieval'> | undefined
  /** Absent = those of Retrieval: query and document. */
  readonly promptSides?: PromptSides | undefined
  readonly queries: TextSetRef
  readonly documents: TextSetRef
  readonly judgments: Digest
  readonly counts: PreparationCounts
  /** Catalog revision when counts equal its statistics, else `local-<digest12>`. */
  readonly datasetRevision: string
}
