import { newLeaseId, SCORE_LANE, SweepError } from '@sweepboard/contracts'
import { isWanted, type KeyedConfig } from './groups.ts'
import type { Handle } from './handle.ts'
import type { lease, Row } from './schema.ts'

export type LeaseRow = Row<typeof lease>

/** A chunk by (encoding id, chunk number). */
export type ChunkName = readonly [encoding: number, n: number]

export function leaseRow(h: Handle, id: string): LeaseRow | undefined {
  return h.get<LeaseRow>('select * from lease where id = ?', id)
}

/** todo -> leased for all chunks named, or nothing: throws `SB-CORE-001` where one is not free any more. */
export function leaseEncode(
  h: Handle,
  want: { lane: string; sweep: string; chunks: readonly ChunkName[]; cost: number },
): string {
  const id = newLeaseId(h.random)
  h.run(`insert into lease (id, kind, lane, sweep) values (?, 'encode', ?, ?)`, id, want.lane, want.sweep)
  for (const [encoding, n] of want.chunks) {
    const taken = h.run(
      'update chunk set lease = ? where encoding = ? and n = ? and digest is null and lease is null and failed is null',
      id,
      encoding,
      n,
    )
    if (taken !== 1) throw new SweepError('SB-CORE-001', { message: `chunk ${encoding}/${n} is not free` })
  }
  pay(h, want.sweep, want.cost)
  return id
}

/** A score lease for a ready group: the union of its running wants' configs that have no scored or failed cell. */
export function leaseScore(
  h: Handle,
  want: { sweep: string; group: number; configs: readonly KeyedConfig[]; cost: number },
): string {
  const id = newLeaseId(h.random)
  const taken = h.run('update grp set lease = ? where id = ? and ready = 1 and lease is null', id, want.group)
  if (taken !== 1) throw new SweepError('SB-CORE-001', { message: `group ${want.group} is not ready` })
  h.run(`insert into lease (id, kind, lane, sweep, grp) values (?, 'score', ?, ?, ?)`, id, SCORE_LANE, want.sweep, want.group)
  h.run('insert into score_lease (id, grp, configs) values (?, ?, ?)', id, want.group, JSON.stringify(want.configs))
  pay(h, want.sweep, want.cost)
  return id
}

export function pay(h: Handle, sweep: string, cost: number): void {
  h.run('update sweep set vtime = vtime + ? / weight where id = ?', cost, sweep)
}

/** sent, claimed -> gone; what still points at it is free again. */
export function closeLease(h: Handle, row: LeaseRow): void {
  const freed = h.all<{ encoding: number; n: number }>(
    'update chunk set lease = null where lease = ? returning encoding, n',
    row.id,
  )
  if (freed.length > 0) h.cursors.delete(row.lane)
  for (const { encoding, n } of freed) h.events.push({ kind: 'chunk', encoding, n, state: 'todo' })
  h.run('update grp set lease = null where lease = ?', row.id)
  if (h.run('delete from lease where id = ?', row.id) > 0)
    h.events.push({ kind: 'lease-closed', lease: row.id, lane: row.lane, host: row.host })
}

/** Closes a lease whatever is left of it; false where it was not open any more. */
export function expire(h: Handle, id: string): boolean {
  const row = leaseRow(h, id)
  if (row !== undefined) closeLease(h, row)
  return row !== undefined
}

/** Closes an encode lease none of whose chunks is left. */
export function closeIfEmpty(h: Handle, id: string): void {
  if (h.has('select 1 from chunk where lease = ?', id)) return
  const row = leaseRow(h, id)
  if (row !== undefined) closeLease(h, row)
}

/** Closes leases over the groups whose wants closed in this transaction, where nobody else wants them. */
export function closeUnwantedOf(h: Handle): void {
  for (const group of h.touched) {
    const leases = h.all<{ id: string }>(
      `select distinct c.lease as id from grp_encoding ge join chunk c on c.encoding = ge.encoding
       where ge.grp = ? and c.lease is not null union select lease as id from grp where id = ? and lease is not null`,
      group,
      group,
    )
    for (const { id } of leases) closeIfUnwanted(h, id)
  }
  h.touched.clear()
}

/** Closes leases over chunks of an encoding that a group has just been taken off, where nobody else wants them. */
export function closeUnwantedOn(h: Handle, encoding: number): void {
  const leases = h.all<{ id: string }>(
    'select distinct lease as id from chunk where encoding = ? and lease is not null',
    encoding,
  )
  for (const { id } of leases) closeIfUnwanted(h, id)
}

/** Closes every lease that no running sweep wants any more: after cancel and pause. */
export function closeAllUnwanted(h: Handle): void {
  for (const { id } of h.all<{ id: string }>('select id from lease')) closeIfUnwanted(h, id)
}

function closeIfUnwanted(h: Handle, id: string): void {
  const row = leaseRow(h, id)
  if (row === undefined) return
  const groups = h.all<{ id: number }>('select id from grp where lease = ?', id)
  const wanted = row.kind === 'encode' ? isEncodeWanted(h, id) : groups.some((group) => isWanted(h, group.id))
  if (!wanted) closeLease(h, row)
}

function isEncodeWanted(h: Handle, id: string): boolean {
  return h.has(
    `select 1 from chunk c join grp_encoding ge on ge.encoding = c.encoding join want w on w.grp = ge.grp
     join sweep s on s.id = w.sweep where c.lease = ? and w.open = 1 and s.state = 'running' limit 1`,
    id,
  )
}
