import { briefRevision } from '@sweepboard/contracts'
import type { NumbersDistance, PartEffect, ScoreTable, Verdict } from '@sweepboard/results'
import { visible } from './output.ts'
import { formatSeconds } from './progress.ts'
import type { Sample } from './reproduce-run.ts'
import { renderTable, terminalWidth } from './table.ts'

const SHOWN = 5

/** `FAIL: AILAStatutes 0.79863, published 0.85086 (Qwen/... 4e423935): 0.05223 below, beyond the tolerance of 0.015`. */
export function sayVerdict(verdict: Verdict, published: ScoreTable, task: string): string[] {
  const { outcome, ours, gap, tolerance, entries, missing, seconds, budgetSeconds, isWithinBudget } = verdict
  const name = `${published.model} ${briefRevision(published.revision, 12)}`
  if (ours === null || gap === null)
    return [`${outcome}: no (split, subset) of ${task} has a score both here and in the published result of ${name}`]
  const side = Math.abs(gap) < 5e-6 ? 'equal' : `${Math.abs(gap).toFixed(5)} ${gap < 0 ? 'below' : 'above'}`
  const within = Math.abs(gap) <= tolerance + 5e-6 ? 'within' : 'beyond'
  const lines = [
    `${outcome}: ${task} ${ours.toFixed(5)}, published ${verdict.published?.toFixed(5)} (${name}): ${side}, ${within} the tolerance of ${tolerance}`,
  ]
  if (entries.length > 1)
    for (const entry of entries)
      lines.push(`  ${entry.split} ${entry.subset}: ${entry.ours.toFixed(5)}, published ${entry.published.toFixed(5)}`)
  if (missing.length > 0) lines.push(`  not compared, no score here: ${missing.join(', ')}`)
  if (budgetSeconds !== null) {
    const took = seconds === null ? 'nobody says how long it took' : `it took ${formatSeconds(seconds)}`
    const held = isWithinBudget === null ? 'not judged' : isWithinBudget ? 'held' : 'NOT held'
    lines.push(`Time budget ${formatSeconds(budgetSeconds)}: ${held}, ${took}`)
  }
  return lines
}

/** Whose numbers they are, nearest first. */
export function distanceTable(distances: readonly NumbersDistance[]): string {
  const rows = distances
    .slice(0, SHOWN)
    .map((one) => [
      one.model,
      briefRevision(one.revision, 12),
      one.distance?.toFixed(5) ?? '·',
      `${one.equalCount}/${one.keyCount}`,
      one.naucDistance?.toFixed(5) ?? '·',
    ])
  const columns = [
    { title: 'published model', min: 16 },
    { title: 'revision', isOptional: true },
    { title: 'distance', align: 'right' },
    { title: 'equal', align: 'right' },
    { title: 'nAUC distance', align: 'right', isOptional: true },
  ] as const
  return renderTable(columns, rows, terminalWidth())
}

export const DISTANCE_IS =
  'distance: mean absolute difference over the shared finite metrics, nAUC aside; equal: to the fifth decimal'

/** On what the parts were tried, and the test that says whether that is enough. */
export function sampleIs({ queries, widestHalf, isTelling }: Sample, gap: number): string {
  const half = (Math.abs(gap) / 2).toFixed(5)
  const what =
    queries === null
      ? 'the whole task'
      : `the first ${queries} judged queries, their relevant documents and the first ${queries} others`
  if (widestHalf === null) return `${what} (no scores by query, so no paired test)`
  if (queries === null)
    return `${what} (no sample: the effects are its own; over other queries paired bootstrap knows them to ±${widestHalf.toFixed(5)})`
  const enough = isTelling
    ? `large enough: by paired bootstrap every effect is known to ±${widestHalf.toFixed(5)}, at most half the gap, ${half}`
    : `too small to be sure: by paired bootstrap an effect is known to ±${widestHalf.toFixed(5)} only, half the gap is ${half}`
  return `${what} (${enough})`
}

/** What each change does, those that explain most first. */
export function effectTable(effects: readonly PartEffect[]): string {
  const rows = effects.map(({ part, change, score, effect, explained, paired }) => [
    part,
    change,
    score?.toFixed(5) ?? 'refused',
    effect === null ? '' : `${effect >= 0 ? '+' : ''}${effect.toFixed(5)}`,
    explained === null ? '' : `${Math.round(explained * 100)} %`,
    paired?.p.toFixed(4) ?? '·',
  ])
  const columns = [
    { title: 'part', min: 8 },
    { title: 'change', min: 12 },
    { title: 'score', align: 'right' },
    { title: 'effect', align: 'right' },
    { title: 'explains', align: 'right' },
    { title: 'p', align: 'right', isOptional: true },
  ] as const
  const refused = effects.flatMap(({ part, change, failure }) =>
    failure === null ? [] : [`${part}, ${change}: ${visible(failure)}`],
  )
  return [renderTable(columns, rows, terminalWidth()), ...refused].join('\n')
}
