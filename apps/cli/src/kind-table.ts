import type { KindBoard, KindBoardRow } from '@sweepboard/results'
import { shownDimensions } from './board-table.ts'
import { type Column, renderTable, terminalWidth } from './table.ts'

/** A line of the table: one kind of one scored cell, or all its queries. */
export interface KindLine {
  readonly kind: string
  readonly queryCount: number
  /** Rate and both ends of its interval, for each cut-off. */
  readonly rates: readonly { readonly rate: number; readonly low: number; readonly high: number }[]
}

/** The kinds of a row in the order of the task, all queries last. */
export function kindLines(row: KindBoardRow): KindLine[] {
  return [...row.kinds.map((one) => ({ ...one, kind: one.kind || '(none)' })), { kind: 'all', ...row.all }]
}

/** What tells a row from others of its model: recipe, size of the data, dimensions and precision. */
export function rowTitle(row: KindBoardRow): string {
  const parts = [
    row.variant,
    row.subset === 'default' ? '' : row.subset,
    row.split === 'test' ? '' : row.split,
    row.limit === null ? '' : `first ${row.limit} queries`,
    `${shownDimensions(row)} dims`,
    row.config.precision,
    row.otherSimilarity,
  ]
  return `${row.model} [${parts.filter(Boolean).join(', ')}]`
}

/** `0.63 [0.31, 0.86]`: the rate and its interval. */
export function shownRate({ rate, low, high }: KindLine['rates'][number]): string {
  return `${rate.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`
}

/** Top-k accuracy by kind as terminal tables, one a scored cell. */
export function showKinds(board: KindBoard, width = terminalWidth()): string {
  const columns: Column[] = [
    { title: 'kind', min: 8 },
    { title: 'queries', align: 'right' },
    ...board.cutoffs.map((k) => ({ title: `top-${k}`, align: 'right' as const })),
  ]
  const tables = board.rows.map((row) => {
    const lines = kindLines(row).map((line) => [line.kind, String(line.queryCount), ...line.rates.map(shownRate)])
    return `${rowTitle(row)}\n${renderTable(columns, lines, width)}`
  })
  return `${board.task}: accuracy, with Wilson ${board.confidence * 100} % intervals\n\n${tables.join('\n\n')}`
}

/** The same as records: a head, then one for each kind of each scored cell. Rates and their intervals stand in columns of their own. */
export function kindRecords(board: KindBoard): string[][] {
  const head = ['model', 'revision', 'variant', 'dimensions', 'precision', 'subset', 'split', 'kind', 'queries']
  const cutoffs = board.cutoffs.flatMap((k) => [`top_${k}`, `top_${k}_low`, `top_${k}_high`])
  const records = board.rows.flatMap((row) =>
    kindLines(row).map((line) => [
      row.model,
      row.revision,
      row.variant,
      shownDimensions(row),
      row.config.precision,
      row.subset,
      row.split,
      line.kind,
      String(line.queryCount),
      ...line.rates.flatMap(({ rate, low, high }) => [rate, low, high].map((share) => String(Number(share.toFixed(6))))),
    ]),
  )
  return [[...head, ...cutoffs], ...records]
}
