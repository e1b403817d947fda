import type { CellResult, LexicalScoring, ScoreWork } from '@sweepboard/contracts'
import { SweepError } from '@sweepboard/contracts'
import { failureOf, misfit } from './config-failure.ts'
import { frequentTokens, LexicalIndex } from './lexical-index.ts'
import { MissingChunks } from './missing-chunks.ts'
import { candidatesOf, type RankedJudgments, readRankedJudgments } from './ranked-judgments.ts'
import { DocumentRows, type RankedList, rankQueries } from './ranked-list.ts'
import { rankedScores } from './ranked-metrics.ts'
import { RUN_DEPTH } from './row-ranking.ts'
import { writePerQuery, writeRun } from './run-writer.ts'
import type { GroupScores } from './score-group.ts'
import { type ScoreIo, step } from './score-io.ts'
import { SideTokens } from './token-chunks.ts'
import { TopRows } from './top-rows.ts'

/**
 * Scores a group whose chunks hold token lists: exact BM25 as `mteb/baseline-bm25s` has it, the best 1,000 documents per query by
 * (score descending, id descending), those of score 0 included. On tasks with candidate lists these 1,000 are then cut down to the
 * query's candidates, as the reference does; a query without any keeps them. All configs get the same scores: there is one way to
 * compare token lists. Failures and errors as `scoreGroup`.
 */
export async function scoreLexicalGroup(
  work: ScoreWork & { readonly lexical: LexicalScoring },
  io: ScoreIo,
  where: { host: string; code: string },
): Promise<GroupScores> {
  const bytes = await io.get(work.judgments)
  try {
    const judgments = readRankedJudgments(bytes)
    const { lists, blocks, seconds } = await searchLists(work, judgments, io)
    const began = performance.now()
    const { metrics, perQuery } = rankedScores(judgments, lists, work.mainScore)
    const mainScore = metrics[work.mainScore]
    if (mainScore === undefined) throw misfit(`no metric is called ${work.mainScore}`)
    const { queryIds } = judgments
    const result: Omit<CellResult, 'config'> = {
      metrics,
      mainScore,
      run: await io.put(writeRun({ queryIds, lists })),
      perQuery: await io.put(writePerQuery(perQuery)),
      evidence: {
        ...where,
        ...blocks,
        searchSeconds: seconds,
        metricSeconds: (performance.now() - began) / 1000,
        peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
        calibration: null,
      },
    }
    return { results: work.configs.map(({ key }) => ({ config: key, ...result })), failures: [] }
  } catch (error) {
    if (!(error instanceof SweepError) || !error.code.startsWith('SB-SCORE-')) throw error
    return { results: [], failures: work.configs.map(({ key }) => failureOf(key, error)) }
  }
}

async function searchLists(work: ScoreWork & { readonly lexical: LexicalScoring }, judgments: RankedJudgments, io: ScoreIo) {
  const began = performance.now()
  const queries = new SideTokens(work.queries, io)
  const documents = new SideTokens(work.documents, io)
  const queryTokens = await queriesOrAllMissing(queries, documents)
  checkRows(judgments, work)
  const rows = new DocumentRows(judgments.documentIds, judgments.documentRows, work.documents.count)
  const index = await indexOf(documents, { work, judgments, queryTokens, io })
  const top = new TopRows(queryTokens.length, RUN_DEPTH, rows.priority)
  const values = new Float32Array(work.documents.count)
  queryTokens.forEach((tokens, query) => {
    index.scores(tokens, values)
    top.addAll(query, values)
    step(io)
  })
  const lists = rankQueries(judgments, rows, (query) => top.found(query))
  return {
    lists: 'topRanked' in judgments ? onlyCandidates(lists, candidatesOf(judgments)) : lists,
    blocks: {
      blockCount: queries.blockCount + documents.blockCount,
      blockReads: queries.blockReads + documents.blockReads,
    },
    seconds: (performance.now() - began) / 1000,
  }
}

interface Indexing {
  readonly work: ScoreWork & { readonly lexical: LexicalScoring }
  readonly judgments: RankedJudgments
  readonly queryTokens: readonly (readonly string[])[]
  readonly io: ScoreIo
}

async function indexOf(documents: SideTokens, { work, judgments, queryTokens, io }: Indexing): Promise<LexicalIndex> {
  const weights = new Uint32Array(work.documents.count)
  for (const row of judgments.documentRows) weights[row] = (weights[row] as number) + 1
  const { frequentShare } = work.lexical
  const dropped = frequentShare === null ? new Set<string>() : await frequentTokens(documents.blocks(), weights, frequentShare)
  const index = new LexicalIndex(work.lexical, weights, new Set(queryTokens.flat()))
  for await (const block of documents.blocks()) {
    index.add(block, dropped)
    step(io)
  }
  return index
}

async function queriesOrAllMissing(queries: SideTokens, documents: SideTokens): Promise<readonly (readonly string[])[]> {
  try {
    return await queries.all()
  } catch (error) {
    if (!(error instanceof MissingChunks)) throw error
    throw error.with(await documents.missing())
  }
}

function checkRows({ queryRows, documentRows }: RankedJudgments, { queries, documents }: ScoreWork): void {
  if (queryRows.some((row) => row >= queries.count)) throw misfit('the judgments name a query row beyond the text set')
  if (documentRows.some((row) => row >= documents.count)) throw misfit('the judgments name a document row beyond the text set')
}

function onlyCandidates(lists: readonly RankedList[], candidates: readonly (readonly string[])[]): RankedList[] {
  return lists.map((list, query) => {
    const allowed = new Set(candidates[query])
    if (allowed.size === 0) return list
    const kept = list.documentIds.flatMap((id, i) => (allowed.has(id) ? [i] : []))
    return {
      documentIds: kept.map((i) => list.documentIds[i] as string),
      scores: Float32Array.from(kept, (i) => list.scores[i] as number),
    }
  })
}
