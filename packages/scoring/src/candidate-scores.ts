import type { Config } from '@sweepboard/contracts'
import { BlockPass } from './block-pass.ts'
import type { Operand } from './kernel-rows.ts'
import type { Matrix } from './product.ts'
import { type ScoreIo, step } from './score-io.ts'
import type { VectorBlock } from './vector-blocks.ts'

const { fround } = Math

export interface CandidateSearch {
  /** Query vectors `[query, dim]`. */
  readonly queries: Matrix
  /** Document vectors `[document, dim]` in row order; taken once. */
  readonly documents: AsyncIterable<VectorBlock>
  /** Pair i is query row `queryRows[i]` and document row `documentRows[i]`; each [pairs]. */
  readonly queryRows: Uint32Array
  readonly documentRows: Uint32Array
  readonly configs: readonly Config[]
}

export interface CandidateScores {
  /** [pairs] in the order of the input. */
  readonly scores: Float32Array
  readonly seconds: number
  readonly calibration: string | null
}

/**
 * Scores of given pairs of queries and documents, for all configs in one pass over the documents. Memory: queries, some
 * blocks of 2,048 rows, and 4 bytes per pair and config. Sums run in float64 and are rounded once.
 * Errors: `SB-SCORE-001` a vector is not finite, `SB-SCORE-002` the sides do not fit, `SB-CORE-004` cancelled.
 */
export async function scoreCandidates(
  input: CandidateSearch,
  io: Pick<ScoreIo, 'onProgress' | 'signal'> = {},
): Promise<CandidateScores[]> {
  const pass = new BlockPass(input, 0)
  const pairs = new PairsByDocument(input)
  const lanes = pass.representations.map(() => ({ scores: new Float32Array(input.documentRows.length), seconds: 0 }))
  let queries: Operand[] | null = null
  for await (const block of pass.calibrated(input.documents)) {
    queries ??= pass.queryOperands(pass.representations)
    const rows = pass.rowsOf(block)
    const own = pairs.before(block.firstRow + block.matrix.rowCount)
    for (const [i, lane] of own.length === 0 ? [] : lanes.entries()) {
      const began = performance.now()
      const representation = pass.representations[i] as BlockPass['representations'][number]
      const score = products(queries[i] as Operand, rows.operand(representation))
      for (const pair of own) {
        const document = (input.documentRows[pair] as number) - block.firstRow
        lane.scores[pair] = representation.scoreOf(score(input.queryRows[pair] as number, document))
      }
      lane.seconds += (performance.now() - began) / 1000
    }
    block.giveBack?.()
    step(io)
  }
  return lanes.map((lane, i) => ({ ...lane, calibration: pass.representations[i]?.calibration ?? null }))
}

/** The pairs in the order of their documents, handed out once. */
class PairsByDocument {
  private readonly documentRows: Uint32Array
  private readonly order: Uint32Array
  private done = 0

  constructor({ documentRows }: CandidateSearch) {
    this.documentRows = documentRows
    this.order = Uint32Array.from(documentRows, (_, pair) => pair)
    this.order.sort((a, b) => (documentRows[a] as number) - (documentRows[b] as number) || a - b)
  }

  /** Those not handed out yet whose document row is below `end`. */
  before(end: number): Uint32Array {
    const from = this.done
    while (this.done < this.order.length && this.row(this.done) < end) this.done++
    return this.order.subarray(from, this.done)
  }

  private row(at: number): number {
    return this.documentRows[this.order[at] as number] as number
  }
}

function products(queries: Operand, documents: Operand): (query: number, document: number) => number {
  const { dim } = queries
  const zero = queries.values instanceof Uint8Array ? 128 : 0
  return (query, document) => {
    const [a, b] = [query * dim, document * dim]
    let sum = 0
    for (let i = 0; i < dim; i++) {
      sum += ((queries.values[a + i] as number) - zero) * ((documents.values[b + i] as number) - zero)
    }
    const scaled = fround(fround(sum) * (documents.factors?.[document] ?? 1))
    return fround(scaled * (queries.factors?.[query] ?? 1))
  }
}
