import type { Distribution } from '@sweepboard/metrics'
import type { ConsistencyNumbers } from './consistency-measure.ts'
import type { ConsistencySide, EngineFacts } from './consistency-side.ts'
import type { ConsistencyVerdict } from './consistency-verdict.ts'
import { renderTable, terminalWidth } from './table.ts'

const right = { align: 'right' } as const
const SHOWN_REFUSALS = 5

/** What `consistency` prints: both engines, the numbers, the texts farthest apart, the verdict. */
export function describeConsistency(
  sides: { readonly a: ConsistencySide; readonly b: ConsistencySide },
  by: { readonly textsName: string; readonly numbers: ConsistencyNumbers; readonly verdict: ConsistencyVerdict },
): string {
  const { textsName, numbers, verdict } = by
  const parts = [
    `A: ${describeSide(sides.a, numbers.a)}\nB: ${describeSide(sides.b, numbers.b)}\nover ${textsName}`,
    numbers.kind === 'embeddings' ? describeVectors(numbers) : describeScores(numbers),
    describeWorst(numbers),
    ...describeRefused(numbers),
    describeVerdict(verdict),
  ]
  return parts.join('\n\n')
}

function describeSide({ load }: ConsistencySide, { engine, version, dtype, provider }: EngineFacts): string {
  return `${load.model}@${load.revision} by ${engine} ${version}, ${dtype} on ${provider} (load ${load.key.slice(0, 12)})`
}

function describeVectors({ vectors, ranks, kinds }: ConsistencyNumbers & { kind: 'embeddings' }): string {
  const row = (name: string, { mean, std, min, max, percentiles: p }: Distribution) => [
    name,
    ...[mean, std, min, p.p1, p.p5, p.p25, p.p50, p.p75, p.p95, p.p99, max].map(digits),
  ]
  const head = ['mean', 'std', 'min', 'p1', 'p5', 'p25', 'p50', 'p75', 'p95', 'p99', 'max'].map((title) => ({
    title,
    ...right,
    isOptional: ['p5', 'p25', 'p75', 'p95', 'p99'].includes(title),
  }))
  const spread = renderTable(
    [{ title: '', min: 8 }, ...head],
    [
      row('cosine', vectors.cosine),
      row('distance', vectors.distance),
      row('norm of A', vectors.norms.a),
      row('norm of B', vectors.norms.b),
    ],
    terminalWidth(),
  )
  const shares = [`top-1 ${percent(ranks.top1)}`, `top-10 ${percent(ranks.top10)}`]
  const kindRows = Object.entries(kinds).map(([kind, { count, mean, min }]) => [kind, String(count), digits(mean), digits(min)])
  return [
    spread,
    `neighbours, ${ranks.rankingCount} rankings of ${ranks.rankedCount}: Spearman ${digits(ranks.spearman)}, Kendall ${digits(ranks.kendall)}, the same ${shares.join(', ')}`,
    renderTable(
      [{ title: 'kind' }, { title: 'texts', ...right }, { title: 'mean cosine', ...right }, { title: 'least', ...right }],
      kindRows,
      terminalWidth(),
    ),
  ].join('\n\n')
}

function describeScores({ scores }: ConsistencyNumbers & { kind: 'scores' }): string {
  return [
    `${scores.pairCount} pairs of ${scores.queryCount} queries`,
    `Pearson ${digits(scores.pearson)} and Spearman ${digits(scores.spearman)} over all pairs; Kendall ${digits(scores.kendall)} within queries; the same best document ${percent(scores.top1)}`,
    `composite ${digits(scores.composite)} (mean of these four); |A - B| mean ${digits(scores.difference.mean)}, max ${digits(scores.difference.max)}`,
  ].join('\n')
}

function describeWorst({ kind, worst }: ConsistencyNumbers): string {
  const rows = worst.map(({ id, kind, value }) => [id, kind, digits(value)])
  const title = kind === 'embeddings' ? 'cosine' : '|A - B|'
  return `farthest apart:\n${renderTable([{ title: 'text' }, { title: 'kind' }, { title, ...right }], rows, terminalWidth())}`
}

function describeRefused({ refused }: ConsistencyNumbers): string[] {
  if (refused.length === 0) return []
  const lines = refused.slice(0, SHOWN_REFUSALS).map(({ id, by, message }) => `  ${by.toUpperCase()} ${id}: ${message}`)
  return [`left out, because an engine would not take them: ${refused.length}\n${lines.join('\n')}`]
}

function describeVerdict({ holds, type, isTypeSaid, checks, unsharedCount }: ConsistencyVerdict): string {
  const words = checks.map(({ what, found, bound, holds: ok }) => `${what} ${digits(found)} ${ok ? '>=' : '<'} ${bound}`)
  if (unsharedCount > 0) words.push(`${unsharedCount} texts that only one of them takes`)
  const by =
    type === null ? 'as asked' : `bounds of ${type}${isTypeSaid ? '' : ', because one of them does not say its weight type'}`
  return `${holds ? 'CONSISTENT' : 'NOT CONSISTENT'}: ${words.join(', ')} (${by})`
}

/** Six digits; nine where a value below 1 would read as 1. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return 'undefined'
  const text = value.toFixed(6)
  return text === '1.000000' && value < 1 - 1e-9 ? value.toFixed(9) : text
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
