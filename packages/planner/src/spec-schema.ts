import { Cut, HybridStage, Keep, PairRecipe, Precision, RerankTail, Similarity } from '@sweepboard/contracts'
import { z } from 'zod'
import { parseDuration } from './duration.ts'
import { EngineSpec, RecipeSpec } from './engine-schema.ts'
import { parseBound } from './gate.ts'
import { LAUNCH_KEYS } from './launch-schema.ts'
import { OverrideSpec } from './overrides.ts'
import { countNames } from './pattern.ts'

/** The sweep language (design section 9) as far as this version goes; `sweepSchemaJson` is what editors complete it with. */

const oneOrMany = <T extends z.ZodType>(item: T) => z.union([item, z.array(item).min(1)])
const duration = z.string().refine((text) => parseDuration(text) !== null, 'must be a duration such as "45m" or "12h"')

/** Names that the braces of one text make at the most. */
const MOST_NAMES = 1000
const names = z
  .string()
  .min(1)
  .refine((text) => countNames(text, MOST_NAMES) <= MOST_NAMES, `its braces make more than ${MOST_NAMES} names`)

export const ModelEntry = z.union([
  names,
  z.strictObject({
    model: names,
    engine: EngineSpec.optional(),
    recipe: RecipeSpec.optional(),
    revision: z.string().optional(),
  }),
])
export const TaskEntry = z.union([
  names,
  z.strictObject({
    task: names,
    subsets: z.array(z.string().min(1)).min(1).optional(),
    splits: z.array(z.string().min(1)).min(1).optional(),
  }),
])

const dimensionsValue = z.union([z.literal('full'), z.number().int().positive()])
const similarityValue = z.union([z.literal('recipe'), Similarity])
const pattern = z.union([z.string(), z.number()])

export const Exclude = z.strictObject({
  model: pattern.optional(),
  task: pattern.optional(),
  instruction: pattern.optional(),
  dimensions: pattern.optional(),
  precision: pattern.optional(),
  similarity: pattern.optional(),
  rerank: pattern.optional(),
  hybrid: pattern.optional(),
  cut: pattern.optional(),
})
export type Exclude = z.infer<typeof Exclude>

const bound = z
  .union([z.string(), z.number()])
  .refine((value) => parseBound(String(value)) !== null, 'must be a bound such as ">= 0.8"')
export const GateSpec = z
  .object({
    model: z.string().optional(),
    task: z.string().optional(),
    published: z
      .string()
      .regex(/^within \d*\.?\d+$/, 'must read "within 0.015"')
      .optional(),
  })
  .catchall(bound)
export type GateSpec = z.infer<typeof GateSpec>

/** What a spec lays over a reranker's recipe. */
const PairPatch = z.strictObject({
  template: PairRecipe.shape.template.removeDefault().optional(),
  instruction: PairRecipe.shape.instruction.removeDefault().optional(),
  maxTokens: PairRecipe.shape.maxTokens.removeDefault().optional(),
  head: PairRecipe.shape.head.optional(),
  yesToken: PairRecipe.shape.yesToken.removeDefault().optional(),
  noToken: PairRecipe.shape.noToken.removeDefault().optional(),
  padding: z.enum(['left', 'right']).optional(),
  like: z.string().optional().describe('Known reranker whose recipe fills in what the folder does not say'),
})

/** Documents per query that are re-ordered unless the spec says otherwise. */
export const DEFAULT_RERANK_DEPTH = 100

export const RerankEntry = z.strictObject({
  model: names.describe('Reranker: a name or a folder; braces make several'),
  depth: z
    .union([z.number().int().min(1).max(1000), z.array(z.number().int().min(1).max(1000)).min(1)])
    .optional()
    .describe(
      `Best documents of the first stage to re-order, per query; default ${DEFAULT_RERANK_DEPTH}; several are scored once`,
    ),
  tail: RerankTail.optional().describe(
    'append (default) keeps the documents below the depth behind the others, drop leaves them out',
  ),
  engine: EngineSpec.optional(),
  recipe: PairPatch.optional(),
  revision: z.string().optional(),
})
export type RerankEntry = z.infer<typeof RerankEntry>

const cosine = z.number().min(-1).max(1)

/** Two engines of one model that must agree; the definitions are those of `sweepboard consistency`. */
const ConsistencySpec = z.strictObject({
  model: z.string().min(1).describe('A model, with the engine and recipe it has under models'),
  against: EngineSpec.describe('Another engine of the same model'),
  task: z.string().min(1).optional().describe("A task's texts in place of the built-in probe set"),
  min_cosine: cosine.optional().describe('Least cosine any text may have, in place of the bounds of the weight type'),
  min_composite: cosine.optional().describe('Least composite of two rerankers'),
  every: duration.optional().describe('Again after this time, by the service; run compares once'),
})

export const SweepSpec = z.strictObject({
  sweep: z
    .string()
    .regex(/^[\p{L}\p{N}][\p{L}\p{N}._ -]{0,99}$/u, 'must be a short name of letters, digits, space, . _ -')
    .describe('Name of the sweep'),
  tasks: z.array(TaskEntry).min(1),
  models: z.array(ModelEntry).min(1),
  engine: EngineSpec.optional(),
  recipe: RecipeSpec.optional(),
  matrix: z
    .strictObject({
      instruction: oneOrMany(z.string()).optional(),
      dimensions: oneOrMany(dimensionsValue).optional(),
      precision: oneOrMany(Precision).optional(),
      similarity: oneOrMany(similarityValue).optional(),
      rerank: oneOrMany(z.union([z.literal('none'), RerankEntry])).optional(),
      hybrid: oneOrMany(z.union([z.literal('none'), z.strictObject({ bm25: HybridStage.shape.weight })]))
        .optional()
        .describe('Ranked lists fused with those of bm25: its share between 0 and 1, or rrf for reciprocal rank fusion'),
      cut: oneOrMany(z.union([z.literal('none'), Cut]))
        .optional()
        .describe('Where ranked lists end: after the best { top: n } documents, or below { score: x }'),
    })
    .optional(),
  exclude: z.array(Exclude).optional(),
  gates: z.array(GateSpec).optional(),
  budget: z
    .strictObject({
      cell: duration.optional().describe('Time a cell may be worked on, encoding and scoring; beyond it the cell fails alone'),
      sweep: duration.optional().describe('Running time after which the sweep is cancelled; what is done stays'),
    })
    .optional(),
  limit: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('First n judged queries, their relevant documents and the first n others; never exported'),
  weight: z.number().positive().max(1000).optional().describe('Share among sweeps running at once; default 1'),
  overrides: z
    .array(OverrideSpec)
    .min(1)
    .max(64)
    .optional()
    .describe('Another engine or recipe for some models: on some tasks, or on slots with so much memory'),
  consistency: z.array(ConsistencySpec).min(1).optional().describe('Engines compared when the sweep is run, or on a schedule'),
  keep: Keep.optional().describe(
    'Vectors that stay once no cell of the sweep needs them: all (default), queries, or none; scores and ranked lists always stay',
  ),
})
export type SweepSpec = z.infer<typeof SweepSpec>

/** JSON Schema of the sweep language, for `# yaml-language-server: $schema=...`. */
export function sweepSchemaJson(): unknown {
  return { title: 'sweepboard sweep', ...z.toJSONSchema(SweepSpec, { unrepresentable: 'any', io: 'input' }) }
}

/** Every key of the language, for "did you mean". */
export const SPEC_KEYS: readonly string[] = [
  ...Object.keys(SweepSpec.shape),
  ...Object.keys(ConsistencySpec.shape),
  'instruction',
  'dimensions',
  'precision',
  'similarity',
  'rerank',
  'hybrid',
  'cut',
  'top',
  'score',
  'depth',
  'tail',
  'when',
  'memory',
  'model',
  'task',
  'subsets',
  'splits',
  'revision',
  'file',
  'dtype',
  'url',
  'key',
  'concurrency',
  'batch',
  'timeout',
  'rate',
  'requests',
  'tokens',
  'onnx',
  'tokenizer',
  'style',
  'openai',
  'tei',
  'ollama',
  'rerank-api',
  ...LAUNCH_KEYS,
  'random',
  'bm25',
  'method',
  'k1',
  'b',
  'delta',
  'language',
  'cell',
  'published',
  'query',
  'document',
  'pooling',
  'normalize',
  'cleaning',
  'suffix',
  'provider',
  'maxTokens',
  'closingToken',
  'template',
  'padding',
  'like',
  'head',
  'yesToken',
  'noToken',
  'style',
  'tokenizer',
]
