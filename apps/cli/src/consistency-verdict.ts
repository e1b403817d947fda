import { CONSISTENCY_BOUNDS, judgedType, type WeightType } from './consistency-bounds.ts'
import type { ConsistencyNumbers } from './consistency-measure.ts'

export interface ConsistencyVerdict {
  readonly holds: boolean
  /** Weight type whose bounds were used; null where the user gave the bound. */
  readonly type: WeightType | null
  /** Whether both engines said what their weights are. */
  readonly isTypeSaid: boolean
  readonly checks: readonly { readonly what: string; readonly found: number; readonly bound: number; readonly holds: boolean }[]
  /** Texts that only one of the two would take; with any the verdict does not hold. */
  readonly unsharedCount: number
}

export interface VerdictOptions {
  /** Least cosine that any text may have, in place of the table's bounds. */
  readonly minCosine: number | undefined
  /** Least composite, for rerankers. */
  readonly minComposite: number | undefined
  /** Weight type to judge by, in place of what the engines say. */
  readonly dtype: WeightType | undefined
}

/** Judges agreement by the bounds of the coarser weight type, or by the user's own. What is undefined does not hold. */
export function judge(numbers: ConsistencyNumbers, { minCosine, minComposite, dtype }: VerdictOptions): ConsistencyVerdict {
  const said = judgedType([numbers.a.dtype, numbers.b.dtype])
  const type = dtype ?? said.type
  const bound = CONSISTENCY_BOUNDS[type]
  const refusals = new Map<string, number>()
  for (const { id } of numbers.refused) refusals.set(id, (refusals.get(id) ?? 0) + 1)
  const unsharedCount = [...refusals.values()].filter((count) => count === 1).length
  const own = numbers.kind === 'embeddings' ? minCosine : minComposite
  const wanted =
    numbers.kind === 'scores'
      ? [{ what: 'composite', found: numbers.scores.composite, bound: own ?? bound.composite }]
      : own !== undefined
        ? [{ what: 'least cosine', found: numbers.vectors.cosine.min, bound: own }]
        : [
            { what: 'mean cosine', found: numbers.vectors.cosine.mean, bound: bound.mean },
            { what: 'least cosine', found: numbers.vectors.cosine.min, bound: bound.worst },
          ]
  const checks = wanted.map((check) => ({ ...check, holds: check.found >= check.bound }))
  const isByTable = own === undefined
  return {
    holds: unsharedCount === 0 && checks.every(({ holds }) => holds),
    type: isByTable ? type : null,
    isTypeSaid: !isByTable || dtype !== undefined || said.isSaid,
    checks,
    unsharedCount,
  }
}
