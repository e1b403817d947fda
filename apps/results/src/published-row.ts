import { MetricValues } from '@sweepboard/contracts'
import { z } from 'zod'

/** One published score: an entry of an MTEB result file, told apart from ours by its origin. */
export const PublishedRow = z.strictObject({
  model: z.string().min(1).max(500),
  revision: z.string().min(1).max(200),
  task: z.string().min(1).max(200),
  subset: z.string().min(1).max(200),
  split: z.string().min(1).max(200),
  mainScore: z.number().nullable(),
  metrics: MetricValues,
  languages: z.array(z.string()),
  mtebVersion: z.string().nullable(),
  datasetRevision: z.string(),
  /** Seconds, as the file says. */
  evaluationTime: z.number().nullable(),
  /** The file it came from. */
  origin: z.string(),
  /** The whole file in the modern layout, raw deflate in base64: carried by its first row, which the others follow. */
  source: z.base64().optional(),
})
export type PublishedRow = z.infer<typeof PublishedRow>
