import type { Gate, Keep, Plan } from '@sweepboard/contracts'
import type { Handle } from './handle.ts'
import { type SweepRow, sweepRow } from './sweeps.ts'

export interface SweepStatus {
  readonly id: string
  readonly name: string
  readonly state: SweepRow['state']
  readonly createdAt: string
  readonly endedAt: string | null
  readonly isLimited: boolean
  readonly keep: Keep
  readonly runMs: number
  readonly budget: Plan['budget']
  readonly gates: readonly Gate[]
  readonly warnings: readonly string[]
  /** A cell that is being tried again counts as waiting. */
  readonly cells: { readonly scored: number; readonly failed: number; readonly waiting: number; readonly total: number }
  /** Chunks of the groups whose texts are known; each text set and recipe once. */
  readonly chunks: { readonly done: number; readonly failed: number; readonly total: number }
  readonly bytes: { readonly done: number; readonly total: number }
  /** Estimated as bytes / 4. */
  readonly tokens: { readonly done: number; readonly total: number }
  readonly groups: { readonly attached: number; readonly ready: number; readonly total: number }
  readonly tasks: { readonly prepared: number; readonly failed: number; readonly total: number }
}

/** Every sweep, newest first. */
export function sweeps(h: Handle): SweepStatus[] {
  return h.all<SweepRow>('select * from sweep order by rowid desc').map((row) => statusOf(h, row))
}

/** Throws `SB-LEDGER-002` where there is no such sweep. */
export function sweepStatus(h: Handle, id: string): SweepStatus {
  return statusOf(h, sweepRow(h, id))
}

/** The spec as it was submitted. Throws `SB-LEDGER-002`. */
export function sweepSpec(h: Handle, id: string): string {
  return sweepRow(h, id).spec
}

type SweepCounts = Pick<SweepStatus, 'cells' | 'chunks' | 'bytes' | 'tokens' | 'groups' | 'tasks'>

/** Counts that took longer than this to add up are kept for a while: a sweep of 180,000 cells takes a second. */
const CHEAP_MS = 20
/** They are kept for so many times what they cost, so that adding up never takes more than a twentieth of the thread. */
const KEPT_TIMES = 20

/** A sweep's counts, at most a little old while it goes on; never of another state than the sweep is in. */
function countsOf(h: Handle, row: SweepRow): SweepCounts {
  const kept = h.sweepCounts.get(row.id)
  const now = performance.now()
  if (kept !== undefined && kept.state === row.state && now - kept.at < KEPT_TIMES * kept.costMs)
    return kept.counts as SweepCounts
  const counts = countOf(h, row)
  const costMs = performance.now() - now
  if (costMs > CHEAP_MS) h.sweepCounts.set(row.id, { state: row.state, at: performance.now(), costMs, counts })
  else h.sweepCounts.delete(row.id)
  return counts
}

/** A chunk that was encoded and then forgotten is done for a sweep that does not need it again. */
const IS_DONE = '(c.digest is not null or (u.open = 0 and c.failed is null and c.evidence is not null))'

function countOf(h: Handle, row: SweepRow): SweepCounts {
  const cells = h.get<{ scored: number; failed: number; total: number }>(
    `select count(*) as total, coalesce(sum(c.state = 'scored'), 0) as scored, coalesce(sum(c.state = 'failed'), 0) as failed
     from want w join config_set s on s.id = w.configs join json_each(s.json) j
     left join cell c on c.grp = w.grp and c.config = json_extract(j.value, '$.key') where w.sweep = ?`,
    row.id,
  ) ?? { scored: 0, failed: 0, total: 0 }
  const chunks = h.get<{
    total: number
    done: number
    failed: number
    bytes: number
    bytesDone: number
    tokens: number
    tokensDone: number
  }>(
    `select count(*) as total, coalesce(sum(isDone), 0) as done, coalesce(sum(failed is not null), 0) as failed,
       coalesce(sum(bytes), 0) as bytes, coalesce(sum(iif(isDone, bytes, 0)), 0) as bytesDone,
       coalesce(sum(tokens), 0) as tokens, coalesce(sum(iif(isDone, tokens, 0)), 0) as tokensDone
     from (select c.failed, c.bytes, c.tokens, ${IS_DONE} as isDone from (select ge.encoding, max(w.open) as open
       from want w join grp_encoding ge on ge.grp = w.grp where w.sweep = ? group by ge.encoding) u join chunk c on c.encoding = u.encoding)`,
    row.id,
  ) ?? { total: 0, done: 0, failed: 0, bytes: 0, bytesDone: 0, tokens: 0, tokensDone: 0 }
  const groups = h.get<{ total: number; attached: number; ready: number }>(
    `select count(*) as total, coalesce(sum(g.attached), 0) as attached, coalesce(sum(g.ready), 0) as ready
     from want w join grp g on g.id = w.grp where w.sweep = ?`,
    row.id,
  ) ?? { total: 0, attached: 0, ready: 0 }
  const tasks = h.get<{ total: number; prepared: number; failed: number }>(
    `select count(*) as total, coalesce(sum(state = 'prepared'), 0) as prepared, coalesce(sum(state = 'failed'), 0) as failed
     from task where key in (select g.taskKey from want w join grp g on g.id = w.grp where w.sweep = ?)`,
    row.id,
  ) ?? { total: 0, prepared: 0, failed: 0 }
  return {
    cells: { ...cells, waiting: cells.total - cells.scored - cells.failed },
    chunks: { done: chunks.done, failed: chunks.failed, total: chunks.total },
    bytes: { done: chunks.bytesDone, total: chunks.bytes },
    tokens: { done: chunks.tokensDone, total: chunks.tokens },
    groups,
    tasks,
  }
}

function statusOf(h: Handle, row: SweepRow): SweepStatus {
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    createdAt: row.createdAt,
    endedAt: row.endedAt,
    isLimited: row.isLimited === 1,
    keep: row.keep,
    runMs: row.runMs,
    budget: JSON.parse(row.budget),
    gates: JSON.parse(row.gates),
    warnings: JSON.parse(row.warnings),
    ...countsOf(h, row),
  }
}
