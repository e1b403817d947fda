import type { FailureRecord } from '@sweepboard/contracts'
import { failGroupsOn, refreshReady } from './groups.ts'
import type { Handle } from './handle.ts'
import { closeIfEmpty } from './leases.ts'
import type { chunk, Row } from './schema.ts'
import { CHUNK, nextState } from './states.ts'

export type ChunkRow = Row<typeof chunk>

export function chunkRow(h: Handle, encoding: number, n: number): ChunkRow | undefined {
  return h.get<ChunkRow>('select * from chunk where encoding = ? and n = ?', encoding, n)
}

export function chunkState(row: Pick<ChunkRow, 'digest' | 'failed' | 'lease'>): keyof typeof CHUNK {
  if (row.digest !== null) return 'done'
  if (row.failed !== null) return 'failed'
  return row.lease === null ? 'todo' : 'leased'
}

/** Whether the table lets this chunk take this event now. */
export function may(row: ChunkRow, event: 'lease' | 'commit' | 'close' | 'fail' | 'reopen' | 'revoke'): boolean {
  return nextState(CHUNK, chunkState(row), event) !== null
}

/** todo, leased, failed -> done; closes the lease it was the last chunk of, and asks again what is complete and ready. */
export function commitChunk(h: Handle, row: ChunkRow, digest: string, evidence: string): void {
  if (!may(row, 'commit')) return
  h.run(
    'update chunk set digest = ?, evidence = ?, lease = null, failed = null where encoding = ? and n = ?',
    digest,
    evidence,
    row.encoding,
    row.n,
  )
  h.events.push({ kind: 'chunk', encoding: row.encoding, n: row.n, state: 'done' })
  if (row.lease !== null) closeIfEmpty(h, row.lease)
  refreshComplete(h, row.encoding)
}

/** todo, leased -> failed; with it every group on its encoding that is still wanted by a sweep not cancelled. */
export function failChunk(h: Handle, row: ChunkRow, failure: FailureRecord): void {
  if (!may(row, 'fail')) return
  const json = JSON.stringify(failure)
  h.run('update chunk set failed = ?, lease = null where encoding = ? and n = ?', json, row.encoding, row.n)
  h.events.push({ kind: 'chunk', encoding: row.encoding, n: row.n, state: 'failed' })
  if (row.lease !== null) closeIfEmpty(h, row.lease)
  failGroupsOn(h, row.encoding, json)
}

/** failed -> todo for all chunks of a group's encodings; tries and crash marks start again. */
export function reopenChunks(h: Handle, grp: number): void {
  const rows = h.all<ChunkRow & { lane: string }>(
    `select c.*, e.lane as lane from grp_encoding ge join encoding e on e.id = ge.encoding
     join chunk c on c.encoding = e.id where ge.grp = ? and c.failed is not null`,
    grp,
  )
  for (const row of rows) {
    if (!may(row, 'reopen')) continue
    h.run('update chunk set failed = null, tries = 0 where encoding = ? and n = ?', row.encoding, row.n)
    h.run('delete from crash where encoding = ? and n = ?', row.encoding, row.n)
    h.events.push({ kind: 'chunk', encoding: row.encoding, n: row.n, state: 'todo' })
    h.cursors.delete(row.lane)
  }
}

/** done -> todo: its artifact is gone or damaged. */
export function revokeChunk(h: Handle, row: ChunkRow): void {
  if (!may(row, 'revoke')) return
  h.run('update chunk set digest = null, evidence = null where encoding = ? and n = ?', row.encoding, row.n)
  h.events.push({ kind: 'chunk', encoding: row.encoding, n: row.n, state: 'todo' })
  h.cursors.clear()
  refreshComplete(h, row.encoding)
}

/** done -> todo for every chunk of an encoding, because nobody needs its vectors any more. Evidence stays: scores were made of it. */
export function forgetChunks(h: Handle, encoding: number): void {
  if (nextState(CHUNK, 'done', 'forget') === null) return
  if (h.run('update chunk set digest = null where encoding = ? and digest is not null', encoding) === 0) return
  h.events.push({ kind: 'chunk', encoding, n: 0, state: 'todo' })
  refreshComplete(h, encoding)
}

/** Completeness is asked of the rows, never counted; a change is passed on to the groups. */
export function refreshComplete(h: Handle, encoding: number): void {
  const changed = h.run(
    `update encoding set complete = 1 - complete where id = ?
     and complete = exists (select 1 from chunk c where c.encoding = encoding.id and c.digest is null)`,
    encoding,
  )
  if (changed === 0) return
  h.encodingEvidence.delete(encoding)
  for (const { grp } of h.all<{ grp: number }>('select distinct grp from grp_encoding where encoding = ?', encoding))
    refreshReady(h, grp)
}
