import { setImmediate as yieldToEvents } from 'node:timers/promises'
import { type PairRecipe, SweepError } from '@sweepboard/contracts'
import { stopIfAborted } from '../abort.ts'
import type { TextPair } from '../pair-engine.ts'
import { pairReader } from '../pair-reader.ts'
import type { TextTokenizer } from '../text-tokenizer.ts'
import { fittingText } from './fitting-text.ts'

const PAIRS_PER_SLICE = 64

/** One distinct pair as it is sent, and the places it stands at. */
export interface PreparedPair {
  readonly query: string
  readonly document: string
  readonly places: readonly number[]
  readonly isTruncated: boolean
  readonly controlCount: number
}

/** Pairs that can go into one request: of one query under one instruction. */
export interface QueryPairs {
  readonly instruction: string | null
  readonly pairs: readonly PreparedPair[]
}

/**
 * Pairs grouped by query and instruction, each distinct one once, in order of first appearance; documents (and queries, where
 * even an empty document leaves no room) cut to the recipe's limit here.
 * @param by `isFramed`: the server was started with the recipe's template
 * @throws SweepError `SB-MODEL-004` for a limit without a tokenizer or a template of ours, `SB-CORE-004` when aborted
 */
export async function preparePairs(
  by: { readonly recipe: PairRecipe; readonly tokenizer: TextTokenizer | null; readonly isFramed?: boolean },
  given: { pairs: readonly TextPair[]; signal: AbortSignal | undefined },
): Promise<QueryPairs[]> {
  if (!by.isFramed) refuseLocalPairParts(by.recipe, by.tokenizer)
  const cut = cutter(by.recipe, by.tokenizer)
  const groups = new Map<string, { instruction: string | null; pairs: Map<string, PreparedPair & { places: number[] }> }>()
  for (const [i, pair] of given.pairs.entries()) {
    if (i % PAIRS_PER_SLICE === 0) {
      await yieldToEvents()
      stopIfAborted(given.signal, 'scoring')
    }
    const instruction = pair.instruction ?? by.recipe.instruction
    const sent = cut(pair)
    const key = JSON.stringify([sent.query, instruction])
    const group = groups.get(key) ?? { instruction, pairs: new Map() }
    groups.set(key, group)
    const known = group.pairs.get(sent.document)
    if (known) known.places.push(i)
    else group.pairs.set(sent.document, { ...sent, places: [i] })
  }
  return [...groups.values()].map(({ instruction, pairs }) => ({ instruction, pairs: [...pairs.values()] }))
}

/** What a rerank server cannot be told: refused rather than left to it in silence. */
export function refuseLocalPairParts(recipe: PairRecipe, tokenizer: TextTokenizer | null): void {
  const missing: string[] = []
  if (recipe.template !== null) missing.push('no template: a server puts query and document together by its own')
  if (recipe.head !== 'server') missing.push(`head server, not ${recipe.head}: the score is what the server answers`)
  if (recipe.maxTokens !== null && tokenizer === null)
    missing.push('the tokenizer that maxTokens needs: name its folder with `tokenizer`')
  if (missing.length > 0) throw new SweepError('SB-MODEL-004', { model: 'this reranker', missing: missing.join('; ') })
}

function cutter(recipe: PairRecipe, tokenizer: TextTokenizer | null): (pair: TextPair) => Omit<PreparedPair, 'places'> {
  if (tokenizer === null) return ({ query, document }) => ({ query, document, isTruncated: false, controlCount: 0 })
  const read = pairReader(tokenizer, recipe)
  return (given) => {
    const { instruction } = given
    const [query, document] = [tokenizer.composed(given.query), tokenizer.composed(given.document)]
    const { isTruncated, controlCount } = read({ query, document, instruction })
    if (!isTruncated) return { query, document, isTruncated, controlCount }
    const readsQuery = (text: string) => read({ query: text, document: '', instruction })
    const shortQuery = fittingText(query, readsQuery)
    const shortDocument = fittingText(document, (text) => read({ query: shortQuery, document: text, instruction }))
    return { query: shortQuery, document: shortDocument, isTruncated, controlCount }
  }
}
