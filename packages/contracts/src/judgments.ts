import { z } from 'zod'

/**
 * The judgments artifact of one task subset and split (UTF-8 JSON): ids of both text sets, in their order, and the grades.
 * `qrels[i]` belongs to `queryIds[i]`: pairs of [document id, grade]; ids missing from the corpus are kept (they count in R).
 */
export const Judgments = z.strictObject({
  version: z.literal(1),
  queryIds: z.array(z.string()),
  /** Row of each query in the query text set: a text set holds each distinct text once, so two ids may share a row. */
  queryRows: z.array(z.number().int().nonnegative()),
  documentIds: z.array(z.string()),
  /** Row of each document in the document text set. */
  documentRows: z.array(z.number().int().nonnegative()),
  qrels: z.array(z.array(z.tuple([z.string(), z.number().int()]))),
  /** After search, drop the document whose id equals the query's. */
  ignoreIdenticalIds: z.boolean(),
  /** Kind of trap per query, where the task has kinds. */
  kinds: z.array(z.string()).nullable(),
})
export type Judgments = z.infer<typeof Judgments>

/** What preparing one task subset and split found, kept with the prepared task. */
export interface PreparationCounts {
  readonly queryCount: number
  readonly documentCount: number
  readonly judgmentCount: number
  /** Queries without a judgment, dropped as the protocol says. */
  readonly unjudgedQueryCount: number
  /** qrels rows naming a query or document that does not exist. */
  readonly unknownQueryCount: number
  readonly unknownDocumentCount: number
  readonly emptyTextCount: number
  readonly queryBytes: number
  readonly documentBytes: number
}
