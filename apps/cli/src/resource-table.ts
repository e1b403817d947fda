import type { ResourceRow } from '@sweepboard/results'
import { formatSeconds } from './progress.ts'
import { type Column, renderTable, terminalWidth } from './table.ts'

const COLUMNS: readonly Column[] = [
  { title: 'model', min: 12 },
  { title: 'dtype' },
  { title: 'dims', align: 'right' },
  { title: 'weights', align: 'right' },
  { title: 'peak', align: 'right' },
  { title: 'load', align: 'right' },
  { title: 'encode', align: 'right' },
  { title: 'texts/s', align: 'right', isOptional: true },
  { title: 'tokens/s', align: 'right' },
  { title: 'p50 ms', align: 'right' },
  { title: 'p95 ms', align: 'right', isOptional: true },
  { title: 'energy', align: 'right', isOptional: true },
]

/** What each recipe took, as a terminal table; `·` for what nobody measured, with the reason below it. */
export function resourceTable(rows: readonly ResourceRow[], width = terminalWidth()): string {
  if (rows.length === 0) return 'No scores yet.'
  const cells = rows.map((row) => [
    row.variant ? `${row.model} [${row.variant}]` : row.model,
    row.dtype,
    String(row.dimensions ?? '–'),
    megabytes(row.weightsBytes),
    megabytes(row.peakMemoryBytes),
    formatSeconds(row.loadSeconds),
    formatSeconds(row.encodeSeconds),
    rate(row.textsPerSecond),
    rate(row.tokensPerSecond),
    row.queryMs?.p50.toFixed(1) ?? '·',
    row.queryMs?.p95.toFixed(1) ?? '·',
    row.energyJoules === null ? '·' : `${row.energyJoules.toFixed(0)} J`,
  ])
  const reasons = [...new Set(rows.flatMap(({ energyReason }) => (energyReason === null ? [] : [`energy: ${energyReason}`])))]
  return [renderTable(COLUMNS, cells, width), ...reasons].join('\n')
}

function megabytes(bytes: number | null): string {
  return bytes === null ? '·' : `${(bytes / 2 ** 20).toFixed(0)} MB`
}

function rate(value: number | null): string {
  return value === null ? '·' : value.toFixed(value < 10 ? 1 : 0)
}
