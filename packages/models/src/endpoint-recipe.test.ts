import { describe, expect, it } from 'vitest'
import { composeEndpointRecipe } from './endpoint-recipe.ts'
import { fillInstruction } from './instruction.ts'

const server = { dim: 4096, hasUnitRows: true, hasTokenizer: false }

describe('a known model behind a server', () => {
  it('gets its card’s template; length and closing token only where a tokenizer keeps them', () => {
    const { recipe, warnings } = composeEndpointRecipe('Qwen/Qwen3-Embedding-8B', {}, server)
    expect(recipe.query).toMatchObject({ template: 'Instruct: {instruction}\nQuery:{text}', maxTokens: null, closingToken: null })
    expect(recipe.document).toMatchObject({ template: '{text}', pooling: 'none', normalize: true })
    expect(warnings).toEqual([expect.stringContaining('recipe of Qwen/Qwen3-Embedding-8B')])
    const tokenized = composeEndpointRecipe('Qwen/Qwen3-Embedding-8B', {}, { ...server, hasTokenizer: true })
    expect(tokenized.recipe.query).toMatchObject({ maxTokens: 32768, closingToken: '<|endoftext|>' })
  })

  it('looks its task prompts up in the card’s dictionary', () => {
    const { recipe, prompts } = composeEndpointRecipe('intfloat/e5-large-v2', {}, { ...server, dim: 1024 })
    const task = { taskName: 'SciFact', taskType: 'Retrieval', taskPrompt: null, prompts }
    expect(fillInstruction(recipe, task).document.template).toBe('passage: {text}')
    expect(fillInstruction(recipe, { ...task, taskType: 'STS' }).document.template).toBe('{text}')
  })

  it('is found under another name by `like`, and refused when nothing is known of that', () => {
    const { recipe } = composeEndpointRecipe('qwen3-8b-awq', { like: 'Qwen/Qwen3-Embedding-8B' }, server)
    expect(recipe.query.template).toContain('Instruct: ')
    expect(() => composeEndpointRecipe('x', { like: 'Qwen/Qwen4' }, server)).toThrow(/Qwen4/)
  })

  it('is refused when the server gives another size: it holds another model', () => {
    expect(() => composeEndpointRecipe('Qwen/Qwen3-Embedding-8B', {}, { ...server, dim: 2560 })).toThrow(
      /has 4096, the server gives 2560/,
    )
  })

  it('is refused where its adapter cannot be chosen', () => {
    expect(() => composeEndpointRecipe('jinaai/jina-embeddings-v3', {}, { ...server, dim: 1024 })).toThrow(/adapter/)
  })
})

describe('a model nobody described', () => {
  it('goes without a prompt, and is told so', () => {
    const { recipe, prompts, warnings } = composeEndpointRecipe('x/y', {}, server)
    expect([recipe.query.template, prompts.query]).toEqual(['{text}', null])
    expect(warnings).toEqual([expect.stringContaining('not in the recipe book')])
    expect(composeEndpointRecipe('x/y', { query: { template: 'q: {text}' } }, server).warnings).toEqual([])
  })

  it('needs a similarity where its vectors have no unit length', () => {
    expect(() => composeEndpointRecipe('x/y', {}, { ...server, hasUnitRows: false })).toThrow(/similarity/)
  })
})
