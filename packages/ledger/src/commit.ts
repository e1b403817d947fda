import type { Commit, CommitVerdict } from '@sweepboard/contracts'
import { chunkRow, commitChunk, may } from './chunks.ts'
import { unmark } from './gc.ts'
import type { Handle } from './handle.ts'

/**
 * Insert-only, from anybody, at any time: the first commit of a chunk wins and a repeat is `ok`. `need`: the artifact is not in
 * the store. `drop`: there is no such chunk.
 */
export function commit(h: Handle, commits: readonly Commit[], exists: (digest: string) => boolean): CommitVerdict[] {
  return commits.map((entry) => {
    const row = chunkRow(h, entry.encoding, entry.n)
    if (row === undefined) return 'drop'
    if (!may(row, 'commit')) return 'ok'
    if (!exists(entry.digest)) return 'need'
    h.run('update encoding set usedAt = ? where id = ?', h.wallClock(), entry.encoding)
    commitChunk(h, row, entry.digest, JSON.stringify(entry.evidence))
    unmark(h, entry.digest)
    return 'ok'
  })
}
