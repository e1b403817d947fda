import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isLexical } from '@sweepboard/contracts'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { writeStaticModel } from '../test/static-model.ts'
import { openTokenEngine } from './bm25-engine.ts'
import { builtInModels } from './built-in-models.ts'
import { openEngine } from './open-engine.ts'
import { lexicalSides } from './resolve-bm25.ts'
import { resolveModel } from './resolve-model.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sweepboard-model-'))
  await writeStaticModel(folder, {
    words: ['[UNK]', 'a'],
    table: [
      [1, 0],
      [0, 1],
    ],
  })
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('resolves the built-in models by name and opens them', async () => {
  for (const { model } of builtInModels()) {
    const { load, recipe } = await resolveModel({ model }, { baseDir: '/nowhere' })
    expect(load.model).toBe(model)
    if (isLexical(load)) {
      const { lists } = await openTokenEngine().analyze(lexicalSides(load, { languages: [] }).query, ['a scientific claim', ''])
      expect(lists).toEqual(['scientif claim', ''])
      continue
    }
    const engine = await openEngine(load, { threads: 1 })
    const { vectors } = await engine.encode(recipe.query, ['a scientific claim', ''])
    expect([vectors.rowCount, vectors.dim]).toEqual([2, recipe.dimensions])
    await engine.close()
  }
})

it('tells what the shipped model claims', async () => {
  const info = await resolveModel({ model: 'local/pocket-static-en' }, { baseDir: '/' })
  expect(info).toMatchObject({
    languages: ['en'],
    matryoshka: [256, 128, 64, 32],
    recipe: { similarity: 'cosine', query: { pooling: 'mean', maxTokens: 512 } },
  })
})

it('reads a folder relative to the spec, and keeps its key when the folder moves', async () => {
  const name = `./${folder.slice(dirname(folder).length + 1)}`
  const relative = await resolveModel({ model: name }, { baseDir: dirname(folder) })
  const absolute = await resolveModel({ model: folder }, { baseDir: '/' })
  expect(relative.load).toEqual(absolute.load)
  expect(absolute.load.revision).toBe(absolute.load.identity.weights?.slice(0, 12))
})

it('makes other weights another load, and another pooling another recipe of the same load', async () => {
  const before = await resolveModel({ model: folder }, { baseDir: '/' })
  const pooled = await resolveModel({ model: folder, recipe: { pooling: 'cls' } }, { baseDir: '/' })
  expect(pooled.load.key).toBe(before.load.key)
  expect(pooled.recipe.query.pooling).toBe('cls')
  await writeStaticModel(folder, {
    words: ['[UNK]', 'a'],
    table: [
      [1, 0],
      [0, 2],
    ],
  })
  expect((await resolveModel({ model: folder }, { baseDir: '/' })).load.key).not.toBe(before.load.key)
})

it('puts the config’s prompts into the templates, unless the spec writes its own', async () => {
  const prompts = { query: 'q: ', passage: 'p: ', 'SciFact-query': 's: ' }
  await writeFile(join(folder, 'config_sentence_transformers.json'), JSON.stringify({ prompts, similarity_fn_name: 'dot' }))
  const own = await resolveModel({ model: folder }, { baseDir: '/' })
  expect([own.recipe.query.template, own.recipe.document.template, own.recipe.similarity]).toEqual([
    'q: {text}',
    'p: {text}',
    'dot',
  ])
  expect(own.prompts.query).toEqual(prompts)
  const spec = await resolveModel({ model: folder, recipe: { query: { template: 'mine {text}' } } }, { baseDir: '/' })
  expect([spec.recipe.query.template, spec.prompts.query]).toEqual(['mine {text}', null])
})

it('says which length it takes where only positions name one', async () => {
  await rm(join(folder, 'sentence_bert_config.json'))
  await writeFile(join(folder, 'config.json'), JSON.stringify({ hidden_size: 2, vocab_size: 2, max_position_embeddings: 77 }))
  const { recipe, warnings } = await resolveModel({ model: folder }, { baseDir: '/' })
  expect(recipe.query.maxTokens).toBe(77)
  expect(warnings.join()).toContain('77 tokens')
})

it.each([
  [{ model: './nowhere' }, 'SB-MODEL-001'],
  [{ model: 'org/unheard-of' }, 'SB-SPEC-006'],
  [{ model: 'org/unheard-of', engine: 'onnx' as const }, 'SB-MODEL-001'],
  [{ model: 'org/other', engine: 'random' as const }, 'SB-SPEC-006'],
])('refuses %j', async (source, code) => {
  await expect(resolveModel(source, { baseDir: folder })).rejects.toMatchObject({ code })
})

it.each([
  [{ closingToken: '[NONE]' }, /no token \[NONE\]/],
  [{ query: { closingToken: 'a', maxTokens: 1 } }, /leaves no room for text/],
  [{ dimensions: 3 }, /dimensions 3: onnx\/model.onnx gives 2/],
  [{ pooling: 'none' as const }, /gives no output for it \(last_hidden_state\)/],
  [{ query: { template: '{query}' } }, /\{text\} exactly once.*holds \{query\}/],
])('refuses the recipe %j before anything runs', async (recipe, words) => {
  await expect(resolveModel({ model: folder, recipe }, { baseDir: '/' })).rejects.toMatchObject({
    code: 'SB-MODEL-004',
    message: expect.stringMatching(words),
  })
})

it.each([
  ['config_sentence_transformers.json', { prompts: ['q: '] }, /texts by name/],
  ['config_sentence_transformers.json', { prompts: { query: 5 } }, /texts by name/],
  [
    'config_sentence_transformers.json',
    { prompts: { query: 'q: ' }, default_prompt_name: 'nope' },
    /nope .* is none of its prompts/,
  ],
  ['config.json', { model_type: 'bert', vocab_size: 2, hidden_size: 2, max_position_embeddings: 8 }, /the model has 8 positions/],
  [
    'config.json',
    { model_type: 'xlm-roberta', vocab_size: 2, hidden_size: 2, max_position_embeddings: 10 },
    /the model has 8 positions/,
  ],
])('refuses a folder whose %s is %j', async (file, content, words) => {
  await writeFile(join(folder, 'sentence_bert_config.json'), JSON.stringify({ max_seq_length: 9 }))
  await writeFile(join(folder, file), JSON.stringify(content))
  await expect(resolveModel({ model: folder }, { baseDir: '/' })).rejects.toThrow(words)
})

it('reads the length under each name that sentence-transformers gave its file, and warns of another model’s tokenizer', async () => {
  await rm(join(folder, 'sentence_bert_config.json'))
  await writeFile(join(folder, 'sentence_roberta_config.json'), JSON.stringify({ max_seq_length: 9 }))
  await writeFile(join(folder, 'config.json'), JSON.stringify({ hidden_size: 2, vocab_size: 30_000 }))
  const { recipe, warnings } = await resolveModel({ model: folder }, { baseDir: '/' })
  expect(recipe.query.maxTokens).toBe(9)
  expect(warnings.join()).toContain('knows 2 tokens, its config.json 30000')
})

it('names the files there are where the one wanted is absent, and the dtypes there can be', async () => {
  const of = (onnx: object) => resolveModel({ model: folder, engine: { onnx } }, { baseDir: '/' })
  await expect(of({ dtype: 'fp16' })).rejects.toThrow(/model_fp16.onnx \(there are onnx\/model.onnx\)/)
  await expect(of({ dtype: 'float16' })).rejects.toMatchObject({ code: 'SB-SPEC-004' })
})
