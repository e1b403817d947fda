import { z } from 'zod'

const text = z.string().min(1).max(1000)
const ComparedEngine = z.strictObject({
  model: text,
  revision: text,
  load: z.string().regex(/^[0-9a-f]{64}$/),
  engine: text,
  version: text,
  dtype: text,
  provider: text,
})

/** A comparison as it is sent to a service: `ConsistencyRow` of the ledger. */
export const ConsistencyRow = z.strictObject({
  at: z.iso.datetime(),
  a: ComparedEngine,
  b: ComparedEngine,
  kind: z.enum(['embeddings', 'scores']),
  texts: text,
  holds: z.boolean(),
  agreement: z.number().nullable(),
  verdict: z.json(),
  numbers: z.json(),
  code: text,
})
