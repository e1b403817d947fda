import { type Config, SweepError } from '@sweepboard/contracts'
import { CALIBRATION_ROWS } from './int8-range.ts'
import { type Matrix, Product } from './product.ts'
import { PrefixRows, Representation } from './representation.ts'
import { type ScoreIo, step } from './score-io.ts'
import { type FoundRows, TopRows } from './top-rows.ts'
import type { VectorBlock } from './vector-blocks.ts'

/** Queries multiplied at once: their scores against one block stay within the processor's cache. */
const QUERIES_AT_ONCE = 256

export interface Search {
  /** Query vectors `[query, dim]`. */
  readonly queries: Matrix
  /** Document vectors `[document, dim]` in row order; taken once. */
  readonly documents: AsyncIterable<VectorBlock>
  readonly configs: readonly Config[]
  /** Rows to keep per query. */
  readonly depth: number
  /** Per document row: among equal scores the smaller is better; `NEVER` hides a row. */
  readonly priority: Uint32Array
}

export interface ConfigFound {
  /** The best rows of one query with their scores, in no order. */
  found(query: number): FoundRows
  readonly seconds: number
  readonly calibration: string | null
}

/**
 * Exact search: the best `depth` document rows of every query, for all configs in one pass over the documents. The
 * result equals a full sort by (score descending, priority ascending). Memory: queries, one block, a few hundred scores
 * per document of the block and twice the depth per query and config; int8 holds the first 10,000 documents once more.
 * Errors: `SB-SCORE-001` a vector is not finite, `SB-SCORE-002` the sides do not fit, `SB-CORE-004` cancelled.
 */
export async function search(input: Search, io: Pick<ScoreIo, 'onProgress' | 'signal'> = {}): Promise<ConfigFound[]> {
  const product = await Product.open()
  try {
    const pass = new Pass(input, product)
    for await (const block of calibrated(input.documents, pass)) {
      await pass.take(block, () => step(io))
    }
    return pass.results()
  } finally {
    await product.close()
  }
}

/** A pass over documents whose int8 configs must see the first ones before they take any. */
export interface CalibratedPass {
  readonly wantsCalibration: boolean
  calibrate(blocks: readonly VectorBlock[]): void
}

/** The blocks as they come, the first ones held back until the int8 range is known, where one is wanted. */
export async function* calibrated(blocks: AsyncIterable<VectorBlock>, pass: CalibratedPass): AsyncGenerator<VectorBlock> {
  let held: VectorBlock[] = []
  let waiting = pass.wantsCalibration
  for await (const block of blocks) {
    if (!waiting) {
      yield block
      continue
    }
    held.push(block)
    if (block.firstRow + block.matrix.rowCount < CALIBRATION_ROWS) continue
    pass.calibrate(held)
    yield* held
    held = []
    waiting = false
  }
  if (waiting) pass.calibrate(held)
  yield* held
}

interface Lane {
  readonly representation: Representation
  readonly top: TopRows
  queries: Matrix | null
  seconds: number
}

/** The state of one pass: a lane per config, and one buffer for the rows of the config at hand. */
class Pass implements CalibratedPass {
  private readonly lanes: Lane[]
  private readonly queries: PrefixRows
  private readonly product: Product
  private buffer = new Float32Array(0)

  constructor({ queries, configs, depth, priority }: Search, product: Product) {
    this.product = product
    this.queries = new PrefixRows(queries)
    refuseNonFinite(this.queries, (row) => `row ${row}`)
    this.lanes = configs.map((config) => ({
      representation: new Representation(config, queries.dim),
      top: new TopRows(queries.rowCount, depth, priority),
      queries: null,
      seconds: 0,
    }))
  }

  get wantsCalibration(): boolean {
    return this.lanes.some(({ representation }) => representation.wantsCalibration)
  }

  calibrate(blocks: readonly VectorBlock[]): void {
    for (const block of blocks) {
      const rows = this.checked(block)
      for (const { representation } of this.lanes) {
        if (representation.wantsCalibration) representation.calibrate(rows, this.room(block.matrix))
      }
    }
  }

  async take(block: VectorBlock, done: () => void): Promise<void> {
    const rows = this.checked(block)
    for (const lane of this.lanes) {
      const began = performance.now()
      const documents = lane.representation.write(rows, this.room(block.matrix))
      const queries = this.queriesOf(lane)
      for (let first = 0; first < queries.rowCount; first += QUERIES_AT_ONCE) {
        const part = rowsOf(queries, first, QUERIES_AT_ONCE)
        const values = await this.product.multiply(part, documents)
        lane.top.take({ values, rowCount: part.rowCount, dim: documents.rowCount }, first, block.firstRow)
        done()
      }
      lane.seconds += (performance.now() - began) / 1000
    }
  }

  results(): ConfigFound[] {
    return this.lanes.map(({ representation, top, seconds }) => ({
      found: (query) => {
        const { rows, scores } = top.found(query)
        return { rows, scores: scores.map((product) => representation.scoreOf(product)) }
      },
      seconds,
      calibration: representation.calibration,
    }))
  }

  private queriesOf(lane: Lane): Matrix {
    const size = this.queries.matrix.rowCount * lane.representation.dim
    lane.queries ??= lane.representation.write(this.queries, new Float32Array(size))
    return lane.queries
  }

  private checked(block: VectorBlock): PrefixRows {
    const rows = new PrefixRows(block.matrix)
    const { dim, rowCount } = this.queries.matrix
    if (rowCount > 0 && block.matrix.dim !== dim) {
      throw new SweepError('SB-SCORE-002', { message: `documents have ${block.matrix.dim} dimensions, queries ${dim}` })
    }
    refuseNonFinite(rows, (row) => `row 0 and document row ${block.firstRow + row}`)
    return rows
  }

  private room({ rowCount, dim }: Matrix): Float32Array {
    if (this.buffer.length < rowCount * dim) this.buffer = new Float32Array(rowCount * dim)
    return this.buffer
  }
}

function rowsOf({ values, rowCount, dim }: Matrix, first: number, count: number): Matrix {
  const rows = Math.min(count, rowCount - first)
  return { values: values.subarray(first * dim, (first + rows) * dim), rowCount: rows, dim }
}

/** Finite lengths bound every product, so vectors that pass here have finite scores. */
export function refuseNonFinite(rows: PrefixRows, name: (row: number) => string): void {
  const row = rows.firstNonFinite()
  if (row >= 0) throw new SweepError('SB-SCORE-001', { query: name(row) })
}
