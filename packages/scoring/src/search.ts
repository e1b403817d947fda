import type { Config } from '@sweepboard/contracts'
import type { Matrix } from './product.ts'
import { type ScoreIo, step } from './score-io.ts'
import { SearchCompany } from './search-company.ts'
import { SearchPart } from './search-part.ts'
import type { FoundRows } from './top-rows.ts'
import type { VectorBlock } from './vector-blocks.ts'

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
  /** Threads that search blocks; left out, as many as the search is worth. What is found is the same. */
  readonly threads?: 1 | 2
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
 * scores per document of the block and twice the depth per query and config; int8 holds the first 10,000 documents once more; in two threads twice that.
 * Errors: `SB-SCORE-001` a vector is not finite, `SB-SCORE-002` the sides do not fit, `SB-CORE-004` cancelled.
 */
export async function search(input: Search, io: Pick<ScoreIo, 'onProgress' | 'signal'> = {}): Promise<ConfigFound[]> {
  const company = (input.threads ?? (SearchCompany.pays(input) ? 2 : 1)) > 1 ? new SearchCompany(input) : null
  try {
    const part = await SearchPart.open(input, company ? { floors: company.floors } : {})
    try {
      const done = () => step(io)
      for await (const block of part.pass.calibrated(input.documents)) {
        company?.begin(part.pass.representations)
        if (company?.take(block)) continue
        await part.take(block, done)
        block.giveBack?.()
      }
      const kept = await company?.finish(done)
      return part.lanes.map((lane, i) => {
        const own = kept?.[i]
        if (own) lane.adopt(own, part.pass.kernels)
        return lane.result(part.pass.kernels)
      })
    } finally {
      await part.close()
    }
  } finally {
    await company?.close()
  }
}
