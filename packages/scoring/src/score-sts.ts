import type { Config, StsJudgments } from '@sweepboard/contracts'
import { scoreSts } from '@sweepboard/metrics'
import { scorePairs } from './pair-scores.ts'
import { pairSides } from './pair-sides.ts'
import type { PrefixRows } from './representation.ts'
import { measured, plainScores, type TaskScores } from './task-scores.ts'

/**
 * STS: the eight correlations of one config. The keys `cosine_*`, `manhattan_*` and `euclidean_*` are there whatever the config's
 * similarity; it decides `pearson` and `spearman`.
 *
 * @param queries [first sentences, dim] @param documents [second sentences, dim]
 */
export function stsScores(queries: PrefixRows, documents: PrefixRows, judgments: StsJudgments, config: Config): TaskScores {
  const { pairs, minScore, maxScore } = judgments
  const { first, second, calibration } = pairSides(queries, documents, config)
  const [firstRows, secondRows] = [pairs.map(([row]) => row), pairs.map(([, row]) => row)]
  const scores = scorePairs({ first, second, firstRows, secondRows }, config.similarity)
  const closeness = { ...scores, manhattan: negated(scores.manhattan), euclidean: negated(scores.euclidean) }
  const gold = pairs.map(([, , score]) => score)
  return plainScores(measured(() => scoreSts({ gold, minScore, maxScore, scores: closeness })).metrics, calibration)
}

function negated(distances: Float32Array): Float32Array {
  return distances.map((distance) => -distance)
}
