import { type Digest, SweepError } from '@sweepboard/contracts'
import type { Handle } from './handle.ts'

/** Artifacts a prepared task was stored as. */
export interface TaskTexts {
  readonly queries: Digest
  readonly documents: Digest
  readonly judgments: Digest
}

/** Throws `SB-LEDGER-010` for a task key that nothing is prepared under. */
export function taskTexts(h: Handle, key: string): TaskTexts {
  const row = h.get<TaskTexts>(
    'select queries, documents, judgments from task where key = ? and queries is not null and documents is not null and judgments is not null',
    key,
  )
  if (row === undefined) throw new SweepError('SB-LEDGER-010', { task: key.slice(0, 80) })
  return row
}
