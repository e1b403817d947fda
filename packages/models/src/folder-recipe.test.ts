import type { EmbeddingCard } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import type { FolderConfig } from './folder-config.ts'
import { composeRecipe } from './folder-recipe.ts'
import { fillInstruction } from './instruction.ts'
import { embeddingCard } from './recipe-book.ts'

const SILENT: FolderConfig = {
  pooling: null,
  normalize: null,
  maxTokens: null,
  positionLimit: null,
  positions: null,
  similarity: null,
  dimensions: null,
  prompts: {},
  defaultPrompt: null,
  matryoshka: null,
  languages: null,
  excludesPrompt: false,
}
const cardOf = (model: string) => embeddingCard(model) as EmbeddingCard
const retrieval = { taskName: 'SciFact', taskType: 'Retrieval', taskPrompt: { query: 'Given a claim' } }

describe('recipes of the book', () => {
  it('fills a folder that says nothing of itself', () => {
    const { recipe } = composeRecipe('x', SILENT, {}, cardOf('Qwen/Qwen3-Embedding-0.6B'))
    expect(recipe).toEqual({
      query: {
        template: 'Instruct: {instruction}\nQuery:{text}',
        instruction: null,
        maxTokens: 32768,
        closingToken: '<|endoftext|>',
        pooling: 'lasttoken',
        normalize: true,
      },
      document: expect.objectContaining({ template: '{text}', pooling: 'lasttoken' }),
      similarity: 'cosine',
      dimensions: 1024,
    })
  })

  it('leaves the folder its own shape, and prompts to what mteb registers', () => {
    const folder: FolderConfig = { ...SILENT, pooling: 'cls', maxTokens: 128, dimensions: 64, prompts: { query: 'q: ' } }
    const { recipe, prompts } = composeRecipe('x', folder, {}, cardOf('intfloat/e5-base-v2'))
    expect(recipe.query).toMatchObject({ pooling: 'cls', maxTokens: 128, template: 'query: {text}' })
    expect(recipe.document.template).toBe('passage: {text}')
    expect(recipe.dimensions).toBe(64)
    expect(prompts.query).toEqual({ query: 'query: ', document: 'passage: ' })
  })

  it('gives way to the spec, member by member', () => {
    const patch = { pooling: 'mean' as const, query: { template: 'mine {text}', maxTokens: 64, cleaning: ['nfkc' as const] } }
    const { recipe, prompts } = composeRecipe('x', SILENT, patch, cardOf('BAAI/bge-m3'))
    expect(recipe.query).toMatchObject({ pooling: 'mean', template: 'mine {text}', maxTokens: 64, cleaning: ['nfkc'] })
    expect(recipe.document).toMatchObject({ pooling: 'mean', template: '{text}', maxTokens: 8192 })
    expect([prompts.query, prompts.document]).toEqual([null, {}])
    expect(recipe.document).not.toHaveProperty('cleaning') // absent members leave keys as they were
  })

  it('chooses jina-embeddings-v3’s prompt and adapter by task family', () => {
    const { recipe, prompts } = composeRecipe('x', SILENT, {}, cardOf('jinaai/jina-embeddings-v3'))
    const { query, document } = fillInstruction(recipe, { ...retrieval, prompts })
    expect([query.template, query.adapter]).toEqual(['Represent the query for retrieving evidence documents: {text}', 0])
    expect([document.template, document.adapter]).toEqual(['Represent the document for retrieval: {text}', 1])
    const sts = fillInstruction(recipe, { ...retrieval, taskType: 'STS', taskPrompt: null, prompts })
    expect([sts.document.template, sts.document.adapter]).toEqual(['{text}', 4])
  })

  it('leaves an instruction model’s own whole prompt out of its template', () => {
    // As config_sentence_transformers.json of Qwen3-Embedding has them.
    const own = { query: 'Instruct: Given a web search query, retrieve relevant passages\nQuery:', document: '' }
    const { recipe, prompts } = composeRecipe('x', { ...SILENT, prompts: own }, {}, cardOf('Qwen/Qwen3-Embedding-0.6B'))
    expect(fillInstruction(recipe, { ...retrieval, prompts }).query.instruction).toBe('Given a claim')
    const without = fillInstruction(recipe, { ...retrieval, taskPrompt: null, prompts })
    expect(without.query.instruction).toBe('Retrieve text based on user query.')
    expect(without.document).toMatchObject({ template: '{text}', instruction: null })
  })

  it('gives Chinese bge its own prompt on queries alone', () => {
    const { recipe, prompts } = composeRecipe('x', SILENT, {}, cardOf('BAAI/bge-base-zh-v1.5'))
    const { query, document } = fillInstruction(recipe, { ...retrieval, prompts })
    expect([query.template, document.template]).toEqual(['为这个句子生成表示以用于检索相关文章：{text}', '{text}'])
  })

  it('still names everything a model without a card lacks', () => {
    expect(() => composeRecipe('x', SILENT, {})).toThrow(/maxTokens.*pooling.*normalize.*similarity.*dimensions/s)
  })
})
