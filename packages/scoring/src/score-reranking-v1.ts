import type { Config, LegacyRerankingJudgments } from '@sweepboard/contracts'
import { type RerankingSample, scoreRerankingV1 } from '@sweepboard/metrics'
import { scoreCandidates } from './candidate-scores.ts'
import type { ScoreIo } from './score-io.ts'
import type { SearchSides } from './score-reranking.ts'
import { type FoundScores, measured } from './task-scores.ts'

type Sample = LegacyRerankingJudgments['samples'][number]

/**
 * Reranking as mteb 1 scores it (`map`, `mrr`, `nAUC_*`): candidates of a sample are its positives, then its negatives, one
 * as often as the data names it; of several queries the best score counts. For all configs in one pass over the documents.
 * Per-query values: `map` and `mrr` under the sample's place. Errors as `scoreCandidates`.
 */
export async function rerankingV1Scores(
  { queries, documents }: SearchSides,
  { samples }: LegacyRerankingJudgments,
  configs: readonly Config[],
  io: Pick<ScoreIo, 'onProgress' | 'signal'> = {},
): Promise<FoundScores[]> {
  const pairs = samples.flatMap((sample) =>
    sample.queryRows.flatMap((query) => candidatesOf(sample).map((document) => [query, document] as const)),
  )
  const queryRows = Uint32Array.from(pairs, ([query]) => query)
  const documentRows = Uint32Array.from(pairs, ([, document]) => document)
  const found = await scoreCandidates({ queries, documents, queryRows, documentRows, configs }, io)
  return found.map(({ scores, seconds, calibration }) => ({
    searchSeconds: seconds,
    score: () => {
      const { metrics, perSample, kept } = measured(() => scoreRerankingV1(scoredSamples(samples, scores)))
      return { metrics, perQuery: { queryIds: kept.map(String), values: { ...perSample } }, run: null, calibration }
    },
  }))
}

function candidatesOf({ positiveRows, negativeRows }: Sample): number[] {
  return [...positiveRows, ...negativeRows]
}

/** Scores lie by sample, then query, then candidate. */
function scoredSamples(samples: readonly Sample[], scores: Float32Array): RerankingSample[] {
  let at = 0
  return samples.map((sample) => {
    const size = candidatesOf(sample).length
    const best = new Float32Array(size).fill(Number.NEGATIVE_INFINITY)
    for (let query = 0; query < sample.queryRows.length; query++) {
      for (let i = 0; i < size; i++) best[i] = Math.max(best[i] as number, scores[at++] as number)
    }
    return { relevant: candidatesOf(sample).map((_, i) => i < sample.positiveRows.length), scores: best }
  })
}
