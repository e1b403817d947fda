import type { Config } from './config.ts'
import type { Digest } from './digest.ts'
import { keyOf } from './digest.ts'
import type { PreparationCounts } from './judgments.ts'
import type { Load, Recipe, SideRecipe } from './recipe.ts'

/** Where a task's data comes from and what the catalog says of it: input of preparation, one per (task, subset, split). */
export interface TaskRef {
  /** Task name as MTEB spells it, or the folder's name for a local task. */
  readonly task: string
  readonly subset: string
  readonly split: string
  readonly source: { readonly kind: 'folder'; readonly path: string } | { readonly kind: 'shipped'; readonly name: string }
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

/** The cells that share one lane's vectors for one task, subset and split. */
export interface PlannedGroup {
  readonly key: Digest
  readonly task: TaskRef
  readonly model: PlannedModel
  readonly sides: { readonly query: SideRecipe; readonly document: SideRecipe }
  readonly configs: readonly Config[]
  /** Plan order: small tasks first. */
  readonly rank: number
}

/** Group key before data digests are known: (encoding keys, task reference). Configs are not part of it. */
export function groupKey(queryEncoding: Digest, documentEncoding: Digest, task: Digest): Digest {
  return keyOf({ v: 1, queryEncoding, documentEncoding, task })
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
  readonly queries: TextSetRef
  readonly documents: TextSetRef
  readonly judgments: Digest
  readonly counts: PreparationCounts
  /** Catalog revision when counts equal its statistics, else `local-<digest12>`. */
  readonly datasetRevision: string
}
