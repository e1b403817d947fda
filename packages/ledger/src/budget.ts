import { SweepError, toFailureRecord } from '@sweepboard/contracts'
import { failGroup } from './groups.ts'
import type { Handle } from './handle.ts'

/** Groups somebody works on: claimed leases over their chunks, or over themselves. */
const WORKED_ON = `select ge.grp from lease l join chunk c on c.lease = l.id join grp_encoding ge on ge.encoding = c.encoding
  where l.run is not null union select g.id from lease l join grp g on g.lease = l.id where l.run is not null`

/**
 * Adds running time (milliseconds) to every running sweep, and to those of its cells that are being worked on; then fails the cells
 * whose time is up. A cell that several sweeps wait for goes on as long as one of them grants it time.
 */
export function addRunTime(h: Handle, ms: number): void {
  h.run(`update sweep set runMs = runMs + ? where state = 'running'`, ms)
  if (!h.has(`select 1 from sweep where state = 'running' and json_extract(budget, '$.cellMs') is not null`)) return
  const groups = h.all<{ grp: number }>(WORKED_ON)
  for (const { grp } of groups) {
    h.run(
      `update want set runMs = runMs + ? where grp = ? and open = 1 and sweep in (select id from sweep where state = 'running')`,
      ms,
      grp,
    )
    failIfOver(h, grp)
  }
}

function failIfOver(h: Handle, grp: number): void {
  const wants = h.all<{ runMs: number; cellMs: number | null }>(
    `select w.runMs, json_extract(s.budget, '$.cellMs') as cellMs from want w join sweep s on s.id = w.sweep
     where w.grp = ? and w.open = 1 and s.state in ('running', 'paused') order by cellMs desc`,
    grp,
  )
  const [longest] = wants
  if (longest === undefined || wants.some(({ runMs, cellMs }) => cellMs === null || runMs <= cellMs)) return
  const seconds = (time: number) => Math.round(time / 100) / 10
  const failure = new SweepError('SB-LEDGER-008', { seconds: seconds(longest.runMs), budget: seconds(longest.cellMs ?? 0) })
  failGroup(h, grp, JSON.stringify(toFailureRecord(failure)))
}

/** Running sweeps that have run longer than `budget.sweepMs`. */
export function overBudget(h: Handle): string[] {
  return h
    .all<{ id: string }>(`select id from sweep where state = 'running' and runMs > json_extract(budget, '$.sweepMs') order by id`)
    .map(({ id }) => id)
}
