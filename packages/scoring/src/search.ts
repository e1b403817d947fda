import type { Config } from '@sweepboard/contracts'
import { BlockPass } from './block-pass.ts'
import type { Operand } from './kernel-rows.ts'
import { type Matrix, Product, type ProductKind } from './product.ts'
import type { Representation } from './representation.ts'
import type { RowKernels } from './row-kernels.ts'
import { type ScoreIo, step } from './score-io.ts'
import { type FoundRows, NEVER, TopRows } from './top-rows.ts'
import type { VectorBlock } from './vector-blocks.ts'

/** Queries multiplied at once: their scores against one block stay within the processor's cache. */
const QUERIES_AT_ONCE = 256

/** Documents looked at before the floor is asked for again; a multiple of four, as the kernels take them. */
const FIRST_STRIP = 2048

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

/** The products of one query, from `at` on, with the rows of a block. */
interface QueryProducts {
  readonly query: number
  readonly scale: number
  readonly at: number
  readonly rowCount: number
  readonly firstRow: number
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
        return representation.scoresAreProducts
          ? { rows, scores }
          : { rows, scores: scores.map((product) => representation.scoreOf(product)) }
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
    const { rowCount } = documents
    this.writeFactors(kernels.floats('factors', Math.ceil(rowCount / 4) * 4), documents, firstRow)
    for (let first = 0; first < queries.rowCount; first += QUERIES_AT_ONCE) {
      const size = Math.min(QUERIES_AT_ONCE, queries.rowCount - first)
      const kind = await product.multiply(part(queries, first, size), documents, kernels)
      for (let q = 0; q < size; q++) {
        const query = { query: first + q, scale: queries.factors?.[first + q] ?? 1, at: q * rowCount }
        this.select(kernels, kind, { ...query, rowCount, firstRow })
      }
      done()
    }
  }

  /** Takes one query's products with the rows of a block, in strips that grow with what was seen: the floor rises most at first. */
  private select(kernels: RowKernels, kind: ProductKind, { query, scale, at, rowCount, firstRow }: QueryProducts): void {
    let done = 0
    while (done < rowCount) {
      const count = Math.min(rowCount - done, Math.max(FIRST_STRIP, firstRow + done))
      const floor = this.top.floorOf(query)
      const strip = { at: at + done, factorsAt: done, count, scale, floor, firstRow: firstRow + done }
      const found = kernels.scan(kind, strip)
      this.top.add(query, { rows: kernels.foundRows, scores: kernels.foundScores }, found)
      done += count
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
