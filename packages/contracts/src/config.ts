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

/** Ranked lists joined with those of a lexical model on the same task. */
export const HybridStage = z.strictObject({
  /** Name and revision of the lexical model. */
  model: z.string(),
  revision: z.string(),
  /** Share of the lexical score, both scaled to 0..1 per query; or reciprocal rank fusion. */
  weight: z.union([z.number().gt(0).lt(1), z.literal('rrf')]),
})
export type HybridStage = z.infer<typeof HybridStage>

/** Where a ranked list ends: after the best `top` documents, or before the first document that scores below `score`. */
export const Cut = z.union([z.strictObject({ top: z.number().int().min(1).max(1000) }), z.strictObject({ score: z.number() })])
export type Cut = z.infer<typeof Cut>

/** What is derived from the same vectors. Order of operations: slice to `dimensions`, normalise (cosine), quantise. */
export const Config = z.strictObject({
  /** null = full. */
  dimensions: z.number().int().positive().nullable(),
  precision: Precision,
  similarity: Similarity,
  /** Left out where nothing is reranked, so that a config without a second stage keeps its key. */
  rerank: RerankStage.optional(),
  /** Left out where nothing is fused. Stands before `rerank`: what is fused is re-ordered. */
  hybrid: HybridStage.optional(),
  /** Left out where lists stay whole. Stands last: what is re-ordered is cut. */
  cut: Cut.optional(),
})
export type Config = z.infer<typeof Config>

export function configKey(config: Config): Digest {
  return keyOf({ v: 1, config })
}

/**
 * What a row of the board says beside its model: the recipe's variant (empty for the model's own recipe) and the second stages of the
 * config. A reranker that is itself the model adds nothing.
 */
export function shownVariant(recipeVariant: string, config: Config | null): string {
  const { rerank, hybrid, cut } = config ?? {}
  const fused = hybrid && `${hybrid.model} ${hybrid.weight === 'rrf' ? 'by reciprocal rank' : hybrid.weight}`
  const reranked =
    rerank && rerank.depth !== null && `top ${rerank.depth}${rerank.tail === 'drop' ? ' only' : ''} by ${rerank.model}`
  return [recipeVariant, fused && `with ${fused}`, reranked, cut && `cut at ${shownCut(cut)}`].filter(Boolean).join(' · ')
}

/** A recipe's variant with the engine that a choice by slot gave it in front; empty parts are left out. */
export function namedVariant(engine: string, variant: string): string {
  return [engine && `engine: ${engine.replaceAll('·', '-')}`, variant].filter(Boolean).join(' · ')
}

/** The two parts of `namedVariant`. */
export function splitVariant(variant: string): { readonly engine: string; readonly variant: string } {
  const [, engine, rest] = /^engine: (.*?)(?: · (.*))?$/s.exec(variant) ?? []
  return engine === undefined ? { engine: '', variant } : { engine, variant: rest ?? '' }
}

/** `top 5` or `score 0.5`. */
export function shownCut(cut: Cut): string {
  return 'top' in cut ? `top ${cut.top}` : `score ${cut.score}`
}

/**
 * Whether a config is the default one of a recipe: full dimension, float32, the recipe's similarity, no second stage. A reranker that
 * is itself the model (candidate lists re-ordered whole) has no other config.
 */
export function isDefaultConfig(config: Config, recipeSimilarity: Similarity): boolean {
  const isFull = config.dimensions === null && config.precision === 'float32' && config.similarity === recipeSimilarity
  const isFirst = (config.rerank === undefined || config.rerank.depth === null) && !config.hybrid && !config.cut
  return isFull && isFirst
}
