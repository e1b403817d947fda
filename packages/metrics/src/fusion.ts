import { type RankedList, rankDocuments } from './ranking.ts'

/** How scores of one list are made comparable with another's before they are added. */
export const NORMALISATIONS = ['minmax', 'zscore', 'none'] as const
export type Normalisation = (typeof NORMALISATIONS)[number]

export type FusionMethod =
  /** Sum of weight / (k + rank), ranks from 1; a document a list lacks gets nothing from it. */
  | { readonly kind: 'rrf'; readonly k: number }
  /** Sum of weight x normalised score; a document a list lacks gets that list's lowest value (0 where nothing is normalised). */
  | { readonly kind: 'weighted'; readonly normalisation: Normalisation }

/** One query's lists side by side: every document of any list, and what each list gives it at weight 1. */
export interface AlignedLists {
  readonly documentIds: readonly string[]
  /** `[runs][documents]` */
  readonly contributions: readonly Float64Array[]
}

/**
 * Lays the lists of one query side by side. `minmax` maps the scores of a list to [0, 1], `zscore` to mean 0 and deviation 1; a
 * list of one single score gives each document 1 by `minmax`, 0 by `zscore`. Ranks are by score, then document id, both descending.
 *
 * @param lists one a run; empty where a run lacks the query
 * @see Reciprocal ranks: Cormack, Clarke, Buettcher, SIGIR 2009 (k = 60)
 */
export function alignLists(lists: readonly RankedList[], method: FusionMethod): AlignedLists {
  const places = new Map<string, number>()
  for (const { documentIds } of lists) for (const id of documentIds) if (!places.has(id)) places.set(id, places.size)
  const contributions = lists.map((list) => {
    const { values, missing } = contributionOf(list, method)
    const aligned = new Float64Array(places.size).fill(missing)
    for (const [i, id] of list.documentIds.entries()) aligned[places.get(id) as number] = values[i] as number
    return aligned
  })
  return { documentIds: [...places.keys()], contributions }
}

/**
 * The fused list of one query: the weighted sum of its contributions.
 *
 * @param weights one a run
 */
export function fuseLists(
  { documentIds, contributions }: AlignedLists,
  weights: readonly number[],
): RankedList & { scores: Float64Array } {
  const scores = new Float64Array(documentIds.length)
  for (const [run, values] of contributions.entries()) {
    const weight = weights[run] as number
    for (let i = 0; i < scores.length; i++) scores[i] = (scores[i] as number) + weight * (values[i] as number)
  }
  return { documentIds, scores }
}

/** What a list gives its documents, and those it lacks. */
function contributionOf(list: RankedList, method: FusionMethod): { values: Float64Array; missing: number } {
  const values = Float64Array.from(list.scores)
  if (method.kind === 'rrf') {
    for (const [place, index] of rankDocuments(list, 'float64').entries()) values[index] = 1 / (method.k + place + 1)
    return { values, missing: 0 }
  }
  if (method.normalisation === 'none') return { values, missing: 0 }
  if (method.normalisation === 'minmax') return { values: minmax(values), missing: 0 }
  const standard = zscore(values)
  return { values: standard, missing: lowest(standard) }
}

function minmax(values: Float64Array): Float64Array {
  const low = lowest(values)
  const range = values.reduce((max, value) => Math.max(max, value), Number.NEGATIVE_INFINITY) - low
  return values.map((value) => (range === 0 ? 1 : (value - low) / range))
}

function zscore(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
  return values.map((value) => (deviation === 0 ? 0 : (value - mean) / deviation))
}

function lowest(values: Float64Array): number {
  return values.length === 0 ? 0 : values.reduce((min, value) => Math.min(min, value), Number.POSITIVE_INFINITY)
}
