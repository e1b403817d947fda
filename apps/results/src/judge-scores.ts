import type { ScoreTable } from './score-table.ts'

/** Half of the fifth decimal, to which published scores are rounded. */
export const EQUAL_WITHIN = 5e-6

export interface EntryGap {
  readonly split: string
  readonly subset: string
  readonly ours: number
  readonly published: number
  /** ours - published. */
  readonly gap: number
}

/** What judging one table against a published one says. */
export interface Verdict {
  readonly outcome: 'PASS' | 'FAIL'
  /** Flat means of the main scores over the entries both have; null where they share none. */
  readonly ours: number | null
  readonly published: number | null
  /** ours - published. */
  readonly gap: number | null
  readonly tolerance: number
  readonly entries: readonly EntryGap[]
  /** Entries of the published table that ours lacks, `split subset`: the gap says nothing of them. */
  readonly missing: readonly string[]
  readonly seconds: number | null
  readonly budgetSeconds: number | null
  /** Null without a budget, or where nobody knows the time. */
  readonly isWithinBudget: boolean | null
}

export interface JudgeOptions {
  /** Largest absolute gap of the main score that still passes. */
  readonly tolerance: number
  readonly budgetSeconds?: number | null
}

/**
 * Judges main scores: PASS when the mean gap over shared entries is within the tolerance (to the fifth decimal) and the time, where
 * it is known, within the budget. Without a shared entry that has both scores the outcome is FAIL.
 */
export function judgeScores(ours: ScoreTable, published: ScoreTable, { tolerance, budgetSeconds = null }: JudgeOptions): Verdict {
  const own = new Map(ours.entries.map((entry) => [`${entry.split} ${entry.subset}`, entry]))
  const entries: EntryGap[] = []
  const missing: string[] = []
  for (const { split, subset, mainScore } of published.entries) {
    const mine = own.get(`${split} ${subset}`)
    if (mine === undefined) missing.push(`${split} ${subset}`)
    if (mine?.mainScore == null || mainScore === null) continue
    entries.push({ split, subset, ours: mine.mainScore, published: mainScore, gap: mine.mainScore - mainScore })
  }
  const mean = (value: (entry: EntryGap) => number) =>
    entries.length === 0 ? null : entries.reduce((sum, entry) => sum + value(entry), 0) / entries.length
  const gap = mean((entry) => entry.gap)
  const isWithinBudget = budgetSeconds === null || ours.seconds === null ? null : ours.seconds <= budgetSeconds
  const isClose = gap !== null && Math.abs(gap) <= tolerance + EQUAL_WITHIN
  return {
    outcome: isClose && isWithinBudget !== false ? 'PASS' : 'FAIL',
    ours: mean((entry) => entry.ours),
    published: mean((entry) => entry.published),
    gap,
    tolerance,
    entries,
    missing,
    seconds: ours.seconds,
    budgetSeconds,
    isWithinBudget,
  }
}
