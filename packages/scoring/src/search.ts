import type { Config } from '@sweepboard/contracts'
import { BlockPass } from './block-pass.ts'
import type { Operand } from './kernel-rows.ts'
import { CodeLane, FloatLane, type LanesOfBlock, type SharedPass, SignLanes } from './lane-products.ts'
import { type Matrix, Product } from './product.ts'
import { type ScoreIo, step } from './score-io.ts'
import { Lane } from './search-lane.ts'
import { type FoundRows, roomOf } from './top-rows.ts'
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
  const { queries } = input
  const queriesAtOnce = Math.min(QUERIES_AT_ONCE, queries.rowCount)
  const pass = new BlockPass(input, queriesAtOnce, roomOf(input.depth, input.priority.length))
  const product = await Product.open()
  try {
    const lanes = pass.representations.map((representation) => new Lane(representation, input))
    const shared = { pass, product, queriesAtOnce, queryCount: queries.rowCount }
    let parts: readonly LanesOfBlock[] | null = null
    for await (const block of pass.calibrated(input.documents)) {
      parts ??= lanesOf(lanes, shared)
      const rows = pass.rowsOf(block)
      for (const part of parts) {
        const began = performance.now()
        await part.take(rows, block, () => step(io))
        const seconds = (performance.now() - began) / 1000 / part.lanes.length
        for (const lane of part.lanes) lane.seconds += seconds
      }
    }
    return lanes.map((lane) => lane.result(pass.kernels))
  } finally {
    await product.close()
  }
}

/** All lanes, those of one product together. To be made once the int8 ranges are known. */
function lanesOf(lanes: readonly Lane[], shared: SharedPass): LanesOfBlock[] {
  const operands = shared.pass.queryOperands()
  const own = lanes.flatMap((lane, i): LanesOfBlock[] => {
    const queries = operands[i] as Operand
    const { precision } = lane.representation.config
    if (precision === 'binary') return []
    return [precision === 'float32' ? new FloatLane(lane, queries, shared) : new CodeLane(lane, queries, shared)]
  })
  const binary = lanes.filter(({ representation }) => representation.config.precision === 'binary')
  return binary.length > 0 ? [...own, new SignLanes(binary, shared)] : own
}
