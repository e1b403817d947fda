import { readTextSet, type ScoreWork, SweepError } from '@sweepboard/contracts'
import { type MissingChunk, MissingChunks } from './missing-chunks.ts'
import type { ScoreIo } from './score-io.ts'

/** Token lists of consecutive rows of a side, from `firstRow`. */
export interface TokenBlock {
  readonly firstRow: number
  readonly lists: readonly (readonly string[])[]
}

/**
 * The token lists of one side of a lexical score job, from its chunk artifacts (text sets whose texts are tokens joined by one space).
 * Memory: one chunk. Throws `MissingChunks` with every absent or damaged chunk, `SB-SCORE-002` for one of another length.
 */
export class SideTokens {
  readonly blockCount: number
  blockReads = 0
  readonly #side: ScoreWork['queries']
  readonly #io: ScoreIo

  constructor(side: ScoreWork['queries'], io: ScoreIo) {
    this.#side = side
    this.#io = io
    this.blockCount = side.chunks.length
  }

  /** Chunk by chunk in row order; may be taken more than once. */
  async *blocks(): AsyncGenerator<TokenBlock> {
    const missing: MissingChunk[] = []
    for (const { n, start, end, digest } of this.#side.chunks) {
      this.blockReads += 1
      const texts = await this.#read(digest)
      if (texts === null) missing.push({ encoding: this.#side.encoding, n, digest })
      else if (texts.length !== end - start)
        throw new SweepError('SB-SCORE-002', { message: `chunk ${n} has ${texts.length} token lists, not ${end - start}` })
      else if (missing.length === 0) yield { firstRow: start, lists: texts.map((text) => (text === '' ? [] : text.split(' '))) }
    }
    if (missing.length > 0) throw new MissingChunks(missing)
  }

  /** All lists, by row. */
  async all(): Promise<readonly (readonly string[])[]> {
    const lists: (readonly string[])[] = []
    for await (const block of this.blocks()) lists.push(...block.lists)
    return lists
  }

  /** The chunks of this side that the store does not have. Reads them all. */
  async missing(): Promise<readonly MissingChunk[]> {
    try {
      for await (const _ of this.blocks());
      return []
    } catch (error) {
      if (error instanceof MissingChunks) return error.missing
      throw error
    }
  }

  async #read(digest: string): Promise<string[] | null> {
    try {
      return readTextSet(await this.#io.get(digest))
    } catch (error) {
      if (error instanceof SweepError && (error.code === 'SB-ART-001' || error.code === 'SB-ART-002')) return null
      throw error
    }
  }
}
