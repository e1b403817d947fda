import { expect, it } from 'vitest'
import { briefParts, briefVariant } from './brief-variant.ts'
import { type Config, shownVariant } from './config.ts'

const config = (over: object): Config => ({ dimensions: null, precision: 'float32', similarity: 'cosine', ...over }) as Config

it.each([
  [{ hybrid: { model: 'mteb/baseline-bm25s', weight: 0.3 } }, 'bm25 0.3'],
  [{ hybrid: { model: 'mteb/baseline-bm25s', weight: 'rrf' } }, 'bm25 rrf'],
  [{ rerank: { model: 'org/tiny', depth: 20, tail: 'append' }, cut: { top: 5 } }, 'tiny@20 · top 5'],
  [{ rerank: { model: 'tiny', depth: 20, tail: 'drop' } }, 'tiny@20 only'],
  [{}, ''],
])('%o is shown as "%s"', (over, brief) => {
  expect(briefVariant(shownVariant('', config(over)))).toBe(brief)
})

it('leaves what recipes and engines say', () => {
  expect(briefVariant('engine: vllm · instruction: none')).toBe('engine: vllm · instruction: none')
})

it('has a part for each stage, and none for the model alone', () => {
  expect(briefParts('no instruction · with mteb/baseline-bm25s by reciprocal rank · cut at score 0.5')).toEqual([
    'no instruction',
    'bm25 rrf',
    'score 0.5',
  ])
  expect(briefParts('')).toEqual([])
})
