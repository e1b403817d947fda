import { type CellResult, type Config, type RerankStage, type RerankWork, readPairSet, SweepError } from '@sweepboard/contracts'
import { compareIds } from '@sweepboard/metrics'
import { failureOf, misfit } from './config-failure.ts'
import { candidatesOf, type RankedJudgments, readRankedJudgments } from './ranked-judgments.ts'
import type { RankedList } from './ranked-list.ts'
import { rankedScores } from './ranked-metrics.ts'
import { readRun } from './run-file.ts'
import { writePerQuery, writeRun } from './run-writer.ts'
import type { GroupScores } from './score-group.ts'
import { type ScoreIo, step } from './score-io.ts'
import { SideVectors } from './vector-blocks.ts'

/** How far below the last reranked document the first one of an appended tail is put, and each further one below that. */
const TAIL_STEP = 2 ** -20

/**
 * Scores all configs of a child group: the parent's run (or the task's candidate lists) re-ordered by the pair scores. The best `depth`
 * documents go by (score descending, id descending); behind them, with `tail: append`, the others in the order of the first stage.
 * Bad judgments or scores fail all configs (`SB-SCORE-001`, `SB-SCORE-002`). Throws `MissingChunks` and what `io` throws.
 */
export async function rerankGroup(work: RerankWork, io: ScoreIo, where: { host: string; code: string }): Promise<GroupScores> {
  try {
    const began = performance.now()
    const judgments = readRankedJudgments(await io.get(work.judgments))
    const scores = await readPairScores(work, io)
    const first = work.run === null ? candidateLists(judgments) : readRun(await io.get(work.run))
    const shared = {
      listOf: new Map(first.queryIds.map((id, i) => [id, first.lists[i] as RankedList])),
      rowOf: new Map(judgments.documentIds.map((id, i) => [id, judgments.documentRows[i] as number])),
    }
    const sharedSeconds = (performance.now() - began) / 1000 / work.configs.length
    const results: CellResult[] = []
    for (const { key, config } of work.configs) {
      results.push({
        config: key,
        ...(await scoreConfig(config, { work, judgments, scores, ...shared, where, io, sharedSeconds })),
      })
      step(io)
    }
    return { results, failures: [] }
  } catch (error) {
    if (!(error instanceof SweepError) || !error.code.startsWith('SB-SCORE-')) throw error
    return { results: [], failures: work.configs.map(({ key }) => failureOf(key, error)) }
  }
}

interface Scoring {
  readonly work: RerankWork
  readonly judgments: RankedJudgments
  readonly scores: PairScoreTable
  /** The first stage's list of each query id. */
  readonly listOf: ReadonlyMap<string, RankedList>
  /** Row of each document id in the text set. */
  readonly rowOf: ReadonlyMap<string, number>
  readonly where: { host: string; code: string }
  readonly io: ScoreIo
  readonly sharedSeconds: number
}

async function scoreConfig(config: Config, scoring: Scoring): Promise<Omit<CellResult, 'config'>> {
  const { work, judgments, scores, listOf, rowOf, where, io, sharedSeconds } = scoring
  const { rerank } = config
  if (rerank === undefined) throw misfit('a child group holds a config without a reranker')
  const began = performance.now()
  const lists = judgments.queryIds.map((id, i) => {
    const list = listOf.get(id) ?? { documentIds: [], scores: new Float32Array(0) }
    const queryRow = judgments.queryRows[i] as number
    return rerankList(list, rerank, (document) => scores.of(queryRow, rowOf.get(document) ?? -1))
  })
  const searchSeconds = (performance.now() - began) / 1000 + sharedSeconds
  const measured = performance.now()
  const { metrics, perQuery } = rankedScores(judgments, lists, work.mainScore)
  const mainScore = metrics[work.mainScore]
  if (mainScore === undefined) throw misfit(`no metric is called ${work.mainScore}`)
  const { queryIds } = judgments
  return {
    metrics,
    mainScore,
    run: await io.put(writeRun({ queryIds, lists })),
    perQuery: perQuery === null ? null : await io.put(writePerQuery(perQuery)),
    evidence: {
      ...where,
      ...scores.reads,
      searchSeconds,
      metricSeconds: (performance.now() - measured) / 1000,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      calibration: null,
    },
  }
}

/** Re-orders the head of one list; exported for its test. `scoreOf` throws where a pair has no score. */
export function rerankList(
  list: RankedList,
  { depth, tail }: Pick<RerankStage, 'depth' | 'tail'>,
  scoreOf: (documentId: string) => number,
): RankedList {
  const cut = depth ?? list.documentIds.length
  const head = list.documentIds.slice(0, cut).map((id) => ({ id, score: scoreOf(id) }))
  head.sort((a, b) => b.score - a.score || compareIds(b.id, a.id))
  const rest = tail === 'append' ? list.documentIds.slice(cut) : []
  const last = head.at(-1)?.score ?? 0
  // The rest keeps its order by scores just below the head's: steps that float32 can tell apart at any magnitude.
  const down = Math.max(1, Math.abs(last)) * TAIL_STEP
  return {
    documentIds: [...head.map(({ id }) => id), ...rest],
    scores: Float32Array.from([...head.map(({ score }) => score), ...rest.map((_, i) => last - (i + 1) * down)]),
  }
}

/** Candidates as lists in the data's order; their scores say nothing yet. */
function candidateLists(judgments: RankedJudgments): {
  readonly queryIds: readonly string[]
  readonly lists: readonly RankedList[]
} {
  const lists = candidatesOf(judgments).map((documentIds) => ({ documentIds, scores: new Float32Array(documentIds.length) }))
  return { queryIds: judgments.queryIds, lists }
}

interface PairScoreTable {
  of(queryRow: number, documentRow: number): number
  readonly reads: { readonly blockCount: number; readonly blockReads: number }
}

async function readPairScores(work: RerankWork, io: ScoreIo): Promise<PairScoreTable> {
  const byQuery = new Map<number, Map<number, number>>()
  const reads = { blockCount: 0, blockReads: 0 }
  for (const side of work.pairs) {
    const source = new SideVectors(side, io)
    const { values, dim, rowCount } = await source.all()
    if (rowCount > 0 && dim !== 1) throw misfit(`a score of a pair is one number, not ${dim}`)
    const pairs = readPairSet(await io.get(side.textSet))
    if (pairs.queryRows.length !== rowCount) throw misfit(`${pairs.queryRows.length} pairs have ${rowCount} scores`)
    pairs.queryRows.forEach((query, i) => {
      const score = values[i] as number
      if (!Number.isFinite(score)) throw new SweepError('SB-SCORE-001', { query: `pair ${i}` })
      const scores = byQuery.get(query) ?? new Map<number, number>()
      byQuery.set(query, scores.set(pairs.documentRows[i] as number, score))
    })
    reads.blockCount += source.blockCount
    reads.blockReads += source.blockReads
  }
  const of = (query: number, document: number) => {
    const score = byQuery.get(query)?.get(document)
    if (score === undefined) throw misfit(`the pair of rows ${query} and ${document} was not scored`)
    return score
  }
  return { of, reads }
}
