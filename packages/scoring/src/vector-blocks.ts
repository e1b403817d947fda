import { readVectors, type ScoreWork, SweepError, type Vectors } from '@sweepboard/contracts'
import { BLOCK_ROWS } from './block-size.ts'
import { type MissingChunk, MissingChunks } from './missing-chunks.ts'
import type { Matrix } from './product.ts'
import type { ScoreIo } from './score-io.ts'

export type ScoreSide = ScoreWork['queries']
type Chunk = ScoreSide['chunks'][number]

/** Consecutive rows of a side, `[rowCount, dim]`, from `firstRow`. */
export interface VectorBlock {
  readonly firstRow: number
  readonly matrix: Matrix
  /** To be called once by who needs the values no more: the next block is written there. */
  readonly giveBack?: () => void
}

/** Bytes of a vector artifact before its values. */
const VECTORS_HEAD_BYTES = 16
/** Artifacts asked of the store at once; as many more are asked for while these are copied. */
const FETCHES_AT_ONCE = 8

/** Rows at the end in smaller blocks: two threads that share the blocks are done at about the same time. */
const LAST_ROWS = 4 * BLOCK_ROWS

/** Memory of blocks that nobody needs any more, of whichever search: no garbage collection is due because of shared memory, however much of it there is. */
const spare: Float32Array[] = []
const MOST_SPARE_BYTES = 128 * 2 ** 20

function roomFor(size: number): Float32Array {
  const at = spare.findIndex((values) => values.length >= size)
  const [found] = at < 0 ? [] : spare.splice(at, 1)
  return found ?? new Float32Array(new SharedArrayBuffer(4 * size))
}

function keep(values: Float32Array): void {
  spare.push(values)
  // the oldest go first: they may be of another size than what is searched now
  while (spare.reduce((sum, { byteLength }) => sum + byteLength, 0) > MOST_SPARE_BYTES) spare.shift()
}

/** Of a few chunks. */
interface Batch {
  readonly found: readonly Vectors[]
  readonly missing: readonly MissingChunk[]
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
    for await (const block of this.blocks(2 * this.side.count)) parts.push(block)
    return parts[0]?.matrix ?? { values: new Float32Array(0), rowCount: 0, dim: 0 }
  }

  /** The chunks of this side that the store does not have. Reads them all. */
  async missing(): Promise<readonly MissingChunk[]> {
    const missing: MissingChunk[] = []
    for await (const batch of this.batches()) missing.push(...batch.missing)
    return missing
  }

  /** Blocks of whole chunks in row order, at least one chunk each. A block may be kept until it is given back. */
  async *blocks(rowLimit = BLOCK_ROWS): AsyncGenerator<VectorBlock> {
    const missing: MissingChunk[] = []
    let [firstRow, rowCount] = [0, 0]
    let values: Float32Array = new Float32Array(0)
    for await (const batch of this.batches()) {
      missing.push(...batch.missing)
      if (missing.length > 0) continue // no score can come of this side any more: only see what else is missing
      for (const vectors of batch.found) {
        const { dim } = vectors
        if (rowCount > 0 && rowCount + vectors.rowCount > this.limitFrom(firstRow, rowLimit)) {
          yield this.blockOf(firstRow, { values, rowCount, dim })
          firstRow += rowCount
          rowCount = 0
        }
        if (rowCount === 0) {
          const size = Math.max(vectors.rowCount, Math.min(this.limitFrom(firstRow, rowLimit), this.side.count - firstRow)) * dim
          values = rowLimit === BLOCK_ROWS ? roomFor(size) : new Float32Array(size)
        }
        values.set(vectors.values, rowCount * dim)
        rowCount += vectors.rowCount
        this.giveBack(vectors)
      }
    }
    if (missing.length > 0) throw new MissingChunks(missing)
    if (rowCount > 0) yield this.blockOf(firstRow, { values, rowCount, dim: this.dim ?? 0 })
  }

  /** Rows of the block from `firstRow` on: half as many towards the end, all that is left where another block would be small. */
  private limitFrom(firstRow: number, rowLimit: number): number {
    const left = this.side.count - firstRow
    const limit = left > LAST_ROWS ? rowLimit : Math.ceil(rowLimit / 2)
    return left < 1.5 * limit ? left : limit
  }

  /** Only memory that the artifact fills: small files are read into memory that Node.js shares among many. */
  private giveBack({ values: { buffer, byteLength } }: Vectors): void {
    if (buffer.byteLength === VECTORS_HEAD_BYTES + byteLength) this.io.release?.(buffer)
  }

  private blockOf(firstRow: number, matrix: Matrix): VectorBlock {
    return { firstRow, matrix, giveBack: () => keep(matrix.values) }
  }

  /** A few chunks after the other, the next ones already on their way. */
  private async *batches(): AsyncGenerator<Batch> {
    const { chunks } = this.side
    const read = (at: number) => {
      const batch = at < chunks.length ? this.read(chunks.slice(at, at + FETCHES_AT_ONCE)) : null
      batch?.catch(() => undefined) // thrown when its turn comes
      return batch
    }
    let next = read(0)
    for (let at = FETCHES_AT_ONCE; next !== null; at += FETCHES_AT_ONCE) {
      const batch = await next
      next = read(at)
      yield batch
    }
  }

  private async read(chunks: readonly Chunk[]): Promise<Batch> {
    const read = await Promise.all(chunks.map((chunk) => this.readChunk(chunk)))
    const missing = chunks.filter((_, i) => read[i] === null)
    return {
      found: read.filter((vectors) => vectors !== null),
      missing: missing.map(({ n, digest }) => ({ encoding: this.side.encoding, n, digest })),
    }
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

function misfit(message: string): SweepError {
  return new SweepError('SB-SCORE-002', { message })
}
