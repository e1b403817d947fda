import { forgetChunks } from './chunks.ts'
import { isReferenced } from './gc.ts'
import type { Handle } from './handle.ts'

/**
 * Whose wish it is that vectors go:
 * - `keep`: retention. They go where no sweep that names them keeps them.
 * - `sweeps`: somebody asks for those of these sweeps (ids). They go where no other sweep keeps them.
 * - `any`: somebody asks for vectors whoever keeps them.
 */
export type ForgetRule =
  | { readonly kind: 'keep' }
  | { readonly kind: 'sweeps'; readonly sweeps: readonly string[] }
  | { readonly kind: 'any' }

/** The stored vectors of one encoding, and whether they may go. */
export interface StoredVectors {
  readonly encoding: number
  readonly model: string
  /** Names of the tasks whose groups use them. */
  readonly tasks: readonly string[]
  /** `query`, `document`, both, or `pairs` for the scores of a reranker. */
  readonly side: string
  /** Wall-clock text of the last commit or score; null where neither was recorded. */
  readonly usedAt: string | null
  readonly digests: readonly string[]
  /** `used`: by an open lease, or an open want of a running or paused sweep; `kept`: by another sweep's `keep`. */
  readonly state: 'free' | 'used' | 'kept'
}

const SLICE = 200
/** Encodings looked at in one read: 7 to 23 ms in a ledger of 10,000. */
const WINDOW = 500
const STORED = 'exists (select 1 from chunk c where c.encoding = e.id and c.digest is not null)'
const USED = `(exists (select 1 from chunk c where c.encoding = e.id and c.lease is not null)
  or exists (select 1 from grp_encoding ge join grp g on g.id = ge.grp where ge.encoding = e.id and g.lease is not null)
  or exists (select 1 from grp_encoding ge join want w on w.grp = ge.grp join sweep s on s.id = w.sweep
    where ge.encoding = e.id and w.open = 1 and s.state in ('running', 'paused')))`
/** Whether a sweep that is not among those named (JSON) keeps it. */
const KEPT = `exists (select 1 from grp_encoding ge join want w on w.grp = ge.grp join sweep s on s.id = w.sweep where ge.encoding = e.id
  and (s.keep = 'all' or (s.keep = 'queries' and ge.side <> 'document')) and s.id not in (select value from json_each(?)))`
const NAMED = `exists (select 1 from grp_encoding ge join want w on w.grp = ge.grp
  where ge.encoding = e.id and w.sweep in (select value from json_each(?)))`

const namedBy = (rule: ForgetRule): string => JSON.stringify(rule.kind === 'sweeps' ? rule.sweeps : [])

/** Stored vectors in slices, in order of encoding ids from `after` on; an empty slice is the end. With `sweeps` only what those name. */
export function storedVectors(h: Handle, rule: ForgetRule, after: number): StoredVectors[] {
  const isNamed = rule.kind === 'sweeps' ? NAMED : '? is not null'
  const rows = h.all<{ id: number; lane: string; usedAt: string | null; isUsed: number; isKept: number }>(
    `select e.id, e.lane, e.usedAt, ${USED} as isUsed, ${KEPT} as isKept from encoding e
     where e.id > ? and ${STORED} and ${isNamed} order by e.id limit ${SLICE}`,
    namedBy(rule),
    after,
    namedBy(rule),
  )
  return rows.map(({ id, lane, usedAt, isUsed, isKept }) => ({
    encoding: id,
    usedAt,
    ...usersOf(h, id, lane),
    digests: digestsOf(h, id),
    state: isUsed === 1 ? 'used' : isKept === 1 && rule.kind !== 'any' ? 'kept' : 'free',
  }))
}

/** Lanes in which a running or paused sweep has a group whose texts, or pairs, are not known yet. */
const WAITING = `select w.lane from task t join grp g on g.taskKey = t.key join want w on w.grp = g.id join sweep s on s.id = w.sweep
    where t.state = 'wanted' and w.open = 1 and s.state in ('running', 'paused')
  union select w.lane from grp g join want w on w.grp = g.id join sweep s on s.id = w.sweep
    where g.rerank is not null and g.attached = 0 and w.open = 1 and s.state in ('running', 'paused')`

/**
 * Encodings that retention lets go, of a window of ids from `after` on; `next` is where the next window begins, null behind the last. Not
 * those of a lane in which a group still waits for its texts: it may be about to need the same vectors.
 */
export function retiredEncodings(h: Handle, after: number): { encodings: number[]; next: number | null } {
  const last = after + WINDOW
  const rows = h.all<{ id: number }>(
    `with waiting as materialized (${WAITING})
     select e.id from encoding e where e.id > ? and e.id <= ? and ${STORED} and not ${USED} and not ${KEPT}
     and e.lane not in (select lane from waiting)
     and exists (select 1 from grp_encoding ge join want w on w.grp = ge.grp where ge.encoding = e.id) order by e.id`,
    after,
    last,
    '[]',
  )
  const hasMore = h.has('select 1 from encoding where id > ? limit 1', last)
  return { encodings: rows.map(({ id }) => id), next: hasMore ? last : null }
}

/** Whether any sweep keeps less than all its vectors. */
export function hasRetention(h: Handle): boolean {
  return h.has(`select 1 from sweep where keep <> 'all' limit 1`)
}

/**
 * Drops the vectors of these encodings, each whole with its chunks (protocol section 9): chunks are todo again, groups on them not ready, so
 * that whoever wants them next has them encoded anew. Evidence, cells, runs and per-query scores stay. What is in use, or kept against the
 * rule, stays too: it is looked at here again, in the transaction that forgets. Answers the encodings forgotten, and the files nothing
 * refers to any more, marked as garbage.
 */
export function forget(h: Handle, encodings: readonly number[], rule: ForgetRule): { forgotten: number[]; freed: string[] } {
  const free = encodings.filter((id) =>
    h.has(
      `select 1 from encoding e where e.id = ? and ${STORED} and not ${USED} and (? = 'any' or not ${KEPT})`,
      id,
      rule.kind,
      namedBy(rule),
    ),
  )
  const digests = new Set<string>()
  for (const id of free) {
    for (const digest of digestsOf(h, id)) digests.add(digest)
    forgetChunks(h, id)
  }
  if (free.length > 0) h.cursors.clear()
  const freed = [...digests].filter((digest) => !isReferenced(h, digest))
  for (const digest of freed) h.run('insert or replace into garbage (digest, since) values (?, 0)', digest)
  return { forgotten: free, freed }
}

function digestsOf(h: Handle, encoding: number): string[] {
  return h
    .all<{ digest: string }>('select digest from chunk where encoding = ? and digest is not null order by n', encoding)
    .map(({ digest }) => digest)
}

function usersOf(h: Handle, encoding: number, lane: string): Pick<StoredVectors, 'model' | 'tasks' | 'side'> {
  const links = h.all<{ task: string; side: string }>(
    `select distinct t.name as task, iif(ge.side like 'pair%', 'pairs', ge.side) as side from grp_encoding ge
     join grp g on g.id = ge.grp join task t on t.key = g.taskKey where ge.encoding = ? order by task, side`,
    encoding,
  )
  const load = h.get<{ model: string }>(`select json_extract(json, '$.model') as model from load where key = ?`, lane)
  return {
    model: load?.model ?? lane,
    tasks: [...new Set(links.map(({ task }) => task))],
    side: [...new Set(links.map(({ side }) => side))].sort().join('+'),
  }
}
