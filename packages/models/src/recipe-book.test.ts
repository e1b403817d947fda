import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { embeddingCard, hubIdOf, readCards, recipeBook, rerankerCard } from './recipe-book.ts'

const SHARED = new URL('../../../../shared/', import.meta.url)
const isAbsent = !existsSync(new URL('mteb-results', SHARED))

describe('the recipe book', () => {
  it('holds the families sweepboard names', () => {
    const models = [...recipeBook().values()].map((card) => card.model)
    expect(models).toEqual(
      expect.arrayContaining([
        'Qwen/Qwen3-Embedding-0.6B',
        'Qwen/Qwen3-Embedding-4B',
        'Qwen/Qwen3-Embedding-8B',
        'Qwen/Qwen3-Reranker-0.6B',
        'Qwen/Qwen3-Reranker-4B',
        'Qwen/Qwen3-Reranker-8B',
        'BAAI/bge-m3',
        'BAAI/bge-small-en-v1.5',
        'BAAI/bge-large-zh-v1.5',
        'BAAI/bge-reranker-v2-m3',
        'intfloat/e5-base-v2',
        'intfloat/multilingual-e5-large-instruct',
        'Alibaba-NLP/gte-large-en-v1.5',
        'Alibaba-NLP/gte-multilingual-base',
        'Alibaba-NLP/gte-Qwen2-7B-instruct',
        'jinaai/jina-embeddings-v3',
        'jinaai/jina-embeddings-v2-base-en',
        'sentence-transformers/all-MiniLM-L6-v2',
        'sentence-transformers/all-MiniLM-L12-v2',
        'sentence-transformers/all-mpnet-base-v2',
      ]),
    )
  })

  it('is found by hub id whatever its letters, and only by its kind', () => {
    expect(embeddingCard('qwen/qwen3-embedding-8b')).toMatchObject({
      dimensions: 4096,
      pooling: 'lasttoken',
      closingToken: '<|endoftext|>',
      templates: { query: 'Instruct: {instruction}\nQuery:{text}', document: '{text}' },
    })
    expect(embeddingCard('Qwen/Qwen3-Reranker-8B')).toBeNull()
    expect(rerankerCard('Qwen/Qwen3-Reranker-8B')).toMatchObject({ head: 'yes-no', yesToken: 'yes', noToken: 'no' })
    expect(embeddingCard('nobody/nothing')).toBeNull()
  })

  it('keeps Matryoshka lengths below the full one, ascending', () => {
    for (const card of recipeBook().values()) {
      if (card.kind !== 'embedding') continue
      expect([...card.matryoshka].sort((a, b) => a - b)).toEqual(card.matryoshka)
      for (const length of card.matryoshka) expect(length).toBeLessThan(card.dimensions)
    }
  })

  it.skipIf(isAbsent)('pins the revisions published scores are of (skipped without ../shared/mteb-results)', () => {
    const folders = readdirSync(new URL('mteb-results', SHARED)).map((name) => name.replace('__', '/'))
    const published = folders.filter((model) => embeddingCard(model) !== null)
    expect(published.length).toBeGreaterThanOrEqual(6)
    for (const model of published) {
      const card = embeddingCard(model)
      const folder = new URL(`mteb-results/${model.replace('/', '__')}/`, SHARED)
      expect(readdirSync(folder)).toContain(card?.revision)
      const meta = JSON.parse(readFileSync(new URL(`${card?.revision}/model_meta.json`, folder), 'utf8'))
      // mteb itself registers 512 dimensions for bge-small-en-v1.5, which has 384.
      if (model !== 'BAAI/bge-small-en-v1.5') expect(card?.dimensions).toBe(meta.embed_dim)
    }
  })
})

describe('cards at fault', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sweepboard-recipes-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))
  const read = async (change: object) => {
    const card = { ...embeddingCard('intfloat/e5-base-v2'), ...change }
    await writeFile(join(folder, 'cards.json'), JSON.stringify([card]))
    return readCards(folder)
  }

  it('reads a whole one', async () => {
    expect((await read({})).has('intfloat/e5-base-v2')).toBe(true)
  })

  it.each([
    [{ prompts: { passage: 'passage: ' } }, 'prompts.passage'],
    [{ prompts: { 's2s-query': 'x' } }, 'prompts.s2s-query'],
    [{ poolings: 'mean' }, 'poolings'],
    [{ pooling: 'max' }, 'pooling'],
    [{ revision: 'main' }, 'revision'],
    [{ maxTokens: undefined }, 'maxTokens'],
    [{ cleaning: ['lowercase'] }, 'cleaning'],
  ])('refuses %j', async (change, named) => {
    await expect(read(change)).rejects.toMatchObject({ code: 'SB-MODEL-004', message: expect.stringContaining(named) })
  })

  it('refuses a model named twice', async () => {
    await read({})
    await writeFile(join(folder, 'again.json'), JSON.stringify([embeddingCard('intfloat/e5-base-v2')]))
    expect(() => readCards(folder)).toThrow(/second time/)
  })
})

describe('hub ids of folders', () => {
  it.each([
    ['/models/Qwen/Qwen3-Embedding-0.6B', 'Qwen/Qwen3-Embedding-0.6B', null],
    ['/models/Qwen__Qwen3-Embedding-0.6B/', 'Qwen/Qwen3-Embedding-0.6B', null],
    ['/c/models--BAAI--bge-m3/snapshots/5617a9f6', 'BAAI/bge-m3', '5617a9f6'],
    ['C:\\models\\BAAI\\bge-m3', 'BAAI/bge-m3', null],
  ])('%s', (folder, model, revision) => {
    expect(hubIdOf(folder)).toEqual({ model, revision })
  })
})
