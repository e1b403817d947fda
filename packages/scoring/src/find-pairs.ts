import {
  type PairSet,
  type PairsWork,
  pairSetRef,
  readPairSet,
  SweepError,
  type TextSetRef,
  textSetLengths,
  writePairSet,
} from '@sweepboard/contracts'
import { candidatesOf, readRankedJudgments } from './ranked-judgments.ts'
import { readRun } from './run-file.ts'
import { type ScoreIo, step } from './score-io.ts'

/**
 * The pairs that rerankers of one parent still need: for every run its best `depth` documents per query, or, without runs, the task's
 * candidate lists; each pair of texts once, less those of the pair sets known. In the order (query row, document row), so that
 * the same runs give the same set. Stores it through `io.put`; an empty set is stored like any other.
 * Throws `SB-SCORE-002` where a run names ids that the judgments do not, and what `io` throws.
 */
export async function findPairs(work: PairsWork, io: ScoreIo): Promise<TextSetRef> {
  const judgments = readRankedJudgments(await io.get(work.judgments))
  const pairs = new PairCollector()
  const rows: RowsOf = {
    query: rowsById(judgments.queryIds, judgments.queryRows),
    document: rowsById(judgments.documentIds, judgments.documentRows),
  }
  for (const { run, depth } of work.runs) {
    const { queryIds, lists } = readRun(await io.get(run))
    const tops = lists.map(({ documentIds }) => documentIds.slice(0, depth))
    addPairs(pairs, rows, queryIds, tops)
    step(io)
  }
  if (work.runs.length === 0) addPairs(pairs, rows, judgments.queryIds, candidatesOf(judgments))
  for (const digest of work.known) {
    const known = readPairSet(await io.get(digest))
    known.queryRows.forEach((row, i) => {
      pairs.remove(row, known.documentRows[i] as number)
    })
  }
  const set: PairSet = { queries: work.queries, documents: work.documents, ...pairs.sorted() }
  const lengths = { queries: textSetLengths(await io.get(work.queries)), documents: textSetLengths(await io.get(work.documents)) }
  await io.put(writePairSet(set))
  return pairSetRef(set, lengths.queries, lengths.documents)
}

/** Row of each id in its text set. */
interface RowsOf {
  readonly query: ReadonlyMap<string, number>
  readonly document: ReadonlyMap<string, number>
}

function addPairs(pairs: PairCollector, rows: RowsOf, queryIds: readonly string[], lists: readonly (readonly string[])[]): void {
  queryIds.forEach((query, i) => {
    for (const document of lists[i] ?? []) pairs.add(rowOf(rows.query, query), rowOf(rows.document, document))
  })
}

function rowsById(ids: readonly string[], rows: readonly number[]): Map<string, number> {
  return new Map(ids.map((id, i) => [id, rows[i] as number]))
}

function rowOf(rows: ReadonlyMap<string, number>, id: string): number {
  const row = rows.get(id)
  if (row === undefined) throw new SweepError('SB-SCORE-002', { message: `the run names ${id}, the judgments do not` })
  return row
}

/** Distinct (query row, document row). */
class PairCollector {
  readonly #documents = new Map<number, Set<number>>()

  add(query: number, document: number): void {
    const documents = this.#documents.get(query)
    if (documents === undefined) this.#documents.set(query, new Set([document]))
    else documents.add(document)
  }

  remove(query: number, document: number): void {
    this.#documents.get(query)?.delete(document)
  }

  sorted(): { queryRows: Uint32Array; documentRows: Uint32Array } {
    const queries = [...this.#documents.keys()].sort((a, b) => a - b)
    const count = queries.reduce((sum, query) => sum + (this.#documents.get(query)?.size ?? 0), 0)
    const queryRows = new Uint32Array(count)
    const documentRows = new Uint32Array(count)
    let at = 0
    for (const query of queries) {
      for (const document of Uint32Array.from(this.#documents.get(query) ?? []).sort()) {
        queryRows[at] = query
        documentRows[at] = document
        at += 1
      }
    }
    return { queryRows, documentRows }
  }
}
