import type { JudgedQuery, RankedData } from './ranked-data.ts'

/** One pair of texts with its score or label. */
export interface TextPair {
  readonly first: string
  readonly second: string
  readonly value: number
}

/** One subset and split of a task as read, by task type; `limitTask` cuts it, `prepareTask` stores it. */
export type TypedData =
  | { readonly type: 'Retrieval' | 'Reranking' | 'InstructionReranking'; readonly ranked: RankedData }
  | { readonly type: 'Reranking'; readonly samples: readonly RerankingSample[] }
  | { readonly type: 'STS'; readonly pairs: readonly TextPair[]; readonly minScore: number; readonly maxScore: number }
  | { readonly type: 'PairClassification'; readonly pairs: readonly TextPair[] }
  | { readonly type: 'BitextMining'; readonly bitext: BitextData }

/** A row of MTEB 1's reranking data; both sides are filled. */
export interface RerankingSample {
  readonly queries: readonly string[]
  readonly positive: readonly string[]
  readonly negative: readonly string[]
}

export interface BitextData {
  readonly first: readonly string[]
  readonly second: readonly string[]
  /** [first] place in `second` of each sentence's translation. */
  readonly gold: readonly number[]
}

export type { JudgedQuery, RankedData }
