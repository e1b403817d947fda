import { type CellResult, Judgments, type ScoreWork, SweepError } from '@sweepboard/contracts'
import { type ConfigFailure, failureOf, fittingConfigs, misfit } from './config-failure.ts'
import { Measuring } from './measuring.ts'
import { MissingChunks } from './missing-chunks.ts'
import type { Matrix } from './product.ts'
import { DocumentRows } from './ranked-list.ts'
import { RUN_DEPTH } from './row-ranking.ts'
import { type ScoreIo, step } from './score-io.ts'
import { type SearchedConfig, searchAndMeasure } from './search.ts'
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
    return await scoreJudged(work, readJudgments(bytes, work), { where, io })
  } catch (error) {
    if (!(error instanceof SweepError) || !error.code.startsWith('SB-SCORE-')) throw error
    return { results: [], failures: work.configs.map(({ key }) => failureOf(key, error)) }
  }
}

interface Surroundings {
  readonly where: { host: string; code: string }
  readonly io: ScoreIo
}

async function scoreJudged(work: ScoreWork, judgments: Judgments, { where, io }: Surroundings): Promise<GroupScores> {
  const began = performance.now()
  const queries = new SideVectors(work.queries, io)
  const documents = new SideVectors(work.documents, io)
  const queryMatrix = await queriesOrAllMissing(queries, documents)
  const { fitting, failures } = fittingConfigs(work.configs, queryMatrix)
  const rows = new DocumentRows(judgments.documentIds, judgments.documentRows, work.documents.count)
  const configs = fitting.map(({ config }) => config)
  const sought = { queries: queryMatrix, documents: documents.blocks(), configs, depth: RUN_DEPTH, priority: rows.priority }
  const use = async (searched: readonly SearchedConfig[]) => {
    const ownSeconds = searched.reduce((sum, { seconds }) => sum + seconds, 0)
    const evidence = {
      ...where,
      blockCount: queries.blockCount + documents.blockCount,
      blockReads: queries.blockReads + documents.blockReads,
    }
    /** Time that belongs to no config (reading, checking), divided by their number. */
    const sharedSeconds = ((performance.now() - began) / 1000 - ownSeconds) / Math.max(1, fitting.length)
    return writeConfigs(
      searched.map((own, i) => ({ key: fitting[i]?.key as string, own })),
      { evidence, sharedSeconds, io },
    )
  }
  const results = await searchAndMeasure(sought, Measuring.of(judgments, rows, work.mainScore), { io, use })
  return { results, failures }
}

interface Writing {
  readonly evidence: Pick<CellResult['evidence'], 'host' | 'code' | 'blockCount' | 'blockReads'>
  readonly sharedSeconds: number
  readonly io: ScoreIo
}

interface KeyedConfig {
  readonly key: string
  readonly own: SearchedConfig
}

async function writeConfigs(configs: readonly KeyedConfig[], writing: Writing): Promise<CellResult[]> {
  const results: Promise<CellResult>[] = []
  for (const config of configs) {
    const result = writeConfig(config, writing)
    result.catch(() => undefined) // thrown below: by its own turn or by Promise.all
    results.push(result)
    // Artifacts of a few configs are flushed to the disk while the next ones are computed, no more: they wait in memory.
    await results.at(-WRITTEN_AT_ONCE)
    step(writing.io)
  }
  return Promise.all(results)
}

async function writeConfig({ key, own }: KeyedConfig, { evidence, sharedSeconds, io }: Writing): Promise<CellResult> {
  const { metrics, mainScore, seconds: metricSeconds, ...artifacts } = await own.measured()
  const [run, perQuery] = await Promise.all([io.put(artifacts.run), io.put(artifacts.perQuery)])
  io.release?.(artifacts.run.buffer)
  return {
    config: key,
    metrics,
    mainScore,
    run,
    perQuery,
    evidence: {
      ...evidence,
      searchSeconds: own.seconds + sharedSeconds,
      metricSeconds,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      calibration: own.calibration,
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
