import { type PairRecipe, type PairTemplate, SweepError } from '@sweepboard/contracts'
import type { TextPair } from './pair-engine.ts'
import type { PairFrame, TextTokenizer, TokenizedText } from './text-tokenizer.ts'

const NO_FRAME: PairFrame = (() => {
  const nothing = { ids: [], types: [] }
  return { opening: nothing, between: nothing, closing: nothing, queryType: 0, documentType: 0 }
})()

/**
 * Tokens of a pair under a reranker's recipe; for a server with a template of its own (`head: server`) and a tokenizer that frames no pairs, those of
 * the two texts alone. Throws `SB-MODEL-003` where nobody says how two texts become a pair, `SB-MODEL-004` when the recipe's parts do not fit together.
 */
export function pairReader(tokenizer: TextTokenizer, recipe: PairRecipe): (pair: TextPair) => TokenizedText {
  return recipe.template === null ? framedReader(tokenizer, recipe) : templateReader(tokenizer, recipe, recipe.template)
}

/** The tokenizer's own pair form; both texts empty still give all special tokens, as a batch of pairs does in Python. */
function framedReader(tokenizer: TextTokenizer, recipe: PairRecipe): (pair: TextPair) => TokenizedText {
  const frame = tokenizer.pairFrame() ?? (recipe.head === 'server' ? NO_FRAME : null)
  if (frame === null) throw new SweepError('SB-MODEL-003', { model: 'this model', message: 'it puts two texts into no pair' })
  const { opening, between, closing, queryType, documentType } = frame
  const limit = recipe.maxTokens ?? Number.POSITIVE_INFINITY
  const room = limit - opening.ids.length - between.ids.length - closing.ids.length
  if (room < 2) throw noRoom(limit)
  return (pair) => {
    const query = tokenizer.bare(pair.query)
    const document = tokenizer.bare(pair.document)
    const [queryKept, documentKept] = longestFirst(query.length, document.length, room)
    const first = query.slice(0, queryKept)
    const second = document.slice(0, documentKept)
    return {
      ids: [...opening.ids, ...first, ...between.ids, ...second, ...closing.ids],
      typeIds: [
        ...opening.types,
        ...first.map(() => queryType),
        ...between.types,
        ...second.map(() => documentType),
        ...closing.types,
      ],
      isTruncated: queryKept < query.length || documentKept < document.length,
      controlCount: tokenizer.countControls(first) + tokenizer.countControls(second),
    }
  }
}

/**
 * How many tokens two texts keep when together they may have `room`: the longer one gives first, then both down to half,
 * the odd token going to the longer (the query where they are alike in length; `tokenizers`, truncation.rs).
 */
export function longestFirst(query: number, document: number, room: number): readonly [number, number] {
  if (query + document <= room) return [query, document]
  const shorter = Math.min(query, document)
  const longer = Math.max(shorter, room - shorter)
  const [low, high] = shorter + longer > room ? [room >> 1, (room >> 1) + (room % 2)] : [shorter, longer]
  return query > document ? [high, low] : [low, high]
}

/** Prefix, middle and suffix, each tokenised by itself; only the middle is cut, at its end. */
function templateReader(tokenizer: TextTokenizer, recipe: PairRecipe, template: PairTemplate): (pair: TextPair) => TokenizedText {
  const prefix = tokenizer.bare(template.prefix)
  const suffix = tokenizer.bare(template.suffix)
  const render = pairRenderer(template, recipe.instruction)
  const limit = recipe.maxTokens ?? Number.POSITIVE_INFINITY
  const room = limit - prefix.length - suffix.length
  if (room < 1) throw noRoom(limit)
  return (pair) => {
    const middle = tokenizer.bare(render(pair))
    const kept = middle.length > room ? middle.slice(0, room) : middle
    return {
      ids: [...prefix, ...kept, ...suffix],
      isTruncated: kept.length < middle.length,
      controlCount: tokenizer.countControls(kept),
    }
  }
}

const PLACE = /\{(instruction|query|document)\}/g

/** A template's middle with all places filled in one pass, so that `{document}` standing literally in a query stays. */
export function pairRenderer(template: PairTemplate, standing: string | null): (pair: TextPair) => string {
  const count = (place: string) => template.middle.split(place).length - 1
  if (count('{query}') !== 1 || count('{document}') !== 1 || count('{instruction}') > 1) {
    const missing = `the template ${JSON.stringify(template.middle)} must hold {query} and {document} exactly once`
    throw new SweepError('SB-MODEL-004', { model: 'this model', missing })
  }
  return ({ query, document, instruction }) => {
    const parts: Readonly<Record<string, string>> = { query, document, instruction: instruction ?? standing ?? '' }
    return template.middle.replace(PLACE, (_, place: string) => parts[place] as string)
  }
}

function noRoom(limit: number): SweepError {
  return new SweepError('SB-MODEL-004', { model: 'this model', missing: `maxTokens ${limit} leaves no room for a pair` })
}
