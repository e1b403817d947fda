import { createHash } from 'node:crypto'

/** Ids of the special tokens; words follow. */
const SPECIAL = ['[UNK]', '[CLS]', '[SEP]', '[PAD]'] as const
const [UNK, CLS, SEP] = [0, 1, 2] as const

/**
 * A model of words for stub servers: one word, one token, `[CLS]` and `[SEP]` around a text. Vectors and scores are functions of
 * the tokens alone, so any token that is cut, added or changed shows.
 */
export class StubModel {
  readonly words: readonly string[]
  readonly dim: number
  /** Another seed is another model. */
  seed = ''

  constructor(texts: readonly string[], dim = 64) {
    this.words = [...new Set(texts.flatMap((text) => text.split(/\s+/).filter((word) => word !== '')))]
    this.dim = dim
  }

  /** Token ids of a text, its frame included. */
  ids(text: string): number[] {
    const words = text.split(/\s+/).filter((word) => word !== '')
    return [CLS, ...words.map((word) => this.words.indexOf(word)).map((at) => (at < 0 ? UNK : at + SPECIAL.length)), SEP]
  }

  /** Vector of unit length, `[dim]`. */
  vector(ids: readonly number[]): number[] {
    const raw = Array.from({ length: this.dim }, (_, j) =>
      createHash('sha256').update(`${this.seed}${j} ${ids.join()}`).digest().readInt32BE(0),
    )
    const norm = Math.hypot(...raw)
    return raw.map((member) => member / norm)
  }

  /** Log odds that a document answers a query: common words speak for it, the rest is the model's own taste. */
  logit(query: readonly number[], document: readonly number[]): number {
    const asked = new Set(query)
    const common = document.filter((id) => asked.has(id)).length
    const taste = createHash('sha256').update(`${this.seed}${query.join()}|${document.join()}`).digest().readInt32BE(0) / 2 ** 31
    return 0.5 * common - 2 + taste
  }

  /** tokenizer.json, tokenizer_config.json and config.json of a model folder. */
  get files(): Readonly<Record<string, string>> {
    const vocab = Object.fromEntries([...SPECIAL, ...this.words].map((word, id) => [word, id]))
    const added = SPECIAL.map((content, id) => ({ id, content, special: true, lstrip: false, rstrip: false, normalized: false }))
    const token = (content: (typeof SPECIAL)[number]) => ({ id: content, ids: [vocab[content]], tokens: [content] })
    const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } })
    const part = (id: string) => ({ Sequence: { id, type_id: 0 } })
    return {
      'tokenizer.json': JSON.stringify({
        version: '1.0',
        added_tokens: added,
        normalizer: null,
        pre_tokenizer: { type: 'WhitespaceSplit' },
        post_processor: {
          type: 'TemplateProcessing',
          single: [special('[CLS]'), part('A'), special('[SEP]')],
          pair: [special('[CLS]'), part('A'), special('[SEP]'), part('B'), special('[SEP]')],
          special_tokens: { '[CLS]': token('[CLS]'), '[SEP]': token('[SEP]') },
        },
        decoder: null,
        model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab },
      }),
      'tokenizer_config.json': JSON.stringify({ cls_token: '[CLS]', sep_token: '[SEP]', pad_token: '[PAD]' }),
      'config.json': JSON.stringify({ vocab_size: SPECIAL.length + this.words.length, pad_token_id: 3 }),
    }
  }
}
