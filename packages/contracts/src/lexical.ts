import { z } from 'zod'
import type { Load } from './recipe.ts'

/** Variant of BM25, by the names of bm25s. */
export const LexicalMethod = z.enum(['lucene', 'robertson', 'atire', 'bm25l', 'bm25+'])
export type LexicalMethod = z.infer<typeof LexicalMethod>

/** What scores token lists of queries against those of documents. */
export const LexicalScoring = z.strictObject({
  method: LexicalMethod,
  /** Saturation of the term frequency. */
  k1: z.number().nonnegative(),
  /** Share of the document length that counts, 0 to 1. */
  b: z.number().min(0).max(1),
  /** Lower bound of `bm25l` and `bm25+`; the others do not read it. */
  delta: z.number().nonnegative(),
  /** Tokens found in at least this share of the documents are dropped from them; null = none, a list of stop words did it. */
  frequentShare: z.number().gt(0).max(1).nullable(),
})
export type LexicalScoring = z.infer<typeof LexicalScoring>

/** Share of the documents from which on a token counts as a stop word, where a language has no list. */
export const FREQUENT_SHARE = 0.9

/** Whether a load makes token lists, which are scored as text, in place of vectors. */
export function isLexical(load: Pick<Load, 'identity'>): boolean {
  return load.identity.engine === 'bm25'
}

/** The scoring parameters of a lexical load; `stopWords`: the list its documents were freed of, null = none. */
export function lexicalScoringOf({ identity }: Pick<Load, 'identity'>, stopWords: string | null): LexicalScoring {
  const { method, k1, b, delta } = identity.options
  return LexicalScoring.parse({ method, k1, b, delta, frequentShare: stopWords === null ? FREQUENT_SHARE : null })
}
