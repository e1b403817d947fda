import { EQUAL_WITHIN } from './judge-scores.ts'
import type { ScoreEntry, ScoreTable } from './score-table.ts'

/** How far a table's numbers lie from those of one published model on the same task. */
export interface NumbersDistance {
  readonly model: string
  readonly revision: string
  /** Mean absolute difference over the shared finite metrics but nAUC; null where none is shared. */
  readonly distance: number | null
  /** Metrics that entered `distance`, over all shared (split, subset) entries. */
  readonly keyCount: number
  /** Those of them that are equal to the fifth decimal. */
  readonly equalCount: number
  /** The same of the nAUC metrics, which move by tenths where a score moves by hundredths; null where none is shared. */
  readonly naucDistance: number | null
  readonly naucCount: number
}

/**
 * Distance of a table's metrics to those of every published table, nearest first; tables without a shared metric are left out. An
 * entry that shares no metric but its main score counts by that.
 */
export function whoseNumbers(ours: ScoreTable, published: readonly ScoreTable[]): NumbersDistance[] {
  const own = new Map(ours.entries.map((entry) => [`${entry.split} ${entry.subset}`, entry]))
  const found = published.map(({ model, revision, entries }) => {
    const sums = { score: new Sum(), nauc: new Sum() }
    for (const entry of entries) {
      const mine = own.get(`${entry.split} ${entry.subset}`)
      for (const [key, a, b] of mine === undefined ? [] : sharedMetrics(mine, entry))
        sums[/(^|\.)nauc_/.test(key) ? 'nauc' : 'score'].add(Math.abs(a - b))
    }
    const { score, nauc } = sums
    return {
      model,
      revision,
      distance: score.mean(),
      keyCount: score.count,
      equalCount: score.equalCount,
      naucDistance: nauc.mean(),
      naucCount: nauc.count,
    }
  })
  return found
    .filter(({ distance }) => distance !== null)
    .sort((a, b) => (a.distance as number) - (b.distance as number) || b.equalCount - a.equalCount)
}

/** A stranger must be so many times nearer to be suspected. */
const SUSPECT = 1.5

/** Metrics that must be compared before equal digits say anything. */
const FEW = 5

/** Whether more than half of a stranger's metrics are met to the fifth decimal, and more than of the claimed model's: nobody computes that. */
function isCopy(stranger: NumbersDistance, own: NumbersDistance): boolean {
  return stranger.keyCount >= FEW && stranger.equalCount * 2 > stranger.keyCount && stranger.equalCount > own.equalCount
}

/**
 * One sentence on whose numbers they are. `isFailed`: whether they missed the published score for no known reason; then a stranger
 * who is much nearer is a suspicion. A stranger whose very digits they are is one even where the score passes. Null where the
 * claimed model has no distance.
 */
export function sayWhose(distances: readonly NumbersDistance[], claimed: ScoreTable, isFailed: boolean): string | null {
  const [nearest] = distances
  const own = distances.find(({ model, revision }) => model === claimed.model && revision === claimed.revision)
  if (nearest?.distance == null || own?.distance == null) return null
  const few =
    own.keyCount < FEW ? ` On ${own.keyCount} shared metric${own.keyCount === 1 ? '' : 's'} alone that says little.` : ''
  const show = (value: number) => value.toFixed(5)
  // Two revisions of the claimed model may lie equally near: no stranger then.
  const stranger = distances.find(({ model }) => model !== claimed.model)
  if (nearest.model === claimed.model || own.distance - nearest.distance <= EQUAL_WITHIN) {
    const beside = stranger?.distance == null ? '' : `; next is ${stranger.model} at ${show(stranger.distance)}`
    return `The numbers lie nearest to ${claimed.model}'s own (mean difference ${show(own.distance)} over ${own.keyCount} metrics${beside}).${few}`
  }
  const ratio = own.distance / nearest.distance
  const times = Number.isFinite(ratio) ? `${ratio.toFixed(1)} times nearer` : 'nearer'
  const equal = nearest.equalCount > 0 ? `, ${nearest.equalCount} of ${nearest.keyCount} are equal to ${nearest.model}'s` : ''
  const isSuspect = ratio >= SUSPECT && (isFailed || isCopy(nearest, own))
  const suspicion = isSuspect ? ': first suspicion, the wrong weights' : ''
  return `The numbers lie ${times} to ${nearest.model} (mean difference ${show(nearest.distance)}) than to ${claimed.model} (${show(own.distance)})${equal}${suspicion}.${few}`
}

function sharedMetrics(a: ScoreEntry, b: ScoreEntry): [string, number, number][] {
  const shared = Object.entries(a.metrics).flatMap(([key, value]): [string, number, number][] => {
    const other = b.metrics[key]
    return value === null || other == null ? [] : [[key, value, other]]
  })
  if (shared.length > 0 || a.mainScore === null || b.mainScore === null) return shared
  return [['main_score', a.mainScore, b.mainScore]]
}

class Sum {
  total = 0
  count = 0
  equalCount = 0

  add(difference: number): void {
    this.total += difference
    this.count += 1
    if (difference <= EQUAL_WITHIN) this.equalCount += 1
  }

  mean(): number | null {
    return this.count === 0 ? null : this.total / this.count
  }
}
