import { type CellResult, type Config, type Cut, type DeriveWork, type HybridStage, SweepError } from '@sweepboard/contracts'
import { alignLists, type FusionMethod, fuseLists } from '@sweepboard/metrics'
import { failureOf, misfit } from './config-failure.ts'
import { type CutScores, cutScores } from './cut-scores.ts'
import { type RankedJudgments, readRankedJudgments } from './ranked-judgments.ts'
import { type RankedList, rankScored } from './ranked-list.ts'
import { rankedScores } from './ranked-metrics.ts'
import { readRun } from './run-file.ts'
import { writePerQuery, writeRun } from './run-writer.ts'
import type { GroupScores } from './score-group.ts'
import { type ScoreIo, step } from './score-io.ts'

/** Of reciprocal rank fusion: Cormack, Clarke, Buettcher, SIGIR 2009. */
const RRF_K = 60
const EMPTY: RankedList = { documentIds: [], scores: new Float32Array(0) }

/**
 * Scores all configs of a derived group from stored runs. A config with a cut ends the lists of the first run there; any other fuses the
 * first run with the second, the lexical one. A config that cannot be made fails alone (`SB-SCORE-002`), bad judgments fail all.
 * Throws what `io` throws, and `SB-ART-002` for an artifact that is no run.
 */
export async function deriveGroup(work: DeriveWork, io: ScoreIo, where: { host: string; code: string }): Promise<GroupScores> {
  const began = performance.now()
  const bytes = await io.get(work.judgments)
  const runs = await Promise.all(work.runs.map(async (digest) => listsById(await io.get(digest))))
  const results: CellResult[] = []
  const failures: GroupScores['failures'] = []
  const sharedSeconds = (performance.now() - began) / 1000 / work.configs.length
  for (const { key, config } of work.configs) {
    try {
      const judgments = readRankedJudgments(bytes)
      results.push({ config: key, ...(await scoreConfig(config, { work, judgments, runs, where, io, sharedSeconds })) })
    } catch (error) {
      if (!(error instanceof SweepError) || !error.code.startsWith('SB-SCORE-')) throw error
      failures.push(failureOf(key, error))
    }
    step(io)
  }
  return { results, failures }
}

interface Scoring {
  readonly work: DeriveWork
  readonly judgments: RankedJudgments
  readonly runs: readonly ReadonlyMap<string, RankedList>[]
  readonly where: { host: string; code: string }
  readonly io: ScoreIo
  readonly sharedSeconds: number
}

async function scoreConfig(config: Config, scoring: Scoring): Promise<Omit<CellResult, 'config'>> {
  const { work, judgments, runs, where, io, sharedSeconds } = scoring
  const began = performance.now()
  const { queryIds } = judgments
  const lists = queryIds.map((id) =>
    deriveList(
      config,
      runs.map((run) => run.get(id) ?? EMPTY),
    ),
  )
  const searchSeconds = (performance.now() - began) / 1000 + sharedSeconds
  const measured = performance.now()
  const { metrics, perQuery } = rankedScores(judgments, lists, work.mainScore)
  const mainScore = metrics[work.mainScore]
  if (mainScore === undefined) throw misfit(`no metric is called ${work.mainScore}`)
  const atCut: CutScores | null = config.cut === undefined ? null : cutScores(judgments, lists)
  return {
    metrics: { ...metrics, ...atCut?.metrics },
    mainScore,
    run: await io.put(writeRun({ queryIds, lists })),
    perQuery: await io.put(writePerQuery({ ...perQuery, values: { ...perQuery.values, ...atCut?.perQuery } })),
    evidence: {
      ...where,
      searchSeconds,
      metricSeconds: (performance.now() - measured) / 1000,
      blockCount: 0,
      blockReads: 0,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      calibration: null,
    },
  }
}

/** One query's list of a config; exported for its test. */
export function deriveList({ cut, hybrid }: Config, [first = EMPTY, second]: readonly RankedList[]): RankedList {
  if (cut !== undefined) return cutList(first, cut)
  if (hybrid === undefined || second === undefined)
    throw misfit('a derived group holds a config without a cut and without a second run')
  return fuse(first, second, hybrid)
}

/**
 * Weighted: (1 - w) x dense + w x lexical, each scaled to 0..1 over its own list of this query (a list of one single score gives 1), a
 * document missing from a list gets 0 there. Reciprocal rank: 1 / (60 + rank) summed over both. Documents of lexical score 0 hold no
 * token of the query: they count as not found. The best 1,000 by (score descending, id descending).
 */
function fuse(dense: RankedList, lexical: RankedList, { weight }: HybridStage): RankedList {
  const method: FusionMethod = weight === 'rrf' ? { kind: 'rrf', k: RRF_K } : { kind: 'weighted', normalisation: 'minmax' }
  const weights = weight === 'rrf' ? [1, 1] : [1 - weight, weight]
  const { documentIds, scores } = fuseLists(alignLists([dense, matching(lexical)], method), weights)
  // Ranked by the float32 that is stored, so that a reader of the run sees the same order.
  return rankScored(documentIds.map((id, i) => ({ id, score: Math.fround(scores[i] as number) })))
}

function matching(list: RankedList): RankedList {
  return headOf(list, list.scores.filter((score) => score > 0).length)
}

function cutList(list: RankedList, cut: Cut): RankedList {
  if ('top' in cut) return headOf(list, cut.top)
  return headOf(list, list.scores.filter((score) => score >= cut.score).length)
}

/** Lists stand by score descending, so what passes a threshold is their head. */
function headOf({ documentIds, scores }: RankedList, count: number): RankedList {
  return { documentIds: documentIds.slice(0, count), scores: scores.slice(0, count) }
}

function listsById(bytes: Uint8Array): ReadonlyMap<string, RankedList> {
  const { queryIds, lists } = readRun(bytes)
  return new Map(queryIds.map((id, i) => [id, lists[i] as RankedList]))
}
