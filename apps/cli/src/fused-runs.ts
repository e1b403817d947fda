import { SweepError } from '@sweepboard/contracts'
import {
  type AlignedLists,
  alignLists,
  compareIds,
  equalWeights,
  evaluateTrec,
  type FusionMethod,
  fitWeights,
  fuseLists,
  type TrecQrels,
  type TrecResults,
  type TrecRun,
} from '@sweepboard/metrics'
import { splitQueries } from './held-out.ts'
import type { NamedRun } from './named-run.ts'
import { asMeasureError } from './trec-file.ts'

const NOTHING: TrecResults = { documentIds: [], scores: new Float64Array(0) }

/** Runs laid side by side, query by query; ids in code-point order. */
export type AlignedRuns = ReadonlyMap<string, AlignedLists>

export function alignRuns(runs: readonly TrecRun[], method: FusionMethod): AlignedRuns {
  const queries = [...new Set(runs.flatMap((run) => [...run.queries.keys()]))].sort(compareIds)
  return new Map(
    queries.map((query) => [
      query,
      alignLists(
        runs.map((run) => run.queries.get(query) ?? NOTHING),
        method,
      ),
    ]),
  )
}

export function fuseRuns(aligned: AlignedRuns, weights: readonly number[], queries: Iterable<string> = aligned.keys()): TrecRun {
  const fused = Array.from(queries, (query) => [query, fuseLists(aligned.get(query) as AlignedLists, weights)] as const)
  return { runId: 'fused', queries: new Map(fused) }
}

/** A measure of one way to weigh the runs, on the queries it was fitted on and on the others. */
export interface FittedRow {
  readonly name: string
  readonly weights: readonly number[]
  readonly fit: number
  readonly heldOut: number
}

export interface FittedWeights {
  readonly measure: string
  readonly weights: readonly number[]
  readonly seed: string
  readonly fitQueries: number
  readonly heldOutQueries: number
  /** Each run alone, all alike, and the fitted weights last. */
  readonly rows: readonly FittedRow[]
}

export interface FitOptions {
  readonly measure: string
  readonly seed: string
  readonly share: number
  /** Called after each tried set of weights. */
  readonly onTry: () => void
}

/**
 * Weights that are best for one measure on one part of the judged queries, and what they are worth on the others.
 *
 * @throws SweepError `SB-SCORE-005` for fewer than two judged queries with a list
 */
export function fitRunWeights(
  runs: readonly NamedRun[],
  aligned: AlignedRuns,
  qrels: TrecQrels,
  options: FitOptions,
): FittedWeights {
  const judged = [...aligned.keys()].filter((query) => qrels.has(query))
  const { fit, heldOut } = splitQueries(judged, options)
  const worth = (weights: readonly number[], queries: readonly string[]) =>
    measured(fuseRuns(aligned, weights, queries), qrels, options.measure)
  const { weights } = fitWeights(runs.length, (tried) => {
    const found = worth(tried, fit)
    options.onTry()
    return found
  })
  const alone = (chosen: number) => runs.map((_, run) => (run === chosen ? 1 : 0))
  const candidates = [
    ...runs.map(({ name }, run) => ({ name: `${name} alone`, weights: alone(run) })),
    { name: 'equal weights', weights: equalWeights(runs.length) },
    { name: 'fitted weights', weights },
  ]
  return {
    measure: options.measure,
    weights,
    seed: options.seed,
    fitQueries: fit.length,
    heldOutQueries: heldOut.length,
    rows: candidates.map((one) => ({ ...one, fit: worth(one.weights, fit), heldOut: worth(one.weights, heldOut) })),
  }
}

/** Mean of one measure. Throws `SB-SPEC-004` for a name that is none, or that names several cut-offs. */
function measured(run: TrecRun, qrels: TrecQrels, measure: string): number {
  const { num_q: _, ...values } = evaluate(run, qrels, [measure])
  const [value, ...more] = Object.values(values)
  if (value === undefined || more.length > 0)
    throw new SweepError('SB-SPEC-004', {
      path: '--fit',
      message: `${measure} is ${more.length + 1} measures: weights are fitted on one, e.g. ndcg_cut.10`,
    })
  return value
}

/** trec_eval's means. Throws `SB-SCORE-006` for unknown measures. */
export function evaluate(run: TrecRun, qrels: TrecQrels, measures: readonly string[]): Readonly<Record<string, number>> {
  try {
    return evaluateTrec(run, qrels, measures).all
  } catch (thrown) {
    throw asMeasureError(thrown)
  }
}
