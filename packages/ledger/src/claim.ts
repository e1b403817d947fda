import type { Claim, ClaimAnswer, EncodeWork, Load, ScoreWork, SideRecipe } from '@sweepboard/contracts'
import { ALONE_AT } from '@sweepboard/dispatch'
import { configsOf, type GroupRow, type KeyedConfig, type TaskRow } from './groups.ts'
import type { Handle } from './handle.ts'
import { closeLease, type LeaseRow, leaseRow } from './leases.ts'

/**
 * sent -> claimed: granted to one run, ever; the same run asking again gets the same answer. A score lease whose group lost a
 * chunk meanwhile is closed instead.
 */
export function claim(h: Handle, asked: Claim): ClaimAnswer {
  const row = leaseRow(h, asked.lease)
  if (row === undefined) return { state: 'gone' }
  const isMine = row.run === asked.run && row.host === asked.host
  if (row.run !== null && !isMine) return { state: 'gone' }
  const work = row.kind === 'score' ? scoreWork(h, row) : encodeWork(h, row)
  if (work === null) {
    closeLease(h, row)
    return { state: 'gone' }
  }
  h.run(
    'update lease set run = ?, host = ?, boot = ?, claimSeq = ?, slot = ? where id = ?',
    asked.run,
    asked.host,
    asked.boot,
    Math.max(asked.seq, row.boot === asked.boot ? (row.claimSeq ?? 0) : 0),
    asked.slot,
    row.id,
  )
  return { state: 'granted', work }
}

function encodeWork(h: Handle, lease: LeaseRow): EncodeWork | null {
  const load = h.get<{ json: string }>('select json from load where key = ?', lease.lane)
  const rows = h.all<{ encoding: number; n: number; start: number; end: number; side: string; textSet: string; crashes: number }>(
    `select c.encoding, c.n, c.start, c."end", e.side, e.textSet,
       (select count(*) from crash x where x.encoding = c.encoding and x.n = c.n) as crashes
     from chunk c join encoding e on e.id = c.encoding where c.lease = ? order by c.encoding, c.n`,
    lease.id,
  )
  if (load === undefined || rows.length === 0) return null
  const parts: EncodeWork['parts'] = []
  for (const row of rows) {
    let part = parts.at(-1)
    if (part?.encoding !== row.encoding) {
      part = { encoding: row.encoding, side: JSON.parse(row.side) as SideRecipe, textSet: row.textSet, chunks: [] }
      parts.push(part)
    }
    part.chunks.push({ n: row.n, start: row.start, end: row.end })
  }
  return {
    kind: 'encode',
    lease: lease.id,
    load: JSON.parse(load.json) as Load,
    alone: rows.some(({ crashes }) => crashes >= ALONE_AT),
    parts,
  }
}

function scoreWork(h: Handle, lease: LeaseRow): ScoreWork | null {
  const group = h.get<GroupRow>('select * from grp where id = ? and ready = 1', lease.grp)
  const wanted = h.get<{ configs: string }>('select configs from score_lease where id = ?', lease.id)
  if (group === undefined || wanted === undefined) return null
  const task = h.get<TaskRow>('select * from task where key = ?', group.taskKey)
  if (task?.judgments == null) return null
  return {
    kind: 'score',
    lease: lease.id,
    group: group.id,
    task: task.name,
    mainScore: task.mainScore,
    judgments: task.judgments,
    queries: scoreSide(h, group.id, 'query'),
    documents: scoreSide(h, group.id, 'document'),
    configs: JSON.parse(wanted.configs) as KeyedConfig[],
    similarity: JSON.parse(group.recipe).similarity,
  }
}

function scoreSide(h: Handle, group: number, side: 'query' | 'document'): ScoreWork['queries'] {
  const rows = h.all<{
    encoding: number
    textSet: string
    count: number
    n: number | null
    start: number
    end: number
    digest: string
  }>(
    `select e.id as encoding, e.textSet, t.items as count, c.n, c.start, c."end", c.digest from grp_encoding ge
     join encoding e on e.id = ge.encoding join text_set t on t.digest = e.textSet left join chunk c on c.encoding = e.id
     where ge.grp = ? and ge.side = ? order by c.n`,
    group,
    side,
  )
  const [first] = rows
  const chunks = rows.flatMap(({ n, start, end, digest }) => (n === null ? [] : [{ n, start, end, digest }]))
  return { encoding: first?.encoding ?? 0, textSet: first?.textSet ?? '', count: first?.count ?? 0, chunks }
}

/** Configs a score lease should cover now: named by an open want of a running sweep, and neither scored nor failed. */
export function configsToScore(h: Handle, group: number): KeyedConfig[] {
  const wants = h.all<{ configs: string }>(
    `select w.configs from want w join sweep s on s.id = w.sweep where w.grp = ? and w.open = 1 and s.state = 'running'`,
    group,
  )
  const settled = new Set(
    h
      .all<{ config: string }>(`select config from cell where grp = ? and state in ('scored', 'failed')`, group)
      .map(({ config }) => config),
  )
  const open = new Map<string, KeyedConfig>()
  for (const { configs } of wants)
    for (const entry of configsOf(h, configs)) if (!settled.has(entry.key)) open.set(entry.key, entry)
  return [...open.values()]
}
