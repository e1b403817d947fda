import { z } from 'zod'
import { Cleaning, PairRecipe, PairTemplate, Pooling, Similarity } from './recipe.ts'

/** MTEB's task families: keys a prompt dictionary may have beside task names and sides. */
export const TASK_FAMILIES = [
  'Retrieval',
  'Reranking',
  'InstructionRetrieval',
  'InstructionReranking',
  'STS',
  'PairClassification',
  'BitextMining',
  'Classification',
  'MultilabelClassification',
  'Clustering',
  'Summarization',
] as const

/**
 * Whether MTEB looks a key up: `query`, `document`, a task family, a task's name, or one of the last two with `-query` or
 * `-document`. Task names begin with a capital or a digit, so that `passage` or `s2s`, which MTEB drops without a word, are
 * told apart (mteb-protocol 2.2 a).
 */
export function isPromptKey(key: string): boolean {
  return key === 'query' || key === 'document' || /^[A-Z0-9][\p{L}\p{N}_.() -]*$/u.test(key.replace(/-(query|document)$/, ''))
}

const promptKeyed = <T extends z.ZodType>(value: T) =>
  z.record(z.string(), value).superRefine((given, context) => {
    for (const key of Object.keys(given))
      if (!isPromptKey(key))
        context.addIssue({ code: 'custom', path: [key], message: 'is no side (query, document), task family or task name' })
  })

const Common = {
  /** Hub id. */
  model: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  /** Commit the facts are of; null where no source pins one. */
  revision: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .nullable(),
  /** Where the facts were read. */
  source: z.string().min(1),
  parameters: z.number().int().positive(),
  /** ISO 639-3. */
  languages: z.array(z.string().regex(/^[a-z]{3}$/)).min(1),
  /** Tokens a text or pair may have, special tokens and prompt included. */
  maxTokens: z.number().int().positive(),
  /** How the reference pads; with attention masks and position ids either side gives the same. */
  padding: z.enum(['left', 'right']),
  notes: z.array(z.string()).optional(),
}

/** What is known of an embedding model by its hub id. */
export const EmbeddingCard = z.strictObject({
  kind: z.literal('embedding'),
  ...Common,
  dimensions: z.number().int().positive(),
  /** Shorter lengths the model was trained for, ascending; empty where it was not. */
  matryoshka: z.array(z.number().int().positive()),
  similarity: Similarity,
  pooling: Pooling,
  normalize: z.boolean(),
  closingToken: z.string().nullable(),
  /** Templates of models that are instructed; null for models with a prompt dictionary, or none. */
  templates: z.strictObject({ query: z.string(), document: z.string() }).nullable(),
  /** Prompts by task name, family or side, prepended verbatim or, for instructed models, used as instruction. */
  prompts: promptKeyed(z.string()),
  /** Adapter numbers by the same keys, for models with a `task_id` input. */
  adapters: promptKeyed(z.number().int().nonnegative()).optional(),
  cleaning: z.array(Cleaning).min(1).optional(),
})
export type EmbeddingCard = z.infer<typeof EmbeddingCard>

/** What is known of a reranker by its hub id. */
export const RerankerCard = z.strictObject({
  kind: z.literal('reranker'),
  ...Common,
  head: PairRecipe.shape.head,
  template: PairTemplate.nullable(),
  instruction: z.string().nullable(),
  yesToken: z.string().nullable(),
  noToken: z.string().nullable(),
})
export type RerankerCard = z.infer<typeof RerankerCard>

/** One entry of the recipe book. Unknown members are mistakes. */
export const RecipeCard = z.discriminatedUnion('kind', [EmbeddingCard, RerankerCard])
export type RecipeCard = z.infer<typeof RecipeCard>
