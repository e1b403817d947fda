import { type Load, loadKey, Recipe, SideRecipe, SweepError, type TaskRef } from '@sweepboard/contracts'
import { ANALYZED_LANGUAGES, analyzerOf, onlyLanguage } from './bm25-language.ts'
import { STEMMER } from './bm25-tokens.ts'
import type { Bm25Choice, ModelInfo, ModelSource } from './model-source.ts'

export const BM25_MODEL = 'mteb/baseline-bm25s'
/** Every task in its own language, as mteb 2.20.0 runs it. */
const CURRENT = '0_3_0'
/** English stop words and stems whatever the language: what the published scores were made with. */
const PUBLISHED = '0_1_10'
/** What `bm25s.BM25()` of bm25s 0.3.16 starts with. */
const DEFAULTS = { method: 'lucene', k1: 1.5, b: 0.75, delta: 0.5 } as const

/**
 * `mteb/baseline-bm25s` as load and recipe. Its revision says whose analyzers are used: `0_3_0` (default) takes those of each task's
 * language, `0_1_10` English ones. Parameters that are not the reference's are part of the revision, so that no such row passes for it.
 * @throws SweepError `SB-SPEC-004` for another revision, a language nothing is known of, or recipe members, which it has none of
 */
export function resolveBm25(source: ModelSource, choice: Bm25Choice): ModelInfo {
  const { revision = choice.language === 'eng' ? PUBLISHED : CURRENT } = source
  if (revision !== CURRENT && revision !== PUBLISHED) throw wrong('revision', `${BM25_MODEL} has ${CURRENT} and ${PUBLISHED}`)
  const foreign = Object.entries(source.recipe ?? {}).flatMap(([key, value]) => (value === undefined ? [] : [key]))
  if (foreign.length > 0) throw wrong('recipe', `${BM25_MODEL} has no ${foreign.join(', ')}`)
  const own = revision === PUBLISHED ? 'eng' : 'task'
  const language = choice.language ?? own
  if (language !== 'task' && !ANALYZED_LANGUAGES.includes(language))
    throw wrong('engine.bm25.language', `must be "task" or one of ${ANALYZED_LANGUAGES.join(', ')}`)
  const { method, k1, b, delta } = { ...DEFAULTS, ...withoutUndefined(choice) }
  const changed = Object.entries({ method, k1, b, delta, language }).filter(
    ([key, value]) => value !== { ...DEFAULTS, language: own }[key as keyof typeof DEFAULTS | 'language'],
  )
  const identity: Load['identity'] = {
    engine: 'bm25',
    weights: null,
    dtype: 'float32',
    provider: 'cpu',
    options: { method, k1, b, delta, language, stopWords: 'bm25s 0.3.16', stemmer: `${STEMMER.name} ${STEMMER.version}` },
    fingerprint: null,
  }
  const side = SideRecipe.parse({})
  return {
    load: {
      key: loadKey(identity),
      model: BM25_MODEL,
      revision: [revision, ...changed.map(([key, value]) => `${key}_${value}`)].join('-'),
      identity,
      open: { folder: null, file: null, url: null, keyVariable: null, concurrency: 1, batchTexts: 1024, timeoutMs: 60_000 },
      memoryBytes: 128 * 2 ** 20,
      parameterCount: 0,
    },
    recipe: Recipe.parse({ query: side, document: side, similarity: 'dot', dimensions: 1 }),
    warnings: [],
    languages: null,
    matryoshka: null,
    prompts: { query: null, document: null },
  }
}

/** Both sides for a task: the analyzer of the load's language, or of the task's. */
export function lexicalSides(
  { identity }: Pick<Load, 'identity'>,
  { languages }: Pick<TaskRef, 'languages'>,
): { readonly query: SideRecipe; readonly document: SideRecipe } {
  const { language } = identity.options
  const analyzer = analyzerOf(language === 'task' ? onlyLanguage(languages) : String(language))
  const ofDocuments = analyzer.split === 'characters' ? { ...analyzer, lineFeed: true } : analyzer
  return { query: SideRecipe.parse({ analyzer }), document: SideRecipe.parse({ analyzer: ofDocuments }) }
}

function withoutUndefined(choice: Bm25Choice): Partial<typeof DEFAULTS> {
  return Object.fromEntries(Object.entries(choice).filter(([, value]) => value !== undefined))
}

function wrong(path: string, message: string): SweepError {
  return new SweepError('SB-SPEC-004', { path, message })
}
