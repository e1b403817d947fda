import { type Digest, SweepError } from '@sweepboard/contracts'

export interface MissingChunk {
  readonly encoding: number
  readonly n: number
  readonly digest: Digest
}

/** Chunk artifacts that are absent or damaged: not a failure of any cell, the chunks are made again (`SB-ART-001`). */
export class MissingChunks extends SweepError {
  readonly missing: readonly MissingChunk[]

  constructor(missing: readonly MissingChunk[]) {
    super('SB-ART-001', { digest: missing[0]?.digest })
    this.missing = missing
  }

  with(more: readonly MissingChunk[]): MissingChunks {
    return new MissingChunks([...this.missing, ...more])
  }
}
