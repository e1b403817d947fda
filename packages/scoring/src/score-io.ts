import { type Digest, SweepError } from '@sweepboard/contracts'

/** The artifact store as a score job sees it, and its ties to the job around it. */
export interface ScoreIo {
  get(digest: Digest): Promise<Uint8Array<ArrayBuffer>>
  put(bytes: Uint8Array): Promise<Digest>
  /** Takes back the memory of bytes that `get` gave away: left to the garbage collector, hundreds of MB bring a collection for every few reads. */
  release?: (memory: ArrayBuffer) => void
  /** Called after every product of a few hundred queries and some thousand documents. */
  onProgress?: () => void
  signal?: AbortSignal
}

/** Reports progress; throws `SB-CORE-004` when the job was cancelled. */
export function step(io: Pick<ScoreIo, 'onProgress' | 'signal'>): void {
  io.onProgress?.()
  if (io.signal?.aborted) throw new SweepError('SB-CORE-004', { what: 'scoring' }, { cause: io.signal.reason })
}
