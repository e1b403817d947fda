import { comparePairedStrata, DEFAULT_ROUNDS, DEFAULT_SEED, holm, type PairedStratum } from '@sweepboard/metrics'
import { PairedScores, type ReadArtifact } from './paired-scores.ts'
import type { LeftOut, PairedEntry, PairedRow, PairedTask, Pairing } from './pairing.ts'
import { sayComparison } from './say-comparison.ts'

/** What the queries of two rows say of the difference of their scores. */
export interface QueryTest {
  /** Paired bootstrap over queries, 95 %. */
  readonly interval: { readonly low: number; readonly high: number }
  /** Two-sided paired randomisation. */
  readonly p: number
  readonly queryCount: number
  /** Queries on which A scores higher, both alike, and lower. */
  readonly wins: number
  readonly ties: number
  readonly losses: number
}

/** A task of two rows. */
export interface ComparedTask extends Omit<PairedTask, 'entries'> {
  /** Score of A minus that of B. */
  readonly delta: number
  /** Null with `untested`. */
  readonly test: QueryTest | null
  /** Adjusted by Holm over the tasks. */
  readonly pHolm: number | null
  /** Why there is no test; null where there is one. */
  readonly untested: string | null
}

export interface Comparison {
  /** The finding in a sentence or three, A and B by their letters. */
  readonly sentence: string
  readonly a: PairedRow
  readonly b: PairedRow
  /** Mean (Task) of the tasks below; its test, over the queries of all of them, is null where a task has none. */
  readonly mean: { readonly a: number; readonly b: number; readonly delta: number; readonly test: QueryTest | null }
  readonly tasks: readonly ComparedTask[]
  readonly leftOut: readonly LeftOut[]
  readonly method: { readonly seed: number; readonly rounds: number; readonly level: number }
}

/** Main scores are rounded to five digits: their difference lies this far at most from the mean of the differences by query. */
const ROUNDING = 5e-5

/** Two rows with paired tests over their stored scores by query. Equal input gives an equal comparison. */
export async function comparePairing({ a, b, tasks, leftOut }: Pairing, artifact: ReadArtifact): Promise<Comparison> {
  const scores = new PairedScores(artifact)
  const isPublished = [a, b].some(({ origin }) => origin === 'published')
  const strata: PairedStratum[] = []
  const compared: ComparedTask[] = []
  for (const { entries, ...task } of tasks) {
    const found = await pairedStrata(entries, scores)
    const delta = task.a - task.b
    const test = found && testOf(found, delta)
    if (test !== null) strata.push(...(found ?? []).map((part) => ({ ...part, share: part.share / tasks.length })))
    const reason = isPublished ? 'published scores are not stored by query' : 'no scores by query are stored of both'
    compared.push({
      ...task,
      delta,
      test,
      pHolm: null,
      untested: test !== null ? null : found === null ? reason : 'its main score is no mean over queries',
    })
  }
  const adjusted = adjust(compared)
  const mean = meanOf(adjusted, strata)
  const head = { a, b, mean, tasks: adjusted, leftOut }
  return { sentence: sayComparison(head), ...head, method: { seed: DEFAULT_SEED, rounds: DEFAULT_ROUNDS, level: 0.95 } }
}

/** [entries] the differences by query of a task; null where an entry has none, or there is no entry. */
export async function pairedStrata(entries: readonly PairedEntry[], scores: PairedScores): Promise<PairedStratum[] | null> {
  const strata: PairedStratum[] = []
  for (const { a, b, mainScoreName, share } of entries) {
    const side = ({ perQuery }: { readonly perQuery: string | null }) => ({ perQuery, mainScoreName })
    const differences = await scores.differences(side(a), side(b))
    if (differences === null) return null
    strata.push({ differences, share })
  }
  return strata.length === 0 ? null : strata
}

function meanOf(tasks: readonly ComparedTask[], strata: readonly PairedStratum[]): Comparison['mean'] {
  const mean = (side: 'a' | 'b') => tasks.reduce((sum, task) => sum + task[side], 0) / tasks.length
  const [a, b] = [mean('a'), mean('b')]
  const [only] = tasks
  const isTested = tasks.every(({ test }) => test !== null)
  const test = tasks.length === 1 ? (only?.test ?? null) : isTested ? testOf(strata, a - b) : null
  return { a, b, delta: a - b, test }
}

/** The paired tests of a mean of means; null where that is not the difference of the main scores, which are then no means over queries. */
export function testOf(strata: readonly PairedStratum[], delta: number): QueryTest | null {
  const { low, high, p, count, mean } = comparePairedStrata(strata)
  if (Math.abs(mean - delta) > ROUNDING) return null
  const signs = strata.flatMap(({ differences }) => Array.from(differences, Math.sign))
  const [wins, losses] = [1, -1].map((sign) => signs.filter((one) => one === sign).length) as [number, number]
  return { interval: { low, high }, p, queryCount: count, wins, ties: count - wins - losses, losses }
}

function adjust(tasks: readonly ComparedTask[]): ComparedTask[] {
  const adjusted = holm(tasks.flatMap(({ test }) => (test === null ? [] : [test.p])))
  let next = 0
  return tasks.map((task) => (task.test === null ? task : { ...task, pHolm: adjusted[next++] as number }))
}
