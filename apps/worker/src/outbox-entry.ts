import type { Commit, Digest, End } from '@sweepboard/contracts'

/** One thing the service must hear, with the artifacts it must have before. */
export type OutboxContent =
  | { readonly kind: 'commit'; readonly ledger: string; readonly commit: Commit }
  | { readonly kind: 'end'; readonly end: End; readonly artifacts: readonly Digest[] }

export interface OutboxEntry {
  /** Order of writing in this folder. */
  readonly seq: number
  readonly content: OutboxContent
}

export function leaseOf({ content }: OutboxEntry): string {
  return content.kind === 'commit' ? content.commit.lease : content.end.lease
}

export function ledgerOf({ content }: OutboxEntry): string {
  return content.kind === 'commit' ? content.ledger : content.end.ledger
}

/** A chunk's name, over all ledgers. */
export function chunkOf({
  ledger,
  encoding,
  n,
}: {
  readonly ledger: string
  readonly encoding: number
  readonly n: number
}): string {
  return `${ledger} ${encoding} ${n}`
}

/** Bytes of vectors that wait with an entry (float32 rows); an `end`, with its ranked runs, counts as none. */
export function vectorBytesOf({ content }: OutboxEntry): number {
  return content.kind === 'commit' ? content.commit.evidence.textCount * content.commit.evidence.dim * 4 : 0
}

export function artifactsOf({ content }: OutboxEntry): readonly Digest[] {
  return content.kind === 'commit' ? [content.commit.digest] : content.artifacts
}
