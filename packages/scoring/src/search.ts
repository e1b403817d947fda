import type { Config } from '@sweepboard/contracts'
import type { Measured, Measuring } from './measuring.ts'
import type { Matrix } from './product.ts'
import { type ScoreIo, step } from './score-io.ts'
import { SearchCompany } from './search-company.ts'
import type { Lane } from './search-lane.ts'
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

/** A config that was searched, and is measured by whichever thread has it. */
export interface SearchedConfig {
  readonly seconds: number
  readonly calibration: string | null
  /** To be asked once. Errors: as `Measuring.config`. */
  measured(): Promise<Measured>
}

type Ties = Pick<ScoreIo, 'onProgress' | 'signal'>

/**
 * Exact search: the best `depth` document rows of every query, for all configs in one pass over the documents. The
 * result equals a full sort by (score descending, priority ascending). Memory: queries, two blocks and a quarter, a few hundred
 * scores per document of the block and twice the depth per query and config; int8 holds the first 10,000 documents once more; in two threads twice that.
 * Errors: `SB-SCORE-001` a vector is not finite, `SB-SCORE-002` the sides do not fit, `SB-CORE-004` cancelled.
 */
export function search(input: Search, io: Ties = {}): Promise<ConfigFound[]> {
  return searchWith(input, io, async (part, company, done) => {
    await company?.finish(part, null, done)
    return part.lanes.map((lane) => lane.result(part.pass.kernels))
  })
}

/** The same, and what `use` makes of the configs while there are both threads, in which they are measured. */
export function searchAndMeasure<T>(
  input: Search,
  measuring: Measuring,
  { io, use }: { readonly io: Ties; readonly use: (configs: readonly SearchedConfig[]) => Promise<T> },
): Promise<T> {
  return searchWith(input, io, async (part, company, done) => {
    const own = (await company?.finish(part, measuring.parts, done)) ?? part.lanes.length
    const measured = async (lane: Lane, i: number) =>
      company && i >= own ? company.measured(i) : measuring.config((query) => lane.candidates(query))
    const searched = part.lanes.map((lane, i) => ({
      seconds: lane.seconds,
      calibration: lane.representation.calibration,
      measured: () => measured(lane, i),
    }))
    const result = await use(searched)
    for (const lane of part.lanes) lane.close()
    return result
  })
}

type End<T> = (part: SearchPart, company: SearchCompany | null, done: () => void) => Promise<T>

async function searchWith<T>(input: Search, io: Ties, end: End<T>): Promise<T> {
  const company = (input.threads ?? (SearchCompany.pays(input) ? 2 : 1)) > 1 ? new SearchCompany(input) : null
  try {
    const part = await SearchPart.open(input, company ? { floors: company.floors, isBackwards: true } : {})
    try {
      const done = () => step(io)
      const early = (block: VectorBlock) => block.firstRow === 0 && company !== null && company.take(block)
      for await (const block of part.pass.calibrated(input.documents, early)) {
        company?.begin(part.pass.representations)
        if (company?.take(block)) continue
        const at = company?.share(block) ?? null
        await part.take(block, done, company && at !== null ? { claims: company.claims, at } : null)
        if (at === null) block.giveBack?.()
      }
      company?.begin(part.pass.representations) // where the first block was the only one
      return await end(part, company, done)
    } finally {
      await part.close()
    }
  } finally {
    await company?.close()
  }
}
