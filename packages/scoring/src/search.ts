import type { Config } from '@sweepboard/contracts'
import { BlockPass } from './block-pass.ts'
import type { Operand } from './kernel-rows.ts'
import { type Matrix, Product } from './product.ts'
import type { Representation } from './representation.ts'
import { type ScoreIo, step } from './score-io.ts'
import { type FoundRows, NEVER, TopRows } from './top-rows.ts'
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
 * result equals a full sort by (score descending, priority ascending). Memory: queries, two blocks and a quarter, a few hundred
 * scores per document of the block and twice the depth per query and config; int8 holds the first 10,000 documents once more.
 * Errors: `SB-SCORE-001` a vector is not finite, `SB-SCORE-002` the sides do not fit, `SB-CORE-004` cancelled.
 */
export async function search(input: Search, io: Pick<ScoreIo, 'onProgress' | 'signal'> = {}): Promise<ConfigFound[]> {
  const pass = new BlockPass(input, Math.min(QUERIES_AT_ONCE, input.queries.rowCount))
  const product = await Product.open()
  try {
    const lanes = pass.representations.map((representation) => new Lane(representation, input))
    let queries: Operand[] | null = null
    for await (const block of pass.calibrated(input.documents)) {
      queries ??= pass.queryOperands()
      const rows = pass.rowsOf(block)
      for (const [i, lane] of lanes.entries()) {
        const began = performance.now()
        const documents = rows.operand(lane.representation)
        const shared = { pass, product, documents, firstRow: block.firstRow }
        await lane.take(queries[i] as Operand, shared, () => step(io))
        lane.seconds += (performance.now() - began) / 1000
      }
    }
    return lanes.map((lane) => lane.result())
  } finally {
    await product.close()
  }
}

/** One config of a pass: the best rows so far. */
class Lane {
  readonly representation: Representation
  seconds = 0
  private readonly top: TopRows
  private readonly priority: Uint32Array

  constructor(representation: Representation, { queries, depth, priority }: Search) {
    this.representation = representation
    this.top = new TopRows(queries.rowCount, depth, priority)
    this.priority = priority
  }

  result(): ConfigFound {
    const { representation, top, seconds } = this
    return {
      found: (query) => {
        const { rows, scores } = top.found(query)
        return { rows, scores: scores.map((product) => representation.scoreOf(product)) }
      },
      seconds,
      calibration: representation.calibration,
    }
  }

  async take(
    queries: Operand,
    { pass, product, documents, firstRow }: { pass: BlockPass; product: Product; documents: Operand; firstRow: number },
    done: () => void,
  ): Promise<void> {
    const { kernels } = pass
    const count = documents.rowCount
    this.writeFactors(kernels.floats('factors', Math.ceil(count / 4) * 4), documents, firstRow)
    const [places, scores] = [kernels.integers('places', count), kernels.floats('scores', count)]
    for (let first = 0; first < queries.rowCount; first += QUERIES_AT_ONCE) {
      const size = Math.min(QUERIES_AT_ONCE, queries.rowCount - first)
      const kind = await product.multiply(part(queries, first, size), documents, kernels)
      for (let q = 0; q < size; q++) {
        const floor = this.top.floorOf(first + q)
        const found = kernels.scan(kind, q, { count, scale: queries.factors?.[first + q] ?? 1, floor })
        this.top.take(scores, { places, count: found, query: first + q, firstRow })
      }
      done()
    }
  }

  /** What is no number is never found. */
  private writeFactors(out: Float32Array, { factors, rowCount }: Operand, firstRow: number): void {
    out.fill(Number.NaN)
    for (let row = 0; row < rowCount; row++) {
      if (this.priority[firstRow + row] !== NEVER) out[row] = factors ? (factors[row] as number) : 1
    }
  }
}

function part({ values, dim, factors }: Operand, first: number, rowCount: number): Operand {
  return { values: values.subarray(first * dim, (first + rowCount) * dim), rowCount, dim, factors }
}
