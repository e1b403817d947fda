import type { Leaderboard, LeaderboardRow, ResourceRow } from '@sweepboard/results'
import { boardNotes, rowNames, shownDimensions, shownMean } from './board-table.ts'
import { renderTable, terminalWidth } from './table.ts'

/** Board columns of what a row's recipe took; values are empty where nobody measured them, and in published rows. */
export const RESOURCE_COLUMNS = [
  ['weights_mb', (row) => row.weightsBytes && row.weightsBytes / 2 ** 20],
  ['peak_mb', (row) => row.peakMemoryBytes && row.peakMemoryBytes / 2 ** 20],
  ['load_s', (row) => row.loadSeconds],
  ['encode_s', (row) => row.encodeSeconds],
  ['texts_per_s', (row) => row.textsPerSecond],
  ['tokens_per_s', (row) => row.tokensPerSecond],
  ['p50_ms', (row) => row.queryMs?.p50 ?? null],
  ['p95_ms', (row) => row.queryMs?.p95 ?? null],
  ['energy_j', (row) => row.energyJoules],
] as const satisfies readonly (readonly [string, (row: ResourceRow) => number | null])[]

/** The recipe's resources of a row of the board; configs of one recipe share them, what a reranker adds is not among them. */
export function resourcesOf(row: LeaderboardRow, resources: readonly ResourceRow[]): ResourceRow | null {
  return resources.find(({ recipe }) => recipe === row.recipe) ?? null
}

/** Texts of the resource columns of one row, one decimal. */
export function resourceValues(row: LeaderboardRow, resources: readonly ResourceRow[]): string[] {
  const found = resourcesOf(row, resources)
  return RESOURCE_COLUMNS.map(([, value]) => (found === null ? null : value(found))?.toFixed(1) ?? '')
}

/** The board with resources in place of single tasks. */
export function showResourceBoard(board: Leaderboard, resources: readonly ResourceRow[], width = terminalWidth()): string {
  if (board.rows.length === 0) return 'No scores yet.'
  const columns = [
    { title: '#', align: 'right' as const },
    { title: 'model', min: 14, isName: true },
    { title: 'dims', align: 'right' as const },
    { title: 'mean', align: 'right' as const },
    ...RESOURCE_COLUMNS.map(([name], i) => ({
      title: name.replaceAll('_', ' '),
      align: 'right' as const,
      isOptional: i !== 5 && i !== 6,
    })),
  ]
  const names = rowNames(board)
  const rows = board.rows.map((row, i) => [
    row.rank === null ? '·' : String(row.rank),
    names[i] as string,
    shownDimensions(row),
    shownMean(row),
    ...resourceValues(row, resources).map((text) => text || '·'),
  ])
  return [renderTable(columns, rows, width), ...boardNotes(board, [])].join('\n')
}
