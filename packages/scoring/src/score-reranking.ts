import type { Config, InstructionRerankingJudgments, RerankingJudgments } from '@sweepboard/contracts'
import { scoreCandidates } from './candidate-scores.ts'
import type { Matrix } from './product.ts'
import { type RankedList, rankScored } from './ranked-list.ts'
import { rankedScores } from './ranked-metrics.ts'
import type { ScoreIo } from './score-io.ts'
import type { FoundScores } from './task-scores.ts'
import type { VectorBlock } from './vector-blocks.ts'

export type CandidateJudgments = RerankingJudgments | InstructionRerankingJudgments

/** Both sides of a search: queries `[text, dim]`, and documents `[text, dim]` in row order, taken once. */
export interface SearchSides {
  readonly queries: Matrix
  readonly documents: AsyncIterable<VectorBlock>
}

/**
 * Reranking and instruction reranking as MTEB 2 scores them: each query's own candidates ranked by (score descending, id
 * descending), at most 1,000, for all configs in one pass over the documents; then `rankedScores`. A query without
 * candidates has an empty list, which scores 0. Errors as `scoreCandidates` and `rankedScores`.
 */
export async function rerankingScores(
  { queries, documents }: SearchSides,
  task: { readonly judgments: CandidateJudgments; readonly mainScore: string },
  configs: readonly Config[],
  io: Pick<ScoreIo, 'onProgress' | 'signal'> = {},
): Promise<FoundScores[]> {
  const { judgments, mainScore } = task
  const candidates = judgments.topRanked.map((places) => [...new Set(places)])
  const rowOf = (place: number) => judgments.documentRows[place] as number
  const found = await scoreCandidates(
    {
      queries,
      documents,
      queryRows: Uint32Array.from(candidates.flatMap((places, q) => places.map(() => judgments.queryRows[q] as number))),
      documentRows: Uint32Array.from(candidates.flat(), rowOf),
      configs,
    },
    io,
  )
  return found.map(({ scores, seconds, calibration }) => ({
    searchSeconds: seconds,
    score: () => ({ ...rankedScores(judgments, listsOf(judgments, candidates, scores), mainScore), calibration }),
  }))
}

function listsOf(judgments: CandidateJudgments, candidates: readonly number[][], scores: Float32Array): RankedList[] {
  let at = 0
  return candidates.map((places, query) => {
    const scored = places.map((place) => ({ id: judgments.documentIds[place] as string, score: scores[at++] as number }))
    const list = rankScored(scored)
    return judgments.ignoreIdenticalIds ? without(list, judgments.queryIds[query] as string) : list
  })
}

/** Nothing takes the place of the document dropped. */
function without({ documentIds, scores }: RankedList, id: string): RankedList {
  return { documentIds: documentIds.filter((own) => own !== id), scores: scores.filter((_, i) => documentIds[i] !== id) }
}
