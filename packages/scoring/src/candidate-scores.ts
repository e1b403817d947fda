import { type Config, SweepError } from '@sweepboard/contracts'
import type { Matrix } from './product.ts'
import { PrefixRows, Representation } from './representation.ts'
import { type ScoreIo, step } from './score-io.ts'
import { type CalibratedPass, calibrated, refuseNonFinite } from './search.ts'
import type { VectorBlock } from './vector-blocks.ts'

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
 * Scores of given pairs of queries and documents, for all configs in one pass over the documents. Memory: queries, one
 * block, and 4 bytes per pair and config. Sums run in float64 and are rounded once.
 * Errors: `SB-SCORE-001` a vector is not finite, `SB-SCORE-002` the sides do not fit, `SB-CORE-004` cancelled.
 */
export async function scoreCandidates(
  input: CandidateSearch,
  io: Pick<ScoreIo, 'onProgress' | 'signal'> = {},
): Promise<CandidateScores[]> {
  const pass = new CandidatePass(input)
  for await (const block of calibrated(input.documents, pass)) {
    pass.take(block)
    step(io)
  }
  return pass.results()
}

interface Lane {
  readonly representation: Representation
  readonly scores: Float32Array
  queries: Matrix | null
  seconds: number
}

class CandidatePass implements CalibratedPass {
  private readonly input: CandidateSearch
  private readonly queries: PrefixRows
  private readonly lanes: Lane[]
  /** Pairs by document row, and how many of them are done. */
  private readonly order: Uint32Array
  private done = 0

  constructor(input: CandidateSearch) {
    this.input = input
    this.queries = new PrefixRows(input.queries)
    refuseNonFinite(this.queries, (row) => `row ${row}`)
    const { documentRows } = input
    this.order = Uint32Array.from(documentRows, (_, pair) => pair)
    this.order.sort((a, b) => (documentRows[a] as number) - (documentRows[b] as number) || a - b)
    this.lanes = input.configs.map((config) => ({
      representation: new Representation(config, input.queries.dim),
      scores: new Float32Array(documentRows.length),
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
        if (representation.wantsCalibration) representation.calibrate(rows, room(block.matrix))
      }
    }
  }

  take(block: VectorBlock): void {
    const rows = this.checked(block)
    const end = block.firstRow + block.matrix.rowCount
    const from = this.done
    while (this.done < this.order.length && this.documentRow(this.done) < end) this.done++
    if (this.done === from) return
    for (const lane of this.lanes) {
      const began = performance.now()
      const documents = lane.representation.write(rows, room(block.matrix))
      this.scoreLane(lane, documents, { from, firstRow: block.firstRow })
      lane.seconds += (performance.now() - began) / 1000
    }
  }

  results(): CandidateScores[] {
    return this.lanes.map(({ representation, scores, seconds }) => ({
      scores,
      seconds,
      calibration: representation.calibration,
    }))
  }

  private scoreLane(lane: Lane, documents: Matrix, { from, firstRow }: { from: number; firstRow: number }): void {
    const { representation, scores } = lane
    lane.queries ??= representation.write(this.queries, room(this.queries.matrix))
    for (let at = from; at < this.done; at++) {
      const pair = this.order[at] as number
      const document = this.documentRow(at) - firstRow
      const query = this.input.queryRows[pair] as number
      scores[pair] = representation.scoreOf(Math.fround(dot(lane.queries, query, { documents, document })))
    }
  }

  private documentRow(at: number): number {
    return this.input.documentRows[this.order[at] as number] as number
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
}

function room({ rowCount, dim }: Matrix): Float32Array {
  return new Float32Array(rowCount * dim)
}

function dot(queries: Matrix, query: number, { documents, document }: { documents: Matrix; document: number }): number {
  const { dim } = queries
  const [a, b] = [query * dim, document * dim]
  let sum = 0
  for (let i = 0; i < dim; i++) sum += (queries.values[a + i] as number) * (documents.values[b + i] as number)
  return sum
}
