import { type PairRecipe, SweepError } from '@sweepboard/contracts'
import { PROBE_PAIRS } from '../pair-probe.ts'
import { pairReader } from '../pair-reader.ts'
import { PROBE_MARK } from '../probe.ts'
import type { TextTokenizer } from '../text-tokenizer.ts'
import { type EmbeddingLink, PLAIN_SIDE } from './embedding-link.ts'
import { shownUrl } from './endpoint.ts'
import { RejectedInput } from './patient-client.ts'
import type { RerankLink } from './rerank-link.ts'

/** A distance of unit vectors below this is none: the server did not read what differs. */
const LEAST_DISTANCE = 1e-6
/** How much farther than the server's own noise two vectors must lie. */
const NOISE_FACTOR = 4
/** Words that most vocabularies hold as one token each. */
const FILLER = 'the night train to the coast was late again and nobody knew when it would arrive '
const LAST_WORDS = ['north', 'seven', 'house'] as const

/**
 * Finds out whether a server reads inputs of `maxTokens` to their end, where it does not say so itself: two inputs that
 * differ in their last own token alone must give two vectors. The first goes twice, which shows the server's noise.
 * @throws SweepError `SB-HTTP-008` when the server refuses such inputs, or cuts them in silence
 */
export async function checkReadsWhole(
  link: EmbeddingLink,
  by: { tokenizer: TextTokenizer; maxTokens: number; sends: 'text' | 'tokens'; signal: AbortSignal | undefined },
): Promise<void> {
  const texts = twins(by.tokenizer, by.maxTokens)
  if (texts === null) return
  const [one, other] = texts
  const read = by.tokenizer.reader(PLAIN_SIDE)
  const input = (text: string) => (by.sends === 'tokens' ? read(text).ids : text)
  const refuse = (found: string) => {
    const url = shownUrl(link.client.endpoint.url)
    return new SweepError('SB-HTTP-008', { url, found, wanted: by.maxTokens })
  }
  const { rows } = await link.embed([input(one), input(one), input(other)], by.signal).catch((thrown) => {
    throw thrown instanceof RejectedInput ? refuse(`fewer (${thrown.message})`) : thrown
  })
  const [first, again, second] = rows as [Float32Array, Float32Array, Float32Array]
  if (distance(first, second) <= Math.max(LEAST_DISTANCE, NOISE_FACTOR * distance(first, again)))
    throw refuse('fewer, cutting the rest in silence')
}

/** How near two scores of one and the same pair lie, as a share of the score. */
const SAME_PAIR = 1e-6

/**
 * The same of a rerank server that does not say what it reads: documents that fill a pair up to `maxTokens` and differ in their last
 * words alone, one of them the answer, must not all have one score. The first goes twice, which shows the server's noise.
 * @throws SweepError `SB-HTTP-008` when the server refuses such pairs, or cuts them in silence
 */
export async function checkReadsWholePair(
  link: RerankLink,
  by: { tokenizer: TextTokenizer; recipe: PairRecipe & { readonly maxTokens: number }; signal: AbortSignal | undefined },
): Promise<void> {
  const { maxTokens } = by.recipe
  const documents = longPairs(by.tokenizer, by.recipe)
  if (documents === null) return
  const refuse = (found: string) =>
    new SweepError('SB-HTTP-008', { url: shownUrl(link.client.endpoint.url), found, wanted: maxTokens })
  const pairs = [documents[0] as string, ...documents].map((document) => ({ query: QUESTION.query, document }))
  const { rows } = await link.score(pairs, { instruction: null, maxTokens, signal: by.signal }).catch((thrown) => {
    throw thrown instanceof RejectedInput ? refuse(`fewer (${thrown.message})`) : thrown
  })
  const [first, again, ...others] = rows as [number, number, ...number[]]
  const noise = Math.max(SAME_PAIR * Math.abs(first), NOISE_FACTOR * Math.abs(again - first))
  if (others.every((score) => Math.abs(score - first) <= noise)) throw refuse('fewer, cutting the rest in silence')
}

const QUESTION = PROBE_PAIRS[0] as (typeof PROBE_PAIRS)[number]

/** Documents that end in the answer and in two other things, each with as many words before as fit; null where none do. */
function longPairs(tokenizer: TextTokenizer, recipe: PairRecipe): string[] | null {
  const read = pairReader(tokenizer, recipe)
  const ends = PROBE_PAIRS.slice(0, 3).map(({ document }) => document.slice(PROBE_MARK.length))
  const words = FILLER.repeat(Math.ceil((recipe.maxTokens ?? 0) / 8)).split(' ')
  const text = (count: number, end: string) => [...words.slice(0, count), end].join(' ')
  const fits = (count: number) =>
    ends.every((end) => !read({ query: QUESTION.query, document: text(count, end), instruction: null }).isTruncated)
  if (!fits(0)) return null
  let low = 0
  let high = words.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (fits(middle)) low = middle
    else high = middle
  }
  return ends.map((end) => text(low, end))
}

/** Two texts of exactly `maxTokens` tokens that differ in their last own token; null when this vocabulary gives none. */
function twins(tokenizer: TextTokenizer, maxTokens: number): [string, string] | null {
  const count = (text: string) => tokenizer.reader(PLAIN_SIDE)(text).ids.length
  const words = FILLER.repeat(Math.ceil(maxTokens / 8)).split(' ')
  let low = 0
  let high = words.length
  const text = (n: number, last: string) => [...words.slice(0, n), last].join(' ')
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (count(text(middle, LAST_WORDS[0])) <= maxTokens) low = middle
    else high = middle
  }
  const made = LAST_WORDS.map((word) => text(low, word)).filter((one) => count(one) === maxTokens)
  return made.length < 2 ? null : [made[0] as string, made[1] as string]
}

/** Euclidean distance of two vectors after each is brought to unit length. */
function distance(a: Float32Array, b: Float32Array): number {
  const [lengthA, lengthB] = [Math.hypot(...a), Math.hypot(...b)]
  return Math.sqrt(a.reduce((sum, x, j) => sum + (x / lengthA - (b[j] as number) / lengthB) ** 2, 0))
}
