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
      `failed: ${cells.length} cell${cells.length === 1 ? '' : 's'} of ${first.model} on ${first.task} (${first.subset}, ${first.split})`,
      `  ${(first.failure?.message ?? 'failed').replaceAll('\n', '\n    ')}`,
      `  What to do: ${first.failure?.fix ?? ''}`,
    ].map(visible)
  })
}
