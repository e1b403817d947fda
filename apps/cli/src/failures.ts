import type { CellView } from '@sweepboard/ledger'
import { visible } from './output.ts'

/** Words of failed cells, one block per cause: which cells, which text, the end of a server's log below it, what to do. */
export function describeCells(failed: readonly CellView[]): string[] {
  const byCause = new Map<string, CellView[]>()
  for (const cell of failed) {
    const key = JSON.stringify([cell.failure?.message, cell.failure?.fix])
    byCause.set(key, [...(byCause.get(key) ?? []), cell])
  }
  return [...byCause.values()].flatMap((cells) => {
    const first = cells[0] as CellView
    return [
      `failed: ${cells.length} cell${cells.length === 1 ? '' : 's'} of ${few(cells, 'model')} on ${few(cells, 'task')}${partOf(cells)}`,
      `  ${(first.failure?.message ?? 'failed').replaceAll('\n', '\n    ')}`,
      `  What to do: ${first.failure?.fix ?? ''}`,
    ].map(visible)
  })
}

const MOST_NAMED = 3

/** Names of what all these cells are of, each once; of many the first few and how many more. */
function few(cells: readonly CellView[], what: 'model' | 'task'): string {
  const names = [...new Set(cells.map((cell) => cell[what]))]
  if (names.length <= MOST_NAMED) return names.join(', ')
  return `${names.slice(0, MOST_NAMED - 1).join(', ')} and ${names.length - MOST_NAMED + 1} more ${what}s`
}

/** Subset and split, where all of these cells are of the same. */
function partOf(cells: readonly CellView[]): string {
  const [part = '', ...others] = new Set(cells.map(({ subset, split }) => ` (${subset}, ${split})`))
  return others.length === 0 ? part : ''
}
