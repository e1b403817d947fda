import { z } from 'zod'
import type { Digest } from './digest.ts'
import { keyOf } from './digest.ts'
import { Similarity } from './recipe.ts'

export const Precision = z.enum(['float32', 'int8', 'binary'])
export type Precision = z.infer<typeof Precision>

export const RerankTail = z.enum(['append', 'drop'])
export type RerankTail = z.infer<typeof RerankTail>

/** A reranker over the first stage of the same config. */
export const RerankStage = z.strictObject({
  /** Name and revision of the reranker, as they stand on the board. */
  model: z.string(),
  revision: z.string(),
  /** Best documents of the first stage that are re-ordered, per query; null on candidate lists, which are re-ordered whole. */
  depth: z.number().int().positive().max(1000).nullable(),
  /** `append` keeps the documents below the depth, in the order of the first stage, behind the re-ordered ones; `drop` leaves them out. */
  tail: RerankTail,
})
export type RerankStage = z.infer<typeof RerankStage>

/** What is derived from the same vectors. Order of operations: slice to `dimensions`, normalise (cosine), quantise. */
export const Config = z.strictObject({
  /** null = full. */
  dimensions: z.number().int().positive().nullable(),
  precision: Precision,
  similarity: Similarity,
  /** Left out where nothing is reranked, so that a config without a second stage keeps its key. */
  rerank: RerankStage.optional(),
})
export type Config = z.infer<typeof Config>

export function configKey(config: Config): Digest {
  return keyOf({ v: 1, config })
}

/**
 * What a row of the board says beside its model: the recipe's variant (empty for the model's own recipe) and the reranker of the
 * config. A reranker that is itself the model adds nothing.
 */
export function shownVariant(recipeVariant: string, config: Config | null): string {
  const { rerank } = config ?? {}
  if (rerank === undefined || rerank.depth === null) return recipeVariant
  const reranked = `top ${rerank.depth}${rerank.tail === 'drop' ? ' only' : ''} by ${rerank.model}`
  return [recipeVariant, reranked].filter(Boolean).join(' · ')
}

/**
 * Whether a config is the default one of a recipe: full dimension, float32, the recipe's similarity, no second stage. A reranker that
 * is itself the model (candidate lists re-ordered whole) has no other config.
 */
export function isDefaultConfig(config: Config, recipeSimilarity: Similarity): boolean {
  const isFull = config.dimensions === null && config.precision === 'float32' && config.similarity === recipeSimilarity
  return isFull && (config.rerank === undefined || config.rerank.depth === null)
}
