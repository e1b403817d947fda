import { pairedStrata, type QueryTest, testOf } from './comparison.ts'
import type { HistoryResult, ModelHistory } from './history.ts'
import { isVersionOnly } from './history-changes.ts'
import { PairedScores, type ReadArtifact } from './paired-scores.ts'

/** How a result stands to the one before it of the same name. */
export interface HistoryStep {
  /** Score minus the one before, over the entries of both; null where they have none in common or were scored on other data. */
  readonly delta: number | null
  /** Paired over the queries; null where the scores by query of either are not stored. */
  readonly test: QueryTest | null
  /** Whether it changed more than its confidence allows (p ≤ 0.05); null where that is not known. */
  readonly isBeyond: boolean | null
  /** Whether nothing but versions differs: weights, engine, code. */
  readonly isVersionOnly: boolean
}

export type JudgedResult = Omit<HistoryResult, 'before'> & {
  readonly before: (Omit<NonNullable<HistoryResult['before']>, 'entries'> & HistoryStep) | null
}

export interface JudgedHistory extends Omit<ModelHistory, 'results'> {
  readonly results: readonly JudgedResult[]
}

const LEVEL = 0.05

/** A history with a paired test of each step. Equal input gives an equal answer. */
export async function judgeHistory({ results, ...head }: ModelHistory, artifact: ReadArtifact): Promise<JudgedHistory> {
  const scores = new PairedScores(artifact)
  const judged: JudgedResult[] = []
  for (const { before, ...result } of results)
    judged.push({ ...result, before: before && { at: before.at, changes: before.changes, ...(await judge(before, scores)) } })
  return { ...head, results: judged }
}

async function judge({ entries, changes }: NonNullable<HistoryResult['before']>, scores: PairedScores): Promise<HistoryStep> {
  const versions = { isVersionOnly: isVersionOnly(changes) }
  if (entries.length === 0) return { delta: null, test: null, isBeyond: null, ...versions }
  const delta = entries.reduce((sum, { share, a, b }) => sum + share * (a.score - b.score), 0)
  const strata = await pairedStrata(entries, scores)
  const test = strata && testOf(strata, delta)
  return { delta, test, isBeyond: delta === 0 ? false : test && test.p <= LEVEL, ...versions }
}
