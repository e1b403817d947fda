import { type RankedList, rankDocuments } from './ranking.ts'

/** How scores of one list are made comparable with another's before they are added. */
export const NORMALISATIONS = ['minmax', 'zscore', 'none'] as const
export type Normalisation = (typeof NORMALISATIONS)[number]

export type FusionMethod =
  /** Sum of weight / (k + rank), ranks from 1; a document a list lacks gets nothing from it. */
  | { readonly kind: 'rrf'; readonly k: number }
  /** Sum of weight x normalised score; a document a list lacks gets that list's lowest value (0 where nothing is normalised). */
  | { readonly kind: 'weighted'; readonly normalisation: Normalisation }

/** One query's list with what each document contributes at weight 1. */
export interface Contribution {
  readonly documentIds: readonly string[]
  readonly values: Float64Array
  /** For documents that are not in the list. */
  readonly missing: number
}

/**
 * What one list contributes. `minmax` maps its scores to [0, 1], `zscore` to mean 0 and deviation 1; a list of one single score
 * gives 1 for each document by `minmax`, 0 by `zscore`.
 *
 * Ranks are by score, then document id, both descending. Reciprocal ranks: Cormack, Clarke, Buettcher, SIGIR 2009 (k = 60).
 */
export function contributionOf(list: RankedList, method: FusionMethod): Contribution {
  const { documentIds } = list
  const values = Float64Array.from(list.scores)
  if (method.kind === 'rrf') {
    rankDocuments(list, 'float64').forEach((index, place) => {
      values[index] = 1 / (method.k + place + 1)
    })
    return { documentIds, values, missing: 0 }
  }
  if (method.normalisation === 'none') return { documentIds, values, missing: 0 }
  const normalised = method.normalisation === 'minmax' ? minmax(values) : zscore(values)
  return { documentIds, values: normalised, missing: method.normalisation === 'minmax' ? 0 : lowest(normalised) }
}

/**
 * The fused list of one query: every document of any list, with the weighted sum of its contributions. A query that a run
 * lacks is an empty list there.
 *
 * @param lists one a run, parallel to `weights`
 */
export function fuseLists(lists: readonly Contribution[], weights: readonly number[]): RankedList & { scores: Float64Array } {
  const places = new Map<string, number>()
  for (const { documentIds } of lists) for (const id of documentIds) if (!places.has(id)) places.set(id, places.size)
  const scores = new Float64Array(places.size)
  lists.forEach((list, run) => {
    const weight = weights[run] as number
    scores.forEach((score, i) => {
      scores[i] = score + weight * list.missing
    })
    list.documentIds.forEach((id, i) => {
      const place = places.get(id) as number
      scores[place] = (scores[place] as number) + weight * ((list.values[i] as number) - list.missing)
    })
  })
  return { documentIds: [...places.keys()], scores }
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
