import { Tokenizer } from '@huggingface/tokenizers'
import { type SideRecipe, SweepError } from '@sweepboard/contracts'
import { readJson } from './folder-config.ts'
import { followReference } from './reference-normalizer.ts'

type Json = Readonly<Record<string, unknown>>

/** The part of `Tokenizer` used here; the package's own types do not resolve under nodenext. */
interface WholeTokenizer {
  encode(
    text: string,
    options?: { add_special_tokens?: boolean; text_pair?: string; return_token_type_ids?: boolean },
  ): { readonly ids: number[]; readonly token_type_ids?: number[] }
  get_vocab(withAddedTokens: boolean): Map<string, number>
  token_to_id(token: string): number | undefined
}

/** Token ids of one text, ready to be fed. */
export interface TokenizedText {
  readonly ids: readonly number[]
  /** Segment of each token; absent for single texts, where all are 0. */
  readonly typeIds?: readonly number[]
  readonly isTruncated: boolean
  /** Special tokens among the text's own tokens, the template's included. */
  readonly controlCount: number
}

/** Tokens around a query and a document, with the segment of each. */
export interface PairFrame {
  readonly opening: FramePart
  readonly between: FramePart
  readonly closing: FramePart
  readonly queryType: number
  readonly documentType: number
}
interface FramePart {
  readonly ids: readonly number[]
  readonly types: readonly number[]
}

/**
 * A tokenizer.json, used whole: texts are tokenised without truncation and cut here, so that the tokens the tokenizer
 * closes with ([SEP], </s>, <|endoftext|>) stay. (transformers.js' own truncation loses them.)
 */
export class TextTokenizer {
  /** Largest id the tokenizer can give. */
  readonly maxId: number
  readonly padId: number
  private readonly tokenizer: WholeTokenizer
  private readonly controlIds: ReadonlySet<number>
  private readonly opening: readonly number[]
  private readonly closing: readonly number[]
  private readonly composes: boolean

  constructor(definition: Json, config: Json, padId: number | null) {
    this.tokenizer = followReference(new Tokenizer(definition, config), definition) as unknown as WholeTokenizer
    const added = (definition.added_tokens as { id: number; content: string; special: boolean }[] | undefined) ?? []
    const unknown = unknownToken(definition.model as Json)
    this.controlIds = new Set(added.filter((token) => token.special && token.content !== unknown).map((token) => token.id))
    this.maxId = Math.max(0, ...this.tokenizer.get_vocab(true).values())
    this.composes = beginsWithNfc(definition.normalizer as Json | null | undefined)
    this.padId = padId ?? this.idOf(String(config.pad_token ?? '')) ?? 0
    const { opening, closing } = this.frame()
    this.opening = opening
    this.closing = closing
  }

  idOf(token: string): number | null {
    return this.tokenizer.token_to_id(token) ?? null
  }

  /** Ids of rendered texts under a side's limits. Throws `SB-MODEL-004` when the limit or the closing token makes no sense. */
  reader(side: SideRecipe): (rendered: string) => TokenizedText {
    const suffix = side.suffix === undefined ? [] : this.bare(side.suffix)
    const closing = [...suffix, ...this.closing]
    if (side.closingToken !== null) {
      const id = this.idOf(side.closingToken)
      if (id === null)
        throw new SweepError('SB-MODEL-004', { model: 'this model', missing: `its tokenizer has no token ${side.closingToken}` })
      if (closing.at(-1) !== id) closing.push(id)
    }
    const limit = side.maxTokens ?? Number.POSITIVE_INFINITY
    const room = limit - this.opening.length - closing.length
    if (room < 1)
      throw new SweepError('SB-MODEL-004', { model: 'this model', missing: `maxTokens ${limit} leaves no room for text` })
    return (rendered) => {
      const body = this.bare(rendered)
      const kept = body.length > room ? body.slice(0, room) : body
      return {
        ids: [...this.opening, ...kept, ...closing],
        isTruncated: kept.length < body.length,
        controlCount: this.countControls(kept),
      }
    }
  }

  /** Ids of a text by itself, nothing put around it. */
  bare(text: string): readonly number[] {
    return this.tokenizer.encode(text, { add_special_tokens: false }).ids
  }

  /**
   * A text in the Unicode form its normaliser brings it to first (NFC), so that a server whose tokenizer leaves that step out, as llama.cpp's does, reads the
   * same tokens. As it is where the normaliser does no such thing, or where a mark would melt into a special token before it.
   */
  composed(text: string): string {
    const form = this.composes ? text.normalize('NFC') : text
    if (form === text) return text
    const [ids, formIds] = [this.bare(text), this.bare(form)]
    return ids.length === formIds.length && ids.every((id, i) => id === formIds[i]) ? form : text
  }

  /** Special tokens among `ids`, the unknown token apart. */
  countControls(ids: readonly number[]): number {
    return ids.reduce((count, id) => count + (this.controlIds.has(id) ? 1 : 0), 0)
  }

  /** What the post-processor puts around two texts, and the segment of each token; null when it knows no pairs, as those of causal models. */
  pairFrame(): PairFrame | null {
    const [first, second] = [this.bare('a'), this.bare('b')]
    const whole = this.tokenizer.encode('a', { text_pair: 'b', return_token_type_ids: true })
    const types = whole.token_type_ids ?? whole.ids.map(() => 0)
    const find = (part: readonly number[], from: number) =>
      whole.ids.findIndex((_, i) => i >= from && part.every((id, j) => whole.ids[i + j] === id))
    const start = find(first, 0)
    const end = start + first.length
    const next = find(second, end)
    if (start < 0 || next < 0 || first.length === 0 || second.length === 0) return null
    const part = (from: number, to: number) => ({ ids: whole.ids.slice(from, to), types: types.slice(from, to) })
    return {
      opening: part(0, start),
      between: part(end, next),
      closing: part(next + second.length, whole.ids.length),
      queryType: types[start] ?? 0,
      documentType: types[next] ?? 0,
    }
  }

  /** What the post-processor puts around a text, found by comparing a letter with and without it. */
  private frame(): { opening: number[]; closing: number[] } {
    const whole = this.tokenizer.encode('a').ids
    const bare = this.tokenizer.encode('a', { add_special_tokens: false }).ids
    const start = whole.findIndex((_, i) => bare.every((id, j) => whole[i + j] === id))
    return { opening: whole.slice(0, start), closing: whole.slice(start + bare.length) }
  }
}

/**
 * The tokenizer of a model folder.
 * @throws SweepError `SB-MODEL-003` when tokenizer.json is absent, cannot be read, gives ids beyond `vocab_size`,
 *   or lacks a special token that the folder names
 */
export async function openTextTokenizer(folder: string, model: string): Promise<TextTokenizer> {
  const [definition, tokenizerConfig, config, specialTokens] = await Promise.all(
    ['tokenizer.json', 'tokenizer_config.json', 'config.json', 'special_tokens_map.json'].map((file) => readJson(folder, file)),
  )
  if (!definition) throw new SweepError('SB-MODEL-003', { model, message: 'tokenizer.json is absent' })
  const padId = typeof config?.pad_token_id === 'number' ? config.pad_token_id : null
  let tokenizer: TextTokenizer
  try {
    tokenizer = new TextTokenizer(definition, tokenizerConfig ?? {}, padId)
  } catch (cause) {
    throw new SweepError(
      'SB-MODEL-003',
      { model, message: `tokenizer.json cannot be used: ${(cause as Error).message}` },
      { cause },
    )
  }
  const rows = config?.vocab_size
  if (typeof rows === 'number' && tokenizer.maxId >= rows) {
    throw new SweepError('SB-MODEL-003', { model, message: `it gives ids up to ${tokenizer.maxId}, the model knows ${rows}` })
  }
  const strange = frameTokens(tokenizerConfig, specialTokens).filter((token) => tokenizer.idOf(token) === null)
  if (strange.length > 0) throw new SweepError('SB-MODEL-003', { model, message: `it has no token ${strange.join(', ')}` })
  return tokenizer
}

function beginsWithNfc(normalizer: Json | null | undefined): boolean {
  if (normalizer?.type === 'Sequence') return beginsWithNfc((normalizer.normalizers as Json[])[0])
  return normalizer?.type === 'NFC'
}

/** Tokens the folder says a text is framed or filled up with; another model's tokenizer rarely has all of them. */
function frameTokens(...files: readonly (Json | null | undefined)[]): string[] {
  const named = files.flatMap((file) => ['cls_token', 'sep_token', 'eos_token', 'pad_token'].map((key) => file?.[key]))
  const words = named.map((token) => (token !== null && typeof token === 'object' ? (token as Json).content : token))
  return [...new Set(words.filter((word) => typeof word === 'string'))]
}

function unknownToken(model: Json | undefined): string | null {
  if (typeof model?.unk_token === 'string') return model.unk_token
  const vocabulary = model?.vocab
  if (typeof model?.unk_id === 'number' && Array.isArray(vocabulary)) return String((vocabulary[model.unk_id] as unknown[])[0])
  return null
}
