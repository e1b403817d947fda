import { type FailureRecord, SweepError, toFailureRecord } from '@sweepboard/contracts'
import type { Handle } from './handle.ts'

/**
 * What a child or derived group fails with when a ranked run it is made from is gone or damaged; null where all are whole. A score is
 * written once, so no lease would make that run again: trying more often changes nothing.
 */
export function lostRun(h: Handle, group: number, isWhole: (digest: string) => boolean): FailureRecord | null {
  const runs = h.all<{ run: string; model: string; task: string }>(
    `select c.run, g.model, t.name as task from (select parent, parentConfig as config from grp where id = ? and parent is not null
       union select parent, config from source where grp = ?) s
     join cell c on c.grp = s.parent and c.config = s.config join grp g on g.id = c.grp join task t on t.key = g.taskKey
     where c.run is not null`,
    group,
    group,
  )
  const lost = runs.find(({ run }) => !isWhole(run))
  if (lost === undefined) return null
  const { run, model, task } = lost
  return toFailureRecord(new SweepError('SB-LEDGER-011', { digest: run, model, task }))
}
