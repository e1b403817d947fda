import { z } from 'zod'

/**
 * Which vectors of a sweep stay stored once none of its cells needs them any more. Runs, per-query scores, metrics and evidence stay
 * in every case; what went is encoded again where a later sweep needs it.
 * - `all`: every vector (the default).
 * - `queries`: those of queries, and the scores of reranked pairs, which are small; those of documents go.
 * - `none`: no vector and no pair score.
 */
export const Keep = z.enum(['all', 'queries', 'none'])
export type Keep = z.infer<typeof Keep>
