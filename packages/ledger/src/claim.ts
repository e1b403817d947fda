import {
  type Claim,
  type ClaimAnswer,
  type DeriveWork,
  type EncodeWork,
  isLexical,
  type Load,
  lexicalScoringOf,
  type RerankWork,
  type ScoreWork,
  type SideRecipe,
} from '@sweepboard/contracts'
import { ALONE_AT } from '@sweepboard/dispatch'
import { pairsWork, rerankWork } from './child-groups.ts'
import { scoreSides } from './claim-sides.ts'
import { deriveWork } from './derived-groups.ts'
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
  const work = WORK_OF[row.kind](h, row)
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
  return { state: 'granted', sweep: row.sweep, work }
}

const WORK_OF = { encode: encodeWork, score: scoreWork, pairs: pairsWork }

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
      part = {
        encoding: row.encoding,
        side: JSON.parse(row.side) as EncodeWork['parts'][number]['side'],
        textSet: row.textSet,
        chunks: [],
      }
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

function scoreWork(h: Handle, lease: LeaseRow): ScoreWork | RerankWork | DeriveWork | null {
  const group = h.get<GroupRow>('select * from grp where id = ? and ready = 1', lease.grp)
  const wanted = h.get<{ configs: string }>('select configs from score_lease where id = ?', lease.id)
  if (group === undefined || wanted === undefined) return null
  const task = h.get<TaskRow>('select * from task where key = ?', group.taskKey)
  if (task?.judgments == null) return null
  if (group.derived === 1) return deriveWork(h, lease.id, group, task)
  if (group.rerank !== null) return rerankWork(h, lease.id, group, task)
  const none = { encoding: 0, textSet: '', count: 0, chunks: [] }
  return {
    kind: 'score',
    lease: lease.id,
    group: group.id,
    task: task.name,
    mainScore: task.mainScore,
    judgments: task.judgments,
    queries: scoreSides(h, group.id, 'query')[0] ?? none,
    documents: scoreSides(h, group.id, 'document')[0] ?? none,
    configs: JSON.parse(wanted.configs) as KeyedConfig[],
    similarity: JSON.parse(group.recipe).similarity,
    ...lexicalPart(h, group),
  }
}

/** How token lists are scored; nothing for a group whose lane makes vectors. */
function lexicalPart(h: Handle, { lane, documentSide }: GroupRow): Pick<ScoreWork, 'lexical'> {
  const row = h.get<{ json: string }>('select json from load where key = ?', lane)
  const load = row && (JSON.parse(row.json) as Load)
  if (load === undefined || !isLexical(load)) return {}
  const { analyzer } = JSON.parse(documentSide) as SideRecipe
  return { lexical: lexicalScoringOf(load, analyzer?.stopWords ?? null) }
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
