import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ANALYZED_LANGUAGES, analyzerOf, onlyLanguage } from './bm25-language.ts'
import { TextAnalyzer } from './bm25-tokens.ts'

const GOLDEN = new URL('../../../../shared/golden/evaluators/bm25/', import.meta.url)

describe('bm25 analyzers', () => {
  it('has a working stemmer and stop words for every language it names', () => {
    for (const language of ANALYZED_LANGUAGES) {
      const { stopWords, stemmer, split } = analyzerOf(language)
      expect(split === 'characters' || stemmer !== null, language).toBe(true)
      expect(new TextAnalyzer({ split, stopWords, stemmer }).tokens('ab 12'), language).not.toEqual([])
    }
  })

  it('takes the only language of a subset, else English', () => {
    expect(onlyLanguage(['deu-Latn'])).toBe('deu')
    expect(onlyLanguage(['zho-Hans', 'zho-Hant'])).toBe('zho')
    expect(onlyLanguage(['deu-Latn', 'eng-Latn'])).toBe('eng')
    expect(onlyLanguage([])).toBe('eng')
    expect(analyzerOf('swa')).toEqual({ split: 'words', stopWords: null, stemmer: null })
  })

  it('refuses a list and a stemmer that are not here', () => {
    expect(() => new TextAnalyzer({ split: 'words', stopWords: 'toString', stemmer: null })).toThrow('SB-SPEC-004')
    expect(() => new TextAnalyzer({ split: 'words', stopWords: null, stemmer: 'createStemmer' })).toThrow('SB-SPEC-004')
  })

  it('adds the line feed between title and text as a token where characters are', () => {
    const documents = new TextAnalyzer({ ...analyzerOf('jpn'), lineFeed: true })
    expect(documents.tokens('日 本')).toEqual(['日', '本', '\n'])
  })
})

describe.skipIf(!existsSync(GOLDEN))('bm25 analyzers against bm25s and PyStemmer (needs ../shared)', () => {
  const { texts, expected } = JSON.parse(readFileSync(new URL('tokens.json', GOLDEN), 'utf8'))

  it.each(Object.keys(expected))('%s: every token list of the reference', (language) => {
    const analyzer = new TextAnalyzer(analyzerOf(language))
    // The reference was fitted on the one document "x": without a list of stop words that token was in all documents.
    const isFrequent = (token: string) => analyzerOf(language).stopWords === null && token === 'x'
    const found = texts.map((text: string) => analyzer.tokens(text).filter((token) => !isFrequent(token)))
    expect(found).toEqual(expected[language])
  })

  it.each(['eng', 'deu'])('%s: every stem of the reference', (language) => {
    const rows = readFileSync(new URL(`stems.${language}.tsv`, GOLDEN), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t') as [string, string])
    const analyzer = new TextAnalyzer({ ...analyzerOf(language), stopWords: null })
    expect(rows.map(([word]) => analyzer.tokens(word).join(' '))).toEqual(rows.map(([, stem]) => stem))
  })
})
