import type { Config, PairJudgments } from '@sweepboard/contracts'
import { scorePairClassification } from '@sweepboard/metrics'
import { scorePairs } from './pair-scores.ts'
import { pairSides } from './pair-sides.ts'
import type { PrefixRows } from './representation.ts'
import { measured, plainScores, type TaskScores } from './task-scores.ts'

/**
 * PairClassification: accuracy, f1, precision, recall and ap of the five score kinds and their maximum, for one config. Its
 * similarity decides `similarity_*` alone.
 *
 * @param queries [first sentences, dim] @param documents [second sentences, dim]
 */
export function pairClassificationScores(
  queries: PrefixRows,
  documents: PrefixRows,
  { pairs }: PairJudgments,
  config: Config,
): TaskScores {
  const { first, second, calibration } = pairSides(queries, documents, config)
  const [firstRows, secondRows] = [pairs.map(([row]) => row), pairs.map(([, row]) => row)]
  const scores = scorePairs({ first, second, firstRows, secondRows }, config.similarity)
  const labels = pairs.map(([, , label]) => label)
  return plainScores(measured(() => scorePairClassification({ labels, scores })).metrics, calibration)
}
