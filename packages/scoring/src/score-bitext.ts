import type { BitextJudgments, Config } from '@sweepboard/contracts'
import { scoreBitext } from '@sweepboard/metrics'
import type { Matrix } from './product.ts'
import type { ScoreIo } from './score-io.ts'
import { type ConfigFound, search } from './search.ts'
import { type FoundScores, measured } from './task-scores.ts'
import { NEVER } from './top-rows.ts'
import type { VectorBlock } from './vector-blocks.ts'

export interface BitextSides {
  /** Texts of the first language `[text, dim]`. */
  readonly queries: Matrix
  /** Texts of the second language `[text, dim]` in row order; taken once. */
  readonly documents: AsyncIterable<VectorBlock>
  /** Texts of the second language. */
  readonly documentCount: number
}

/**
 * BitextMining: the nearest second sentence of each first one, for all configs in one pass over the second side. Sentences equal
 * as texts tie, and the first of them is taken; so it is among texts of equal score (mteb leaves ties open).
 * Per-query values: `accuracy`, under the place of each first sentence. Errors as `search`.
 */
export async function bitextScores(
  { queries, documents, documentCount }: BitextSides,
  judgments: BitextJudgments,
  configs: readonly Config[],
  io: Pick<ScoreIo, 'onProgress' | 'signal'> = {},
): Promise<FoundScores[]> {
  const { firstRows, secondRows, gold } = judgments
  const firstItem = firstItems(secondRows, documentCount)
  const found = await search({ queries, documents, configs, depth: 1, priority: firstItem }, io)
  return found.map((config) => ({
    searchSeconds: config.seconds,
    score: () => {
      const nearest = nearestItems(config, queries.rowCount, firstItem)
      const predicted = firstRows.map((row) => nearest[row] as number)
      const accuracy = Float64Array.from(gold, (item, i) => Number(item === predicted[i]))
      return {
        metrics: measured(() => scoreBitext({ gold, predicted })).metrics,
        perQuery: { queryIds: firstRows.map((_, i) => String(i)), values: { accuracy } },
        run: null,
        calibration: config.calibration,
      }
    },
  }))
}

/** Row of the text set -> first item that has this text; `NEVER` where none does. */
function firstItems(rows: readonly number[], rowCount: number): Uint32Array {
  const first = new Uint32Array(rowCount).fill(NEVER)
  rows.forEach((row, item) => {
    first[row] = Math.min(first[row] as number, item)
  })
  return first
}

/** Per row of the first side: the item found nearest; -1 where there is none. */
function nearestItems({ found }: ConfigFound, rowCount: number, firstItem: Uint32Array): Int32Array {
  return Int32Array.from({ length: rowCount }, (_, query) => {
    const row = found(query).rows[0]
    return row === undefined ? -1 : (firstItem[row] as number)
  })
}
