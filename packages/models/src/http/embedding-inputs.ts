import { setImmediate as yieldToEvents } from 'node:timers/promises'
import { type SideRecipe, SweepError } from '@sweepboard/contracts'
import { stopIfAborted } from '../abort.ts'
import { textRenderer } from '../template.ts'
import type { TextTokenizer, TokenizedText } from '../text-tokenizer.ts'
import type { EmbeddingInput } from './embedding-exchange.ts'
import { fittingText } from './fitting-text.ts'

/** Texts made ready between two looks at the abort signal. */
const TEXTS_PER_SLICE = 64

/** One distinct text as it is sent, and the places it stands at. */
export interface PreparedInput {
  readonly input: EmbeddingInput
  readonly places: readonly number[]
  /** Tokens as counted here; null without a tokenizer. */
  readonly tokenCount: number | null
  readonly isTruncated: boolean
  readonly controlCount: number
}

export interface InputReader {
  /** null: no tokenizer at hand, texts go as they are. */
  readonly tokenizer: TextTokenizer | null
  readonly sends: 'text' | 'tokens'
}

/**
 * The texts of a chunk as inputs, each distinct one once, in order of first appearance: rendered by the side's template,
 * cut to its limit here (as token ids, or as the longest beginning that fits), never by the server.
 * @throws SweepError `SB-MODEL-006` for a text without any token, `SB-MODEL-004` for a recipe that needs more than is at
 *   hand, `SB-CORE-004` when aborted
 */
export async function prepareInputs(
  reader: InputReader,
  side: SideRecipe,
  given: { texts: readonly string[]; signal: AbortSignal | undefined },
): Promise<PreparedInput[]> {
  const prepare = preparer(reader, side)
  const inputs: PreparedInput[] = []
  for (const [text, places] of distinct(given.texts.map(textRenderer(side)))) {
    if (inputs.length % TEXTS_PER_SLICE === 0) {
      await yieldToEvents()
      stopIfAborted(given.signal, 'encoding')
    }
    const one = prepare(text)
    if (one.tokenCount === 0)
      throw new SweepError('SB-MODEL-006', { text: places[0], message: 'its tokenizer gives it no token' })
    inputs.push({ ...one, places })
  }
  return inputs
}

/** Control tokens the template itself brings; they are the recipe's, not a text's. */
export function templateControls(tokenizer: TextTokenizer | null, side: SideRecipe): number {
  return tokenizer === null ? 0 : tokenizer.reader({ ...side, maxTokens: null })(textRenderer(side)('')).controlCount
}

function preparer({ tokenizer, sends }: InputReader, side: SideRecipe): (text: string) => Omit<PreparedInput, 'places'> {
  const suffix = side.suffix ?? ''
  if (tokenizer === null) {
    refuseLocalParts(side)
    return (text) => ({ input: text + suffix, tokenCount: null, isTruncated: false, controlCount: 0 })
  }
  const read = tokenizer.reader(side)
  const facts = ({ ids, isTruncated, controlCount }: TokenizedText) => ({ tokenCount: ids.length, isTruncated, controlCount })
  if (sends === 'tokens') {
    return (text) => {
      const tokenized = read(text)
      return { input: tokenized.ids, ...facts(tokenized) }
    }
  }
  if (side.closingToken !== null && !closesByItself(tokenizer, side)) {
    const missing = `closingToken ${side.closingToken}: this server takes no token ids, and its tokenizer does not add it`
    throw new SweepError('SB-MODEL-004', { model: 'this model', missing })
  }
  return (given) => {
    const text = tokenizer.composed(given)
    const tokenized = read(text)
    if (!tokenized.isTruncated) return { input: text + suffix, ...facts(tokenized) }
    const fitting = fittingText(text, read)
    return { input: fitting + suffix, ...facts(read(fitting)), isTruncated: true }
  }
}

/** What only a tokenizer at hand could keep: refused rather than left to the server in silence. */
export function refuseLocalParts(side: { readonly maxTokens?: unknown; readonly closingToken?: unknown }): void {
  if (side.maxTokens == null && side.closingToken == null) return
  const missing = 'maxTokens and closingToken of a remote model need its tokenizer: name the folder with `tokenizer`'
  throw new SweepError('SB-MODEL-004', { model: 'this model', missing })
}

function closesByItself(tokenizer: TextTokenizer, side: SideRecipe): boolean {
  const { closingToken: _, ...open } = side
  const bare = tokenizer.reader({ ...open, closingToken: null, maxTokens: null })('a').ids
  const closed = tokenizer.reader({ ...side, maxTokens: null })('a').ids
  return bare.length === closed.length
}

/** Each distinct text with the places it stands at, in order of first appearance. */
function distinct(texts: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>()
  texts.forEach((text, i) => {
    const known = places.get(text)
    if (known) known.push(i)
    else places.set(text, [i])
  })
  return places
}
