import { readVectors, type ScoreWork, SweepError, type Vectors } from '@sweepboard/contracts'
import { type MissingChunk, MissingChunks } from './missing-chunks.ts'
import type { Matrix } from './product.ts'
import type { ScoreIo } from './score-io.ts'

export type ScoreSide = ScoreWork['queries']
type Chunk = ScoreSide['chunks'][number]

/** Consecutive rows of a side, `[rowCount, dim]`, from `firstRow`. */
export interface VectorBlock {
  readonly firstRow: number
  readonly matrix: Matrix
  /** The values fill memory of their own that goes with the block: whoever takes it may give that memory away or back. */
  readonly isOwn?: boolean
}

/** Artifacts asked of the store at once. */
const FETCHES_AT_ONCE = 16
/** Values of a block (32 MiB of float32), where that is between 2,048 and 8,192 rows. */
const BLOCK_VALUES = 8 * 1024 * 1024

export function rowsPerBlock(dim: number): number {
  return Math.max(2048, Math.min(8192, Math.floor(BLOCK_VALUES / dim)))
}

/**
 * The vectors of one side of a score job, from its chunk artifacts. Each artifact is read once. Memory: one block.
 * Throws `MissingChunks` with every absent or damaged chunk of the side, `SB-SCORE-002` when a chunk has another shape
 * than its place wants or the chunks do not cover the rows 0 to count.
 */
export class SideVectors {
  /** Chunk artifacts of this side, and reads of them so far. */
  readonly blockCount: number
  blockReads = 0
  private readonly side: ScoreSide
  private readonly io: ScoreIo
  private dim: number | null = null

  constructor(side: ScoreSide, io: ScoreIo) {
    this.side = side
    this.io = io
    this.blockCount = side.chunks.length
    let row = 0
    for (const { n, start, end } of side.chunks) {
      if (start !== row) throw misfit(`chunk ${n} starts at row ${start}, not ${row}`)
      row = end
    }
    if (row !== side.count) throw misfit(`the chunks end at row ${row} of ${side.count}`)
  }

  /** All rows at once; for the queries. `dim` is 0 when there are none. */
  async all(): Promise<Matrix> {
    const parts: VectorBlock[] = []
    for await (const block of this.blocks(() => this.side.count)) parts.push(block)
    return parts[0]?.matrix ?? { values: new Float32Array(0), rowCount: 0, dim: 0 }
  }

  /** The chunks of this side that the store does not have. Reads them all. */
  async missing(): Promise<readonly MissingChunk[]> {
    const missing: MissingChunk[] = []
    const { chunks } = this.side
    for (let at = 0; at < chunks.length; at += FETCHES_AT_ONCE) await this.read(chunks.slice(at, at + FETCHES_AT_ONCE), missing)
    return missing
  }

  /** Blocks of whole chunks in row order, at least one chunk each. A block is overwritten by nothing: it may be kept. */
  async *blocks(rowLimit: (dim: number) => number = rowsPerBlock): AsyncGenerator<VectorBlock> {
    const missing: MissingChunk[] = []
    let pending: Vectors[] = []
    let firstRow = 0
    let pendingRows = 0
    for (let at = 0; at < this.side.chunks.length; at += FETCHES_AT_ONCE) {
      const read = await this.read(this.side.chunks.slice(at, at + FETCHES_AT_ONCE), missing)
      if (missing.length > 0) continue // no score can come of this side any more: only see what else is missing
      for (const vectors of read) {
        if (pendingRows > 0 && pendingRows + vectors.rowCount > rowLimit(vectors.dim)) {
          yield { firstRow, matrix: this.joined(pending), isOwn: true }
          firstRow += pendingRows
          pending = []
          pendingRows = 0
        }
        pending.push(vectors)
        pendingRows += vectors.rowCount
      }
    }
    if (missing.length > 0) throw new MissingChunks(missing)
    if (pendingRows > 0) yield { firstRow, matrix: this.joined(pending), isOwn: true }
  }

  private joined(parts: readonly Vectors[]): Matrix {
    const dim = parts[0]?.dim ?? 0
    const rowCount = parts.reduce((sum, part) => sum + part.rowCount, 0)
    const values = new Float32Array(rowCount * dim)
    let at = 0
    for (const part of parts) {
      values.set(part.values, at)
      at += part.values.length
      this.io.release?.(part.values.buffer)
    }
    return { values, rowCount, dim }
  }

  private async read(chunks: readonly Chunk[], missing: MissingChunk[]): Promise<Vectors[]> {
    const read = await Promise.all(chunks.map((chunk) => this.readChunk(chunk)))
    const vectors: Vectors[] = []
    read.forEach((found, i) => {
      const { n, digest } = chunks[i] as Chunk
      if (found) vectors.push(found)
      else missing.push({ encoding: this.side.encoding, n, digest })
    })
    return vectors
  }

  /** The vectors of a chunk; null when the store does not have them, or damaged. */
  private async readChunk({ n, start, end, digest }: Chunk): Promise<Vectors | null> {
    this.blockReads++
    const bytes = await this.io.get(digest).catch((error: unknown) => {
      if (error instanceof SweepError && (error.code === 'SB-ART-001' || error.code === 'SB-ART-002')) return null
      throw error
    })
    if (bytes === null) return null
    const vectors = readVectors(bytes)
    if (vectors.rowCount !== end - start) throw misfit(`chunk ${n} has ${vectors.rowCount} rows, not ${end - start}`)
    this.dim ??= vectors.dim
    if (vectors.dim !== this.dim) throw misfit(`chunk ${n} has ${vectors.dim} dimensions, the others ${this.dim}`)
    return vectors
  }
}

/** Gives the memory of a block back at once: left to the garbage collector, hundreds of MB bring many collections. */
export function release({ matrix, isOwn }: VectorBlock): void {
  if (isOwn && matrix.values.buffer instanceof ArrayBuffer) matrix.values.buffer.transfer(0)
}

function misfit(message: string): SweepError {
  return new SweepError('SB-SCORE-002', { message })
}
