import { isLexical, lexicalScoringOf } from '@sweepboard/contracts'
import { expect, it } from 'vitest'
import { openTokenEngine } from './bm25-engine.ts'
import { BM25_MODEL, lexicalSides } from './resolve-bm25.ts'
import { resolveModel } from './resolve-model.ts'

const at = { baseDir: '/nowhere' }

it('runs every task in its own language, and in English as the published revision', async () => {
  const current = await resolveModel({ model: BM25_MODEL }, at)
  const published = await resolveModel({ model: BM25_MODEL, revision: '0_1_10' }, at)
  expect([current.load.revision, published.load.revision]).toEqual(['0_3_0', '0_1_10'])
  expect(isLexical(current.load)).toBe(true)
  expect(current.load.key).not.toBe(published.load.key)
  const german = { languages: ['deu-Latn'] }
  expect(lexicalSides(current.load, german).query.analyzer).toEqual({ split: 'words', stopWords: 'de', stemmer: 'german' })
  expect(lexicalSides(published.load, german).query.analyzer).toEqual({ split: 'words', stopWords: 'en', stemmer: 'english' })
  const chinese = lexicalSides(current.load, { languages: ['cmn-Hans'] })
  expect(chinese.query.analyzer).toEqual({ split: 'characters', stopWords: 'zh', stemmer: null })
  expect(chinese.document.analyzer).toEqual({ ...chinese.query.analyzer, lineFeed: true })
  expect(lexicalScoringOf(current.load, 'zh')).toEqual({ method: 'lucene', k1: 1.5, b: 0.75, delta: 0.5, frequentShare: null })
  expect(lexicalScoringOf(current.load, null).frequentShare).toBe(0.9)
})

it('says in load and evidence which stemmer it has', async () => {
  const { load } = await resolveModel({ model: BM25_MODEL }, at)
  expect(load.identity.options).toMatchObject({ stemmer: 'snowball 3.1.1', stopWords: 'bm25s 0.3.16' })
  expect(openTokenEngine().version).toContain('snowball 3.1.1 (multilingual-stemmer 2.1.1)')
})

it('lets no other parameters pass for the reference', async () => {
  const { load } = await resolveModel({ model: BM25_MODEL, engine: { bm25: { k1: 0.9, method: 'bm25+' } } }, at)
  expect(load.revision).toBe('0_3_0-method_bm25+-k1_0.9')
  const english = await resolveModel({ model: BM25_MODEL, engine: { bm25: { language: 'eng' } } }, at)
  const published = await resolveModel({ model: BM25_MODEL, revision: '0_1_10' }, at)
  expect(english.load).toEqual(published.load)
})

it.each([
  [{ model: BM25_MODEL, revision: '0_2_0' }, 'revision'],
  [{ model: BM25_MODEL, engine: { bm25: { language: 'english' } } }, 'engine.bm25.language'],
  [{ model: BM25_MODEL, recipe: { normalize: true } }, 'recipe'],
])('refuses %j', async (source, path) => {
  await expect(resolveModel(source, at)).rejects.toMatchObject({ code: 'SB-SPEC-004', details: { path } })
})

it('is no other model', async () => {
  await expect(resolveModel({ model: 'org/other', engine: 'bm25' }, at)).rejects.toMatchObject({ code: 'SB-SPEC-006' })
})
