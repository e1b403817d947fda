import { z } from 'zod'
import type { Digest } from './digest.ts'
import { keyOf } from './digest.ts'
import { Similarity } from './recipe.ts'

export const Precision = z.enum(['float32', 'int8', 'binary'])
export type Precision = z.infer<typeof Precision>

/** What is derived from the same vectors. Order of operations: slice to `dimensions`, normalise (cosine), quantise. */
export const Config = z.strictObject({
  /** null = full. */
  dimensions: z.number().int().positive().nullable(),
  precision: Precision,
  similarity: Similarity,
})
export type Config = z.infer<typeof Config>

export function configKey(config: Config): Digest {
  return keyOf({ v: 1, config })
}

/** Whether a config is the default one of a recipe: full dimension, float32, the recipe's similarity. */
export function isDefaultConfig(config: Config, recipeSimilarity: Similarity): boolean {
  return config.dimensions === null && config.precision === 'float32' && config.similarity === recipeSimilarity
}
