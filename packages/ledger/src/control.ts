import { type FailureRecord, SweepError } from '@sweepboard/contracts'
import { chunkRow, failChunk } from './chunks.ts'
import { cellState, closeWants, configsOf } from './groups.ts'
import type { Handle } from './handle.ts'
import { closeAllUnwanted } from './leases.ts'
import { nextState, WANT } from './states.ts'
import { reopen } from './submit.ts'
import { finishIfDone, moveSweep, smallestVtime, sweepRow } from './sweeps.ts'

export type ControlAction = 'pause' | 'resume' | 'cancel' | 'retry'

/** States in which an action has already had its effect: asking again is a no-op. */
const SETTLED: Readonly<Record<ControlAction, string>> = {
  pause: 'paused',
  resume: 'running',
  cancel: 'cancelled',
  retry: 'running',
}
const WORDS: Readonly<Record<ControlAction, string>> = {
  pause: 'paused',
  resume: 'resumed',
  cancel: 'cancelled',
  retry: 'retried',
}

/** Throws `SB-LEDGER-002` (no such sweep) and `SB-LEDGER-003` (not in this state). */
export function control(h: Handle, id: string, action: ControlAction): void {
  const row = sweepRow(h, id)
  if (row.state === SETTLED[action]) return
  const vtime = Math.max(row.vtime, smallestVtime(h))
  if (!moveSweep(h, row, action)) throw new SweepError('SB-LEDGER-003', { sweep: id, state: row.state, action: WORDS[action] })
  if (action === 'resume' || action === 'retry') h.run('update sweep set vtime = ? where id = ?', vtime, id)
  if (action === 'retry') retry(h, id)
  closeAllUnwanted(h)
}

/** closed -> open for wants with a cell that is not scored; scored cells are kept. */
function retry(h: Handle, id: string): void {
  const wants = h.all<{ grp: number; configs: string; open: number }>('select grp, configs, open from want where sweep = ?', id)
  const reopened = wants.filter(({ grp, configs }) =>
    configsOf(h, configs).some(({ key }) => cellState(h, grp, key) !== 'scored'),
  )
  for (const { grp, open } of reopened) {
    if (open === 0 && nextState(WANT, 'closed', 'reopen') !== null)
      h.run('update want set open = 1 where sweep = ? and grp = ?', id, grp)
    reopen(h, id, grp)
  }
  for (const { grp } of reopened) closeWants(h, grp)
  h.cursors.clear()
  finishIfDone(h, id)
}

/** Fails all waiting chunks of a lane that every live, fitting slot has closed for good; forgotten ones nobody wants are not waiting. */
export function laneDead(h: Handle, lane: string, failure: FailureRecord): void {
  const rows = h.all<{ encoding: number; n: number }>(
    `select c.encoding, c.n from encoding e join chunk c on c.encoding = e.id
     where e.lane = ? and e.complete = 0 and c.digest is null and c.lease is null and c.failed is null
       and (c.evidence is null or exists (select 1 from grp_encoding ge join want w on w.grp = ge.grp where ge.encoding = e.id and w.open = 1))`,
    lane,
  )
  for (const { encoding, n } of rows) {
    const row = chunkRow(h, encoding, n)
    if (row !== undefined) failChunk(h, row, failure)
  }
}
