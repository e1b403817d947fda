import { z } from 'zod'
import { Judgments } from './judgments.ts'
import type { TaskType } from './task-type.ts'

/** Row of a text in its role's text set. */
const row = z.number().int().nonnegative()

/**
 * Candidates to rerank: `topRanked[i]` are the places in `documentIds` of the candidates of `queryIds[i]`, in the data's
 * order; empty = the query has none, and its list stays empty. A candidate outside the corpus is left out.
 */
const topRanked = z.array(z.array(row))

/** Reranking over given candidates (MTEB 2: `top_ranked`, or rows of positives and negatives turned into it). */
export const RerankingJudgments = Judgments.extend({ type: z.literal('reranking'), topRanked })

/**
 * Reranking as MTEB 1 scores it (`map`, `mrr`): one entry a row of the data, candidates in their order, positives first. A
 * row of several queries scores each candidate by its best query. Rows with an empty side are left out.
 */
export const LegacyRerankingJudgments = z.strictObject({
  version: z.literal(1),
  type: z.literal('reranking-v1'),
  samples: z.array(z.strictObject({ queryRows: z.array(row).min(1), positiveRows: z.array(row), negativeRows: z.array(row) })),
})

/** FollowIR: query ids end in `-og` and `-changed`; `changed` = [base id, ids of documents whose judgment changed]. */
export const InstructionRerankingJudgments = Judgments.extend({
  type: z.literal('instruction-reranking'),
  topRanked,
  changed: z.array(z.tuple([z.string(), z.array(z.string())])),
})

/** Scored pairs: [row in `queries`, row in `documents`, score as the data has it]; gold = (score - minScore) / (maxScore - minScore). */
export const StsJudgments = z.strictObject({
  version: z.literal(1),
  type: z.literal('sts'),
  pairs: z.array(z.tuple([row, row, z.number()])),
  minScore: z.number(),
  maxScore: z.number(),
})

/** Labelled pairs: [row in `queries`, row in `documents`, 1 = positive]. */
export const PairJudgments = z.strictObject({
  version: z.literal(1),
  type: z.literal('pairs'),
  pairs: z.array(z.tuple([row, row, z.union([z.literal(0), z.literal(1)])])),
})

/**
 * Sentences of two languages: item -> row of its text, and for each first sentence the place in `secondRows` of its
 * translation. Sentences equal as texts stay items of their own: a label is an item's place.
 */
export const BitextJudgments = z.strictObject({
  version: z.literal(1),
  type: z.literal('bitext'),
  firstRows: z.array(row),
  secondRows: z.array(row),
  gold: z.array(row),
})

/** The judgments artifact of any task type; that of Retrieval has no `type` key. */
export const TaskJudgments = z.union([
  Judgments,
  z.discriminatedUnion('type', [
    RerankingJudgments,
    LegacyRerankingJudgments,
    InstructionRerankingJudgments,
    StsJudgments,
    PairJudgments,
    BitextJudgments,
  ]),
])
export type TaskJudgments = z.infer<typeof TaskJudgments>
export type RerankingJudgments = z.infer<typeof RerankingJudgments>
export type LegacyRerankingJudgments = z.infer<typeof LegacyRerankingJudgments>
export type InstructionRerankingJudgments = z.infer<typeof InstructionRerankingJudgments>
export type StsJudgments = z.infer<typeof StsJudgments>
export type PairJudgments = z.infer<typeof PairJudgments>
export type BitextJudgments = z.infer<typeof BitextJudgments>

/** The task type a judgments artifact belongs to. */
export function judgedType(judgments: TaskJudgments): TaskType {
  if (!('type' in judgments)) return 'Retrieval'
  const types = {
    reranking: 'Reranking',
    'reranking-v1': 'Reranking',
    'instruction-reranking': 'InstructionReranking',
    sts: 'STS',
    pairs: 'PairClassification',
    bitext: 'BitextMining',
  } as const
  return types[judgments.type]
}
