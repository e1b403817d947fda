import { SweepError } from '@sweepboard/contracts'
import type { Handle } from './handle.ts'
import type { Row, sweep } from './schema.ts'
import { nextState, SWEEP } from './states.ts'

export type SweepRow = Row<typeof sweep>

/** Throws `SB-LEDGER-002` where there is no such sweep. */
export function sweepRow(h: Handle, id: string): SweepRow {
  const row = h.get<SweepRow>('select * from sweep where id = ?', id)
  if (row === undefined) throw new SweepError('SB-LEDGER-002', { sweep: id })
  return row
}

/** Smallest vtime of the running sweeps, 0 where none runs. */
export function smallestVtime(h: Handle): number {
  return h.get<{ v: number | null }>(`select min(vtime) as v from sweep where state = 'running'`)?.v ?? 0
}

/** Moves a sweep along its table; false where the table does not list it. */
export function moveSweep(h: Handle, row: SweepRow, event: 'pause' | 'resume' | 'cancel' | 'retry' | 'finish'): boolean {
  const to = nextState(SWEEP, row.state, event)
  if (to === null) return false
  const ended = to === 'done' || to === 'cancelled' ? h.wallClock() : null
  h.run('update sweep set state = ?, endedAt = ? where id = ?', to, ended, row.id)
  h.events.push({ kind: 'sweep', sweep: row.id, state: to })
  return true
}

/** running, paused -> done, where no want of it is open. */
export function finishIfDone(h: Handle, id: string): void {
  const row = sweepRow(h, id)
  if (nextState(SWEEP, row.state, 'finish') === null) return
  if (!h.has('select 1 from want where sweep = ? and open = 1', id)) moveSweep(h, row, 'finish')
}

/** Ids of the sweeps of this name or id. Throws `SB-LEDGER-002` where there is none. */
export function idsOf(h: Handle, word: string): string[] {
  const rows = h.all<{ id: string }>('select id from sweep where id = ? or name = ? order by rowid', word, word)
  if (rows.length === 0) throw new SweepError('SB-LEDGER-002', { sweep: word })
  return rows.map(({ id }) => id)
}
