import type { Handle } from './handle.ts'

/** Takes a file off the list of garbage: something refers to it again. */
export function unmark(h: Handle, digest: string): void {
  h.run('delete from garbage where digest = ?', digest)
}

/** Whether any row refers to this artifact: vectors, runs, per-query scores, text sets, judgments. */
export function isReferenced(h: Handle, digest: string): boolean {
  return [
    'select 1 from chunk where digest = ?',
    'select 1 from cell where run = ?',
    'select 1 from cell where perQuery = ?',
    'select 1 from text_set where digest = ?',
    'select 1 from task where judgments = ?',
  ].some((sql) => h.has(sql, digest))
}

/** Whether this file is on the list of garbage. */
export function isMarked(h: Handle, digest: string): boolean {
  return h.has('select 1 from garbage where digest = ?', digest)
}

/** Marks stored files that nothing refers to with the service's time in ms; forgets marks of files referred to again. */
export function markGarbage(h: Handle, stored: Iterable<string>, now: number): { marked: number } {
  let marked = 0
  for (const digest of stored) {
    if (isReferenced(h, digest)) unmark(h, digest)
    else marked += h.run('insert or ignore into garbage (digest, since) values (?, ?)', digest, now)
  }
  return { marked }
}

/** Those of these files that nothing refers to, with the time of their mark; null where not marked yet. */
export function unreferenced(h: Handle, digests: Iterable<string>): { digest: string; since: number | null }[] {
  return [...digests]
    .filter((digest) => !isReferenced(h, digest))
    .map((digest) => ({
      digest,
      since: h.get<{ since: number }>('select since from garbage where digest = ?', digest)?.since ?? null,
    }))
}

/** Deletes those of these files that are still marked and still unreferenced: looks again here, in the transaction of the unlink. */
export function deleteGarbage(h: Handle, digests: Iterable<string>, unlink: (digest: string) => void): { deleted: number } {
  let deleted = 0
  for (const digest of digests) {
    if (!isMarked(h, digest)) continue
    unmark(h, digest)
    if (isReferenced(h, digest)) continue
    unlink(digest)
    deleted += 1
  }
  return { deleted }
}
