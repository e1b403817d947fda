import { z } from 'zod'

/** MTEB's names of the task families that are evaluated. */
export const TaskType = z.enum(['Retrieval', 'Reranking', 'InstructionReranking', 'STS', 'PairClassification', 'BitextMining'])
export type TaskType = z.infer<typeof TaskType>

/** Which prompt type the texts of each role are encoded with; null = none, as MTEB does outside retrieval and reranking. */
export interface PromptSides {
  readonly queries: 'query' | 'document' | null
  readonly documents: 'query' | 'document' | null
}

const RANKED: readonly TaskType[] = ['Retrieval', 'Reranking', 'InstructionReranking']

/**
 * Every task has two text sets. Role `queries` holds queries, or the first sentences of pairs, or the first language;
 * role `documents` holds documents, or the second sentences, or the second language. Only the retrieval families encode
 * them as query and document (MTEB 2.20.0, mteb/abstasks); all others use the task's one instruction on both.
 */
export function promptSidesOf(type: TaskType): PromptSides {
  return RANKED.includes(type) ? { queries: 'query', documents: 'document' } : { queries: null, documents: null }
}
