import { type CellResult, Judgments, type ScoreWork, SweepError } from '@sweepboard/contracts'
import { type ConfigFailure, failureOf, fittingConfigs, misfit } from './config-failure.ts'
import { MissingChunks } from './missing-chunks.ts'
import type { Matrix } from './product.ts'
import { DocumentRows, RUN_DEPTH, rankQueries } from './ranked-list.ts'
import { rankedScores } from './ranked-metrics.ts'
import { writePerQuery, writeRun } from './run-file.ts'
import { type ScoreIo, step } from './score-io.ts'
import { type ConfigFound, search } from './search.ts'
import { SideVectors } from './vector-blocks.ts'

/** Configs whose artifacts are not yet on the disk, the one that is computed among them. */
const WRITTEN_AT_ONCE = 5

export interface GroupScores {
  readonly results: CellResult[]
  readonly failures: ConfigFailure[]
}

/**
 * Scores all configs of one group in one pass over its vector blocks: exact search, 1,000 documents per query by (score
 * descending, id descending), metrics, ranked run and per-query scores through `io.put`.
 * A config that cannot be scored (more dimensions than the vectors have) fails alone; bad vectors or judgments fail all
 * configs (`SB-SCORE-001`, `SB-SCORE-002`). Throws what is no verdict on a cell: `MissingChunks`, `SB-ART-001` for the
 * judgments, `SB-CORE-004` when cancelled, and what `io` throws otherwise.
 */
export async function scoreGroup(work: ScoreWork, io: ScoreIo, where: { host: string; code: string }): Promise<GroupScores> {
  const bytes = await io.get(work.judgments)
  try {
    const judgments = readJudgments(bytes, work)
    const searched = await searchGroup(work, judgments, io)
    const results: Promise<CellResult>[] = []
    for (const config of searched.configs) {
      const result = scoreConfig(config, { work, judgments, searched, where, io })
      result.catch(() => undefined) // thrown below: by its own turn or by Promise.all
      results.push(result)
      // Artifacts of a few configs are flushed to the disk while the next ones are computed, no more: they wait in memory.
      await results.at(-WRITTEN_AT_ONCE)
      step(io)
    }
    return { results: await Promise.all(results), failures: searched.failures }
  } catch (error) {
    if (!(error instanceof SweepError) || !error.code.startsWith('SB-SCORE-')) throw error
    return { results: [], failures: work.configs.map(({ key }) => failureOf(key, error)) }
  }
}

interface SearchedGroup {
  readonly documents: DocumentRows
  readonly configs: readonly { readonly key: string; readonly found: ConfigFound }[]
  readonly failures: ConfigFailure[]
  readonly blocks: { readonly blockCount: number; readonly blockReads: number }
  /** Time that belongs to no config (reading, checking), divided by their number. */
  readonly sharedSeconds: number
}

async function searchGroup(work: ScoreWork, judgments: Judgments, io: ScoreIo): Promise<SearchedGroup> {
  const began = performance.now()
  const queries = new SideVectors(work.queries, io)
  const documents = new SideVectors(work.documents, io)
  const queryMatrix = await queriesOrAllMissing(queries, documents)
  const { fitting, failures } = fittingConfigs(work.configs, queryMatrix)
  const rows = new DocumentRows(judgments.documentIds, judgments.documentRows, work.documents.count)
  const configs = fitting.map(({ config }) => config)
  const found = await search(
    { queries: queryMatrix, documents: documents.blocks(), configs, depth: RUN_DEPTH, priority: rows.priority },
    io,
  )
  const ownSeconds = found.reduce((sum, { seconds }) => sum + seconds, 0)
  return {
    documents: rows,
    configs: fitting.map(({ key }, i) => ({ key, found: found[i] as ConfigFound })),
    failures,
    blocks: {
      blockCount: queries.blockCount + documents.blockCount,
      blockReads: queries.blockReads + documents.blockReads,
    },
    sharedSeconds: ((performance.now() - began) / 1000 - ownSeconds) / Math.max(1, fitting.length),
  }
}

interface Scoring {
  readonly work: ScoreWork
  readonly judgments: Judgments
  readonly searched: SearchedGroup
  readonly where: { host: string; code: string }
  readonly io: ScoreIo
}

async function scoreConfig({ key, found }: SearchedGroup['configs'][number], scoring: Scoring): Promise<CellResult> {
  const { work, judgments, searched, where, io } = scoring
  const began = performance.now()
  const { queryIds } = judgments
  const lists = rankQueries(judgments, searched.documents, found.found)
  const { metrics, perQuery } = rankedScores(judgments, lists, work.mainScore)
  const mainScore = metrics[work.mainScore]
  if (mainScore === undefined) throw misfit(`no metric is called ${work.mainScore}`)
  const metricSeconds = (performance.now() - began) / 1000
  const [run, perQueryScores] = await Promise.all([io.put(writeRun({ queryIds, lists })), io.put(writePerQuery(perQuery))])
  return {
    config: key,
    metrics,
    mainScore,
    run,
    perQuery: perQueryScores,
    evidence: {
      ...where,
      ...searched.blocks,
      searchSeconds: found.seconds + searched.sharedSeconds,
      metricSeconds,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      calibration: found.calibration,
    },
  }
}

/** The query vectors; when some are missing, an error that names the documents' missing chunks too. */
export async function queriesOrAllMissing(queries: SideVectors, documents: SideVectors): Promise<Matrix> {
  try {
    return await queries.all()
  } catch (error) {
    if (!(error instanceof MissingChunks)) throw error
    throw error.with(await documents.missing())
  }
}

/** The judgments, refused where they do not fit the sides of the job. */
function readJudgments(bytes: Uint8Array, work: ScoreWork): Judgments {
  const read = Judgments.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  if (!read.success) throw misfit(`the judgments are malformed: ${read.error.issues[0]?.message}`)
  const { queryIds, queryRows, documentIds, documentRows, qrels } = read.data
  if (queryRows.length !== queryIds.length || qrels.length !== queryIds.length || documentRows.length !== documentIds.length) {
    throw misfit('ids, rows and grades of the judgments differ in number')
  }
  if (queryRows.some((row) => row >= work.queries.count)) throw misfit('the judgments name a query row beyond the text set')
  if (documentRows.some((row) => row >= work.documents.count))
    throw misfit('the judgments name a document row beyond the text set')
  return read.data
}
