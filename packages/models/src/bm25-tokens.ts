import { readFileSync } from 'node:fs'
import { type Analyzer, SweepError } from '@sweepboard/contracts'
import * as snowball from 'multilingual-stemmer'

/** Which Snowball the stemmers were compiled from: another release gives other stems (universities: univers, before 3.0 universiti). */
export const STEMMER = { name: 'snowball', version: '3.1.1', library: 'multilingual-stemmer 2.1.1' } as const

/** Python's `(?u)\b\w\w+\b`: its `\w` holds letters, all numeric characters and `_`, and no combining marks. */
const WORD = /[\p{L}\p{N}_]{2,}/gu
/** Distinct words whose stems are remembered. */
const REMEMBERED = 200_000

let lists: Readonly<Record<string, string>> | null = null

/** Makes tokens of texts, token by token as `BM25Tokenizer` of mteb 2.20.0 does with bm25s 0.3.16 and PyStemmer 3.1.0. */
export class TextAnalyzer {
  readonly #analyzer: Analyzer
  readonly #stopWords: ReadonlySet<string>
  readonly #stemmer: ((word: string) => string) | null
  readonly #stems = new Map<string, string>()

  /** Throws `SB-SPEC-004` for a list of stop words or a stemmer that is not here. */
  constructor(analyzer: Analyzer) {
    this.#analyzer = analyzer
    this.#stopWords = stopWordsOf(analyzer.stopWords)
    this.#stemmer = analyzer.stemmer === null ? null : stemmerOf(analyzer.stemmer)
  }

  /** Tokens in the order of the text; none holds a space. */
  tokens(text: string): string[] {
    const { split, lineFeed } = this.#analyzer
    const all = split === 'words' ? (text.toLowerCase().match(WORD) ?? []) : characters(text)
    const kept = all.filter((token) => !this.#stopWords.has(token))
    const stemmed = this.#stemmer === null ? kept : kept.map((token) => this.#stem(token))
    return lineFeed ? [...stemmed, '\n'] : stemmed
  }

  #stem(word: string): string {
    const known = this.#stems.get(word)
    if (known !== undefined) return known
    const stem = (this.#stemmer as (word: string) => string)(word)
    if (this.#stems.size >= REMEMBERED) this.#stems.clear()
    this.#stems.set(word, stem)
    return stem
  }
}

function characters(text: string): string[] {
  return [...text.normalize('NFKC').toLowerCase().replaceAll(' ', '')]
}

function stopWordsOf(list: string | null): ReadonlySet<string> {
  if (list === null) return new Set()
  lists ??= JSON.parse(readFileSync(new URL('../data/bm25s-stop-words.json', import.meta.url), 'utf8')) as Record<string, string>
  const words = Object.hasOwn(lists, list) ? lists[list] : undefined
  if (words === undefined)
    throw new SweepError('SB-SPEC-004', { path: 'analyzer', message: `no list of stop words is called ${list}` })
  return new Set(words.split(' '))
}

function stemmerOf(name: string): (word: string) => string {
  const stem = Object.hasOwn(snowball, name) ? (snowball as Record<string, unknown>)[name] : undefined
  if (typeof stem !== 'function' || name === 'stem' || name === 'createStemmer')
    throw new SweepError('SB-SPEC-004', { path: 'analyzer', message: `no Snowball stemmer is called ${name}` })
  return stem as (word: string) => string
}
