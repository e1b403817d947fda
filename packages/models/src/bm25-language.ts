import type { Analyzer } from '@sweepboard/contracts'

/** Stop-word list and Snowball algorithm by ISO 639-3 code, as mteb 2.20.0 has them (model_implementations/bm25.py, `_ISO3_TO_LANG`). */
const WORDS: Readonly<Record<string, readonly [stopWords: string | null, stemmer: string]>> = {
  eng: ['en', 'english'],
  deu: ['de', 'german'],
  nld: ['nl', 'dutch'],
  fra: ['fr', 'french'],
  spa: ['es', 'spanish'],
  por: ['pt', 'portuguese'],
  ita: ['it', 'italian'],
  rus: ['ru', 'russian'],
  swe: ['sv', 'swedish'],
  nob: ['no', 'norwegian'],
  nno: ['no', 'norwegian'],
  nor: ['no', 'norwegian'],
  ara: [null, 'arabic'],
  arb: [null, 'arabic'],
  hye: [null, 'armenian'],
  eus: [null, 'basque'],
  cat: [null, 'catalan'],
  dan: [null, 'danish'],
  epo: [null, 'esperanto'],
  est: [null, 'estonian'],
  fin: [null, 'finnish'],
  ell: [null, 'greek'],
  hin: [null, 'hindi'],
  hun: [null, 'hungarian'],
  ind: [null, 'indonesian'],
  gle: [null, 'irish'],
  lit: [null, 'lithuanian'],
  nep: [null, 'nepali'],
  ron: [null, 'romanian'],
  srp: [null, 'serbian'],
  tam: [null, 'tamil'],
  tur: [null, 'turkish'],
  yid: [null, 'yiddish'],
}
/** Languages whose characters are the tokens, with their stop-word list. */
const CHARACTERS: Readonly<Record<string, string | null>> = {
  zho: 'zh',
  cmn: 'zh',
  jpn: null,
  kor: null,
  tha: null,
  khm: null,
  mya: null,
  bod: null,
  lao: null,
}

/**
 * The analyzer of a language; one without stop words and stemmer where nothing is known of it.
 * @param language ISO 639-3 code
 */
export function analyzerOf(language: string): Analyzer {
  const characters = CHARACTERS[language]
  if (characters !== undefined) return { split: 'characters', stopWords: characters, stemmer: null }
  const [stopWords, stemmer] = WORDS[language] ?? [null, null]
  return { split: 'words', stopWords, stemmer }
}

/** The only language of a task subset; English where it has several or none. `languages`: as MTEB writes them, e.g. `deu-Latn`. */
export function onlyLanguage(languages: readonly string[]): string {
  const codes = new Set(languages.map((language) => language.split('-')[0] as string))
  const [first] = codes
  return codes.size === 1 && first !== undefined ? first : 'eng'
}

/** Codes whose analyzer has stop words, a stemmer or a splitting of its own. */
export const ANALYZED_LANGUAGES: readonly string[] = [...Object.keys(WORDS), ...Object.keys(CHARACTERS)].sort()
