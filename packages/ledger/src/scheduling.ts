import { configsToScore } from './claim.ts'
import type { KeyedConfig } from './groups.ts'
import type { Handle } from './handle.ts'
import type { LeaseRow } from './leases.ts'

/** A chunk that may be leased now. */
export interface ChunkCandidate {
  readonly encoding: number
  readonly n: number
  readonly tokens: number
  /** Crash marks. */
  readonly crashes: number
}

/** Work of a lane that is wanted and neither done, leased nor failed. */
export interface LaneBacklog {
  readonly lane: string
  readonly todoTokens: number
  readonly todoChunks: number
}

/** A group to score with the configs still open. */
export interface GroupCandidate {
  readonly group: number
  readonly configs: readonly KeyedConfig[]
}

const SLICE = 64

/** Running sweeps, smallest vtime first. */
export function runningSweeps(h: Handle): { id: string; vtime: number; weight: number }[] {
  return h.all(`select id, vtime, weight from sweep where state = 'running' order by vtime, id`)
}

/**
 * Chunks of a lane that a sweep may lease, in plan order: small tasks first, both sides of a group adjacent. Lazy; nothing may be
 * written while it is read. Starts at the first want that had any the last time (`Handle.cursors`).
 */
export function* todoChunks(h: Handle, lane: string, sweep: string): Generator<ChunkCandidate> {
  const seen = new Set<number>()
  let at = h.cursors.get(lane)?.get(sweep) ?? { rank: -1, grp: -1 }
  let isFirst = true
  for (;;) {
    const slice = h.all<{ rank: number; grp: number; encoding: number }>(
      `select w.rank, w.grp, ge.encoding from want w join grp g on g.id = w.grp join task t on t.key = g.taskKey
       join grp_encoding ge on ge.grp = w.grp join encoding e on e.id = ge.encoding
       where w.sweep = ? and w.lane = ? and w.open = 1 and (w.rank, w.grp) >= (?, ?) and e.complete = 0 and t.state = 'prepared'
       order by w.rank, w.grp, ge.side desc limit ${SLICE}`,
      sweep,
      lane,
      at.rank,
      at.grp,
    )
    for (const { rank, grp, encoding } of slice) {
      if (seen.has(encoding)) continue
      seen.add(encoding)
      for (const chunk of todoOf(h, encoding)) {
        if (isFirst) remember(h, lane, sweep, { rank, grp })
        isFirst = false
        yield chunk
      }
    }
    const last = slice.at(-1)
    if (last === undefined || slice.length < SLICE) return
    at = last
  }
}

function todoOf(h: Handle, encoding: number): ChunkCandidate[] {
  return h.all(
    `select encoding, n, tokens, (select count(*) from crash x where x.encoding = c.encoding and x.n = c.n) as crashes from chunk c
     where encoding = ? and digest is null and lease is null and failed is null order by n`,
    encoding,
  )
}

function remember(h: Handle, lane: string, sweep: string, at: { rank: number; grp: number }): void {
  const ofLane = h.cursors.get(lane) ?? new Map()
  ofLane.set(sweep, at)
  h.cursors.set(lane, ofLane)
}

/** What waits in each lane. */
export function laneBacklogs(h: Handle): LaneBacklog[] {
  return h.all(
    `select e.lane, sum(c.tokens) as todoTokens, count(*) as todoChunks from encoding e join chunk c on c.encoding = e.id
     where e.complete = 0 and c.digest is null and c.lease is null and c.failed is null
       and exists (select 1 from grp_encoding ge join want w on w.grp = ge.grp join sweep s on s.id = w.sweep join grp g on g.id = w.grp
         join task t on t.key = g.taskKey where ge.encoding = e.id and w.open = 1 and s.state = 'running' and t.state = 'prepared')
     group by e.lane order by e.lane`,
  )
}

/** Lanes in which a running (or a paused) sweep has open cells: what they wait for may be work of another lane. */
export function openLanes(h: Handle, state: 'running' | 'paused'): string[] {
  const rows = h.all<{ lane: string }>(
    `select distinct w.lane from sweep s join want w on w.sweep = s.id where s.state = ? and w.open = 1`,
    state,
  )
  return rows.map(({ lane }) => lane)
}

/** Lanes that get work yet: a running sweep has open cells there whose texts are not there to encode. */
export function growingLanes(h: Handle): string[] {
  const rows = h.all<{ lane: string }>(
    `select distinct w.lane from sweep s join want w on w.sweep = s.id join grp g on g.id = w.grp
     where s.state = 'running' and w.open = 1 and g.attached = 0`,
  )
  return rows.map(({ lane }) => lane)
}

/** Running sweeps that still have something to encode in a lane. */
export function laneSweeps(h: Handle, lane: string): { sweep: string; weight: number }[] {
  return h.all(
    `select s.id as sweep, s.weight from sweep s where s.state = 'running' and exists (
       select 1 from want w join grp_encoding ge on ge.grp = w.grp join encoding e on e.id = ge.encoding
       where w.sweep = s.id and w.lane = ? and w.open = 1 and e.complete = 0) order by s.id`,
    lane,
  )
}

/** Groups of a sweep that can be scored now, in plan order. */
export function scorableGroups(h: Handle, sweep: string, limit: number): GroupCandidate[] {
  const rows = h.all<{ grp: number }>(
    `select w.grp from want w join grp g on g.id = w.grp join task t on t.key = g.taskKey
     where w.sweep = ? and w.open = 1 and w.ready = 1 and g.lease is null and t.state = 'prepared' order by w.rank, w.grp limit ?`,
    sweep,
    limit,
  )
  return rows.map(({ grp }) => ({ group: grp, configs: configsToScore(h, grp) })).filter(({ configs }) => configs.length > 0)
}

/** Every open lease, with the tokens of the chunks it still has. */
export function openLeases(h: Handle): (LeaseRow & { readonly tokens: number })[] {
  return h.all(
    'select l.*, (select coalesce(sum(tokens), 0) from chunk c where c.lease = l.id) as tokens from lease l order by l.rowid',
  )
}

/** Claimed leases of one host. */
export function leasesOf(h: Handle, host: string): LeaseRow[] {
  return h.all('select * from lease where host = ?', host)
}
