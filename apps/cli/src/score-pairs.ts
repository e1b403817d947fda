import { SweepError } from '@sweepboard/contracts'
import { compareIds, type TrecQrels, type TrecRun } from '@sweepboard/metrics'
import type { TargetForm } from './calibration-file.ts'

/** Scores of the pairs that both sides know, by query. */
export interface PairedQuery {
  readonly query: string
  readonly scores: Float64Array
  /** As they come. */
  readonly targets: Float64Array
}

export interface PairedScores {
  /** Queries with at least one common pair, ids in code-point order. */
  readonly queries: readonly PairedQuery[]
  readonly pairCount: number
  /** Pairs of the scores to be mapped that the target knows nothing of. */
  readonly unpairedCount: number
}

/** Joins a run with another run, or with judgments, pair by pair. Scores that are no finite number are refused (`SB-SCORE-005`). */
export function pairScores(run: TrecRun, target: TrecRun | TrecQrels): PairedScores {
  const queries: PairedQuery[] = []
  let [pairCount, unpairedCount] = [0, 0]
  for (const query of [...run.queries.keys()].sort(compareIds)) {
    const list = run.queries.get(query) ?? { documentIds: [], scores: new Float64Array(0) }
    const wanted = targetsOf(target, query)
    const scores: number[] = []
    const targets: number[] = []
    for (const [i, id] of list.documentIds.entries()) {
      const value = wanted.get(id)
      if (value === undefined) {
        unpairedCount += 1
        continue
      }
      const score = list.scores[i] as number
      if (!Number.isFinite(score) || !Number.isFinite(value))
        throw new SweepError('SB-SCORE-005', { message: `the pair ${query} / ${id} has a score that is not finite` })
      scores.push(score)
      targets.push(value)
    }
    pairCount += scores.length
    if (scores.length > 0) queries.push({ query, scores: Float64Array.from(scores), targets: Float64Array.from(targets) })
  }
  return { queries, pairCount, unpairedCount }
}

function targetsOf(target: TrecRun | TrecQrels, query: string): ReadonlyMap<string, number> {
  if (!('runId' in target)) return target.get(query) ?? new Map()
  const list = target.queries.get(query)
  return new Map(list?.documentIds.map((id, i) => [id, list.scores[i] as number]))
}

/**
 * What brings targets into [0, 1]: nothing, the logistic function, the range of the targets fitted on, or, for labels, their highest
 * grade (grades below 0 count as 0).
 *
 * @param fit targets of the part that is fitted on
 * @throws SweepError `SB-SCORE-005` where targets lie outside [0, 1] and nothing was asked
 */
export function targetMap(form: TargetForm, all: Float64Array, fit: Float64Array): (target: number) => number {
  if (form === 'sigmoid') return (target) => 1 / (1 + Math.exp(-target))
  const [low, high] = [fit.reduce((a, b) => Math.min(a, b)), fit.reduce((a, b) => Math.max(a, b))]
  if (form === 'labels') {
    const highest = all.reduce((a, b) => Math.max(a, b))
    if (highest <= 0) throw new SweepError('SB-SCORE-005', { message: 'no pair is judged relevant' })
    return (target) => Math.max(0, target) / highest
  }
  if (form === 'minmax') {
    if (low === high) throw new SweepError('SB-SCORE-005', { message: 'all targets are one and the same' })
    return (target) => (target - low) / (high - low)
  }
  const outside = all.filter((target) => target < 0 || target > 1).length
  if (outside > 0) {
    const message = `${outside} of ${all.length} target scores lie outside [0, 1]: name --target sigmoid (log odds) or --target minmax`
    throw new SweepError('SB-SCORE-005', { message })
  }
  return (target) => target
}
