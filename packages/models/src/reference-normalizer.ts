import { PrecompiledMap } from './precompiled-map.ts'

type Json = Readonly<Record<string, unknown>>
/** A normaliser of @huggingface/tokenizers, as far as it is touched here. */
interface Normalizer {
  readonly config: Json
  readonly normalizers?: Normalizer[]
  normalize(text: string): string
}

interface PreTokenizer {
  readonly tokenizers?: PreTokenizer[]
  pre_tokenize_text(text: string): string[]
}

/** Ideographs beyond U+FFFF that BERT's normaliser sets apart; the library's own ranges end there. */
const ASTRAL_IDEOGRAPH = /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu

/**
 * Lets a tokenizer of @huggingface/tokenizers 0.2 normalise as the reference (tokenizers 0.23) does, where the two are known
 * to differ: BERT's lower-casing is by character (a final sigma stays σ) and sets ideographs beyond U+FFFF apart; a
 * precompiled map is applied as it stands, not approximated by NFKC; white space is Unicode's, not JavaScript's (U+0085 is,
 * U+FEFF is not). Changes and returns `tokenizer`.
 * @param definition the tokenizer.json it was made of
 */
export function followReference<T>(tokenizer: T, definition: Json): T {
  const parts = tokenizer as { normalizer?: Normalizer | null; pre_tokenizer?: PreTokenizer | null }
  const own = parts.normalizer
  if (own) for (const normalizer of [own, ...(own.normalizers ?? [])]) correct(normalizer)
  const split = definition.pre_tokenizer as { type?: string; pretokenizers?: { type?: string }[] } | null | undefined
  const pieces = split?.pretokenizers === undefined ? [parts.pre_tokenizer] : (parts.pre_tokenizer?.tokenizers ?? [])
  for (const [i, { type }] of (split?.pretokenizers ?? [split ?? {}]).entries()) {
    const piece = pieces[i]
    if (type === 'WhitespaceSplit' && piece) piece.pre_tokenize_text = (text) => text.match(/[^\p{White_Space}]+/gu) ?? []
  }
  return tokenizer
}

function correct(normalizer: Normalizer): void {
  const { config } = normalizer
  const normalize = normalizer.normalize.bind(normalizer)
  if (config.type === 'BertNormalizer') {
    const isLower = config.lowercase === true
    const isSplit = config.handle_chinese_chars !== false
    normalizer.normalize = (text) => {
      const apart = isSplit ? text.replace(ASTRAL_IDEOGRAPH, ' $& ') : text
      return normalize(isLower ? apart.replaceAll('Σ', 'σ') : apart)
    }
  }
  if (config.type === 'Lowercase') normalizer.normalize = (text) => normalize(text.replaceAll('Σ', 'σ'))
  if (config.type === 'Precompiled' && typeof config.precompiled_charsmap === 'string' && config.precompiled_charsmap !== '') {
    const map = new PrecompiledMap(Buffer.from(config.precompiled_charsmap, 'base64'))
    normalizer.normalize = (text) => map.normalize(text)
  }
}
