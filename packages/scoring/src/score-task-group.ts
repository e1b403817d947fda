import { type CellResult, type Config, type ScoreWork, SweepError, TaskJudgments } from '@sweepboard/contracts'
import { failureOf, fittingConfigs, misfit } from './config-failure.ts'
import type { Matrix } from './product.ts'
import { PrefixRows, refuseNonFinite } from './representation.ts'
import { writePerQuery, writeRun } from './run-writer.ts'
import { bitextScores } from './score-bitext.ts'
import { type GroupScores, queriesOrAllMissing, scoreGroup } from './score-group.ts'
import { type ScoreIo, step } from './score-io.ts'
import { pairClassificationScores } from './score-pair-classification.ts'
import { rerankingScores } from './score-reranking.ts'
import { rerankingV1Scores } from './score-reranking-v1.ts'
import { stsScores } from './score-sts.ts'
import { checkRows, type JudgedTask } from './task-rows.ts'
import type { FoundScores } from './task-scores.ts'
import { SideVectors } from './vector-blocks.ts'

/**
 * Scores all configs of one group of any task type, told by its judgments: Retrieval through `scoreGroup`, the others by
 * the same rules (results, failures and errors are those of `scoreGroup`). Every vector artifact is read once, whatever the
 * number of configs. The document side is streamed in blocks but for STS and PairClassification, which hold both sides.
 */
export async function scoreTaskGroup(work: ScoreWork, io: ScoreIo, where: { host: string; code: string }): Promise<GroupScores> {
  const judgments = JSON.parse(Buffer.from(await io.get(work.judgments)).toString('utf8'))
  if (judgments?.type === undefined) return scoreGroup(work, io, where)
  try {
    return await scoreJudged(work, readJudgments(judgments, work), { io, where })
  } catch (error) {
    if (!(error instanceof SweepError) || !error.code.startsWith('SB-SCORE-')) throw error
    return { results: [], failures: work.configs.map(({ key }) => failureOf(key, error)) }
  }
}

interface Surroundings {
  readonly io: ScoreIo
  readonly where: { host: string; code: string }
}

async function scoreJudged(work: ScoreWork, judgments: JudgedTask, { io, where }: Surroundings): Promise<GroupScores> {
  const began = performance.now()
  const queries = new SideVectors(work.queries, io)
  const documents = new SideVectors(work.documents, io)
  const matrix = await queriesOrAllMissing(queries, documents)
  const { fitting, failures } = fittingConfigs(work.configs, matrix)
  const configs = fitting.map(({ config }) => config)
  const found = await foundScores({ work, judgments, queries: matrix, documents, io }, configs)
  const ownSeconds = found.reduce((sum, { searchSeconds }) => sum + searchSeconds, 0)
  const shared = ((performance.now() - began) / 1000 - ownSeconds) / Math.max(1, fitting.length)
  const blocks = {
    blockCount: queries.blockCount + documents.blockCount,
    blockReads: queries.blockReads + documents.blockReads,
  }
  const results: CellResult[] = []
  for (const [i, { key }] of fitting.entries()) {
    const own = found[i] as FoundScores
    const cell = await cellOf(own, work.mainScore, io)
    const evidence = { ...where, ...blocks, ...cell.evidence, searchSeconds: own.searchSeconds + shared }
    results.push({ config: key, ...cell, evidence })
    step(io)
  }
  return { results, failures }
}

async function cellOf(found: FoundScores, mainScore: string, io: ScoreIo) {
  const began = performance.now()
  const { metrics, perQuery, run, calibration } = found.score()
  const main = metrics[mainScore]
  if (main === undefined) throw misfit(`no metric is called ${mainScore}`)
  const metricSeconds = (performance.now() - began) / 1000
  return {
    metrics,
    mainScore: main,
    run: run && (await io.put(writeRun(run))),
    perQuery: perQuery && (await io.put(writePerQuery(perQuery))),
    evidence: { metricSeconds, peakMemoryBytes: process.resourceUsage().maxRSS * 1024, calibration },
  }
}

interface Task {
  readonly work: ScoreWork
  readonly judgments: JudgedTask
  readonly queries: Matrix
  readonly documents: SideVectors
  readonly io: ScoreIo
}

async function foundScores(task: Task, configs: readonly Config[]): Promise<FoundScores[]> {
  const { work, judgments, queries, io } = task
  const sides = { queries, documents: task.documents.blocks() }
  switch (judgments.type) {
    case 'reranking':
    case 'instruction-reranking':
      return rerankingScores(sides, { judgments, mainScore: work.mainScore }, configs, io)
    case 'reranking-v1':
      return rerankingV1Scores(sides, judgments, configs, io)
    case 'bitext':
      return bitextScores({ ...sides, documentCount: work.documents.count }, judgments, configs, io)
    case 'sts':
    case 'pairs': {
      const [first, second] = await pairRows(task)
      return configs.map((config) => ({
        searchSeconds: 0,
        score: () =>
          judgments.type === 'sts'
            ? stsScores(first, second, judgments, config)
            : pairClassificationScores(first, second, judgments, config),
      }))
    }
  }
}

/** Both sides whole, of one width and finite. */
async function pairRows({ queries, documents }: Task): Promise<[PrefixRows, PrefixRows]> {
  const second = await documents.all()
  if (queries.rowCount > 0 && second.rowCount > 0 && queries.dim !== second.dim) {
    throw misfit(`documents have ${second.dim} dimensions, queries ${queries.dim}`)
  }
  const rows: [PrefixRows, PrefixRows] = [new PrefixRows(queries), new PrefixRows(second)]
  refuseNonFinite(rows[0], (row) => `row ${row}`)
  refuseNonFinite(rows[1], (row) => `row 0 and document row ${row}`)
  return rows
}

function readJudgments(json: unknown, work: ScoreWork): JudgedTask {
  const read = TaskJudgments.safeParse(json)
  if (!read.success || !('type' in read.data)) {
    throw misfit(`the judgments are malformed: ${read.error?.issues[0]?.message ?? 'no type'}`)
  }
  checkRows(read.data, { queries: work.queries.count, documents: work.documents.count })
  return read.data
}
