import { Config, Keep, Load, PairRecipe, type Plan, type PreparedTask, Recipe, SideRecipe, TaskType } from '@sweepboard/contracts'
import { z } from 'zod'
import { wrongKeys } from './plan-keys.ts'

/** The form of a submitted plan, checked before anything is written: a submit comes from outside. */

const digest = z.string().regex(/^[0-9a-f]{64}$/)
const text = z.string().max(100_000)
/** Left out for Retrieval, so that a reference to it keeps its key. */
const otherType = TaskType.exclude(['Retrieval']).optional()
const promptSide = z.enum(['query', 'document']).nullable()
const TaskRefSchema = z.strictObject({
  task: text,
  subset: text,
  split: text,
  source: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('folder'), path: text }),
    z.strictObject({ kind: z.literal('shipped'), name: text }),
    z.strictObject({ kind: z.literal('hub'), repo: text, revision: text }),
  ]),
  type: otherType,
  mainScore: text,
  languages: z.array(text),
  ignoreIdenticalIds: z.boolean(),
  limit: z.number().int().positive().nullable(),
  catalog: z.strictObject({ revision: text, queryCount: z.number().nullable(), documentCount: z.number().nullable() }).nullable(),
})
const GateSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('published'), within: z.number(), model: text, task: text }),
  z.strictObject({
    kind: z.literal('metric'),
    metric: text,
    op: z.enum(['>=', '>', '<=', '<']),
    value: z.number(),
    model: text,
    task: text,
  }),
])
export const PlanSchema = z.strictObject({
  sweep: text,
  groups: z
    .array(
      z
        .strictObject({
          key: digest,
          task: TaskRefSchema,
          model: z.strictObject({ load: Load, recipe: Recipe, recipeKey: digest, variant: text }),
          sides: z.strictObject({ query: SideRecipe, document: SideRecipe }),
          configs: z.array(Config).min(1),
          rank: z.number().int().nonnegative(),
          rerank: z
            .strictObject({
              parent: z.strictObject({ group: digest, config: Config }).nullable(),
              load: Load,
              recipe: PairRecipe,
              depth: z.number().int().positive(),
            })
            .optional(),
          derive: z
            .strictObject({
              sources: z
                .array(z.strictObject({ group: digest, config: Config }))
                .min(1)
                .max(2),
            })
            .optional(),
        })
        .superRefine((group, context) => {
          for (const path of wrongKeys(group))
            context.addIssue({ code: 'custom', path, message: 'is not the key of what it names' })
        }),
    )
    .min(1)
    .refine((groups) => {
      const before = new Set<string>()
      return groups.every(({ key, rerank, derive }) => {
        const needed = [...(rerank?.parent ? [rerank.parent] : []), ...(derive?.sources ?? [])]
        const stands = needed.every(({ group }) => before.has(group))
        before.add(key)
        return stands
      })
    }, 'a child group stands before its parent'),
  gates: z.array(GateSchema),
  warnings: z.array(text),
  isLimited: z.boolean(),
  budget: z.strictObject({ cellMs: z.number().nullable(), sweepMs: z.number().nullable() }),
}) satisfies z.ZodType<Plan>

const TextSetRefSchema = z.strictObject({
  digest,
  count: z.number().int().nonnegative(),
  bytes: z.number().int().nonnegative(),
  bounds: z.array(z.tuple([z.number().int().nonnegative(), z.number().int().positive()])),
  chunkBytes: z.array(z.number().int().nonnegative()),
})
const count = z.number().int().nonnegative()
export const PreparedTaskSchema = z.strictObject({
  key: digest,
  type: otherType,
  promptSides: z.strictObject({ queries: promptSide, documents: promptSide }).optional(),
  queries: TextSetRefSchema,
  documents: TextSetRefSchema,
  judgments: digest,
  counts: z.strictObject({
    queryCount: count,
    documentCount: count,
    judgmentCount: count,
    unjudgedQueryCount: count,
    unknownQueryCount: count,
    unknownDocumentCount: count,
    emptyTextCount: count,
    queryBytes: count,
    documentBytes: count,
  }),
  datasetRevision: text,
}) satisfies z.ZodType<PreparedTask>

export const Submission = z.strictObject({
  /** Chosen by the submitter, so that a repeated submit is the same sweep. */
  sweep: z.string().regex(/^s[0-9a-f]{12,32}$/),
  name: text,
  spec: text,
  plan: PlanSchema,
  prepared: z.array(PreparedTaskSchema),
  weight: z.number().positive().max(1000).default(1),
  keep: Keep.default('all'),
})

/** A sweep with the tasks its submitter prepared. */
export interface SubmittedSweep {
  readonly sweep: string
  readonly name: string
  readonly spec: string
  readonly plan: Plan
  readonly prepared: readonly PreparedTask[]
  readonly weight: number
  readonly keep?: Keep
}
