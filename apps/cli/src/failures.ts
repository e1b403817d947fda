import type { CellView } from '@sweepboard/ledger'
import { visible } from './output.ts'

/** Words of failed cells, one block per cause: which cells, which text, what to do. */
export function describeCells(failed: readonly CellView[]): string[] {
  const byCause = new Map<string, CellView[]>()
  for (const cell of failed) {
    const key = `${cell.failure?.message ?? 'failed'}\n${cell.failure?.fix ?? ''}`
    byCause.set(key, [...(byCause.get(key) ?? []), cell])
  }
  return [...byCause].flatMap(([cause, cells]) => {
    const [message = '', fix = ''] = cause.split('\n')
    const first = cells[0] as CellView
    return [
      visible(
        `failed: ${cells.length} cell${cells.length === 1 ? '' : 's'} of ${first.model} on ${first.task} (${first.subset}, ${first.split})`,
      ),
      visible(`  ${message}`),
      visible(`  What to do: ${fix}`),
    ]
  })
}
