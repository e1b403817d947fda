import { sayByteSize } from '@sweepboard/planner'
import type { ForgetRun, GarbageRun } from '@sweepboard/results'
import { renderTable, terminalWidth } from './table.ts'

/** One line on files nothing refers to. */
export function sayUnreferenced(run: GarbageRun, isDry: boolean): string {
  const size = run.bytes > 0 ? ` (${sayByteSize(run.bytes)})` : ''
  const done = isDry ? `${run.old} would go${size}` : `${run.deleted} deleted${size}`
  return `${run.unreferenced} artifacts nothing refers to: ${done}${run.leftovers ? `, ${run.leftovers} broken writes removed` : ''}`
}

/** What of the vectors went, by model and task, and what of them stays although it was asked for. */
export function sayForgotten(run: ForgetRun, isDry: boolean): string {
  const word = isDry ? 'would go' : 'gone'
  const stays = [
    run.used > 0 ? `${run.used} stay: running sweeps need them` : '',
    run.kept > 0 ? `${run.kept} stay: other sweeps keep them` : '',
  ].filter((part) => part !== '')
  const head = `vectors: ${run.files} files (${sayByteSize(run.bytes)}) of ${sayByteSize(run.storedBytes)} ${word}`
  const table = renderTable(
    [
      { title: 'model' },
      { title: 'tasks' },
      { title: 'side' },
      { title: 'files', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'last used', isOptional: true },
    ],
    run.rows.map((row) => [
      row.model,
      row.tasks.join(', '),
      row.side,
      String(row.files),
      sayByteSize(row.bytes),
      row.usedAt?.slice(0, 16).replace('T', ' ') ?? 'unknown',
    ]),
    terminalWidth(),
  )
  return [[head, ...stays].join('; '), ...(run.rows.length > 0 ? [table] : [])].join('\n')
}
