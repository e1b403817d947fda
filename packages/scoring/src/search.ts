import type { Config } from '@sweepboard/contracts'
import { bytesForList } from './kernel-memory.ts'
import type { Measured, Measuring } from './measuring.ts'
import type { Matrix } from './product.ts'
import { type ScoreIo, step } from './score-io.ts'
import { SearchCompany } from './search-company.ts'
import type { Lane } from './search-lane.ts'
import { SearchPart } from './search-part.ts'
import { roomOf } from './top-lists.ts'
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
  /** Bytes of lists that the memory of one part of the search may have; left out, a part of what WebAssembly can address. */
  readonly listBytes?: number
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
 * result equals a full sort by (score descending, priority ascending). Memory: queries, some blocks of 2,048 rows, a few hundred scores per
 * document of a block, and 8 bytes for each of one and a half times the depth and 1,024 rows more per query and config; int8 holds the first
 * 10,000 documents once more; in two threads twice that.
 * Errors: `SB-SCORE-001` a vector is not finite, `SB-SCORE-002` the sides do not fit, `SB-CORE-004` cancelled.
 */
export function search(input: Search, io: Ties = {}): Promise<ConfigFound[]> {
  return searchWith(input, io, async (lanes, company, done) => {
    await company?.finish(lanes, null, done)
    return lanes.map((lane) => lane.result())
  })
}

/** The same, and what `use` makes of the configs while there are both threads, in which they are measured. */
export function searchAndMeasure<T>(
  input: Search,
  measuring: Measuring,
  { io, use }: { readonly io: Ties; readonly use: (configs: readonly SearchedConfig[]) => Promise<T> },
): Promise<T> {
  return searchWith(input, io, async (lanes, company, done) => {
    const own = (await company?.finish(lanes, measuring.parts, done)) ?? lanes.length
    const measured = async (lane: Lane, i: number) =>
      company && i >= own ? company.measured(i) : measuring.config((query) => lane.candidates(query))
    return use(
      lanes.map((lane, i) => ({
        seconds: lane.seconds,
        calibration: lane.representation.calibration,
        measured: () => measured(lane, i),
      })),
    )
  })
}

/** What becomes of the lanes, in the order of the configs. */
type End<T> = (lanes: readonly Lane[], company: SearchCompany | null, done: () => void) => Promise<T>

async function searchWith<T>(input: Search, io: Ties, end: End<T>): Promise<T> {
  const company = (input.threads ?? (SearchCompany.pays(input) ? 2 : 1)) > 1 ? new SearchCompany(input) : null
  const parts: SearchPart[] = []
  try {
    for (const configs of company ? [input.configs] : inMemories(input)) {
      parts.push(await SearchPart.open({ ...input, configs }, company ? { floors: company.floors } : {}))
    }
    const done = () => step(io)
    const begin = () => parts[0] && company?.begin(parts[0].pass.representations)
    for await (const block of calibrated(parts, input.documents, (early) => company?.take(early) ?? false)) {
      begin()
      if (company?.take(block)) continue
      for (const part of parts) await part.take(block, done)
      block.giveBack?.()
    }
    begin() // where the thread took all blocks there are
    const lanes = parts.flatMap((part) => part.lanes)
    return await end(lanes, company, done)
  } finally {
    for (const part of parts) await part.close()
    await company?.close()
  }
}

/** Bytes of lists that one memory may have, of the 4 GiB that WebAssembly can address. */
const MOST_LIST_BYTES = 1.5 * 2 ** 30

/** The configs, in parts whose lists one memory can have; there is one part at least, and one config in each. */
function inMemories({ configs, queries, depth, priority, listBytes: most = MOST_LIST_BYTES }: Search): Search['configs'][] {
  const bytes = queries.rowCount * bytesForList(roomOf(depth, priority.length))
  const atOnce = Math.max(1, Math.floor(most / bytes))
  return Array.from({ length: Math.max(1, Math.ceil(configs.length / atOnce)) }, (_, i) =>
    configs.slice(i * atOnce, (i + 1) * atOnce),
  )
}

/** The blocks as they come, held back until each part knows its int8 ranges. */
function calibrated(
  parts: readonly SearchPart[],
  blocks: AsyncIterable<VectorBlock>,
  early: (block: VectorBlock) => boolean,
): AsyncIterable<VectorBlock> {
  return parts.reduce((known, { pass }) => pass.calibrated(known, early), blocks)
}
