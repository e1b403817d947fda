import { SweepError } from '@sweepboard/contracts'
import type { TextTokenizer } from '../text-tokenizer.ts'
import { type EmbeddingLink, PLAIN_SIDE } from './embedding-link.ts'
import { shownUrl } from './endpoint.ts'
import { RejectedInput } from './patient-client.ts'

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
