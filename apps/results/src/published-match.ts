import type { PublishedScore } from '@sweepboard/ledger'
import { lastPart } from './find-rows.ts'

/**
 * The imported score of a model. A local folder (`local/all-MiniLM-L6-v2`) goes by its last name, in any case: its score is that of the one model which ends in
 * it. Undefined where there is none, and where models of several owners end so.
 */
export function publishedOf(model: string, scores: readonly PublishedScore[]): PublishedScore | undefined {
  const own = scores.find((score) => score.model === model)
  if (own !== undefined || !model.startsWith('local/')) return own
  const alike = scores.filter((score) => lastPart(score.model) === lastPart(model))
  return new Set(alike.map((score) => score.model)).size === 1 ? alike[0] : undefined
}
