import type { Digest } from './digest.ts'
import type { Beat, BeatAnswer, Claim, ClaimAnswer, Commit, CommitVerdict, End, JoinAnswer } from './work.ts'

/** Content-addressed store. Two implementations: a folder, and the service over HTTP. Bytes are checked on both ways. */
export interface ArtifactStore {
  has(digest: Digest): Promise<boolean>
  /** Stores and returns the digest; storing twice is a no-op. */
  put(bytes: Uint8Array): Promise<Digest>
  /** Throws `SB-ART-001` when absent, `SB-ART-002` when the bytes do not have their digest. */
  get(digest: Digest): Promise<Uint8Array<ArrayBuffer>>
}

/** Delivery of tickets. Two implementations: BullMQ on Redis, and in process. A ticket is a lease id, nothing else. */
export interface TicketQueue {
  /** Idempotent by ticket. */
  add(lane: string, ticket: string): Promise<void>
  /** Tickets of a lane that wait to be taken, first in first out. */
  waiting(lane: string): Promise<string[]>
  /** Removes a waiting ticket; false when it was not waiting. */
  remove(lane: string, ticket: string): Promise<boolean>
  /** Delivers tickets of a lane, at most `concurrency` at once, until closed. */
  consume(
    lane: string,
    options: { concurrency: number; onError?: (error: Error) => void },
    run: (ticket: string) => Promise<void>,
  ): TicketConsumer
  close(): Promise<void>
}

export interface TicketConsumer {
  /** Takes no new ticket; resolves when the running ones have ended. */
  drain(): Promise<void>
  /** Like drain, but running tickets are abandoned and delivered again elsewhere. */
  close(): Promise<void>
}

/** The service as a worker sees it. Two implementations: the ledger in the same process, and HTTP. */
export interface ServiceLink {
  join(): Promise<JoinAnswer>
  /** Says all that follows with the secret of its host; absent where nobody else could speak. */
  identify?(secret: string): void
  beat(beat: Beat): Promise<BeatAnswer>
  /** Resolves when the host should beat at once, with false after a while; absent where every beat comes soon enough. */
  awaitCall?(host: string, signal: AbortSignal): Promise<boolean>
  claim(claim: Claim): Promise<ClaimAnswer>
  commit(host: string, ledger: string, commits: readonly Commit[]): Promise<CommitVerdict[]>
  end(end: End): Promise<void>
}
