import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type StaticModel, writeStaticModel } from '../test/static-model.ts'
import { onnxWeightsUnder } from './model-weights.ts'
import { openEngine } from './open-engine.ts'
import { resolveModel } from './resolve-model.ts'

const GOOD: StaticModel = {
  words: ['[UNK]', 'good', 'bad', 'fair'],
  table: [
    [1, 0],
    [0, 1],
    [Number.NaN, 0],
    [1, 1],
  ],
}
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sweepboard-model-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const resolveHere = (recipe = {}) => resolveModel({ model: folder, recipe }, { baseDir: '/' })
async function withEngine<T>(
  use: (
    encode: (texts: string[], options?: { signal?: AbortSignal; onProgress?: () => void }) => Promise<number[]>,
  ) => Promise<T>,
): Promise<T> {
  const { load, recipe } = await resolveHere()
  const engine = await openEngine(load, { threads: 1 })
  try {
    return await use(async (texts, options) => [...(await engine.encode(recipe.document, texts, options)).vectors.values])
  } finally {
    await engine.close()
  }
}

describe('texts at fault', () => {
  beforeEach(() => writeStaticModel(folder, GOOD))

  it('encodes what is fine, rows in input order', async () => {
    expect(await withEngine((encode) => encode(['good', 'zzz', 'good zzz fair good']))).toEqual(
      [0, 1, 1, 0, 2 / Math.sqrt(13), 3 / Math.sqrt(13)].map(Math.fround),
    )
  })

  it('names the one text with a vector that is not finite', async () => {
    await withEngine((encode) =>
      expect(encode(['good', 'good fair bad', 'fair'])).rejects.toMatchObject({ code: 'SB-MODEL-005', details: { text: 1 } }),
    )
  })

  it('finds the one text the engine fails on, and encodes its neighbours', async () => {
    // The model is said to know four words more than its table has rows: Gather refuses the last word.
    await writeStaticModel(folder, { words: [...GOOD.words, 'far'], table: GOOD.table, vocabSize: 8 })
    await withEngine(async (encode) => {
      await expect(encode(['good', 'fair', 'fair far', 'good', 'fair'])).rejects.toMatchObject({
        code: 'SB-MODEL-006',
        details: { text: 2 },
      })
      expect(await encode(['good'])).toEqual([0, 1])
    })
  })

  it('gives a text without tokens back as its fault', async () => {
    await withEngine((encode) =>
      expect(encode(['good', ''])).rejects.toMatchObject({ code: 'SB-MODEL-006', details: { text: 1 } }),
    )
  })

  it('stops between batches when aborted', async () => {
    const stop = new AbortController()
    const texts = Array.from({ length: 200 }, () => 'good '.repeat(60).trim())
    await withEngine((encode) =>
      expect(encode(texts, { signal: stop.signal, onProgress: () => stop.abort() })).rejects.toMatchObject({
        code: 'SB-CORE-004',
      }),
    )
  })
})

describe('folders at fault', () => {
  beforeEach(() => writeStaticModel(folder, GOOD))
  const opened = async () => openEngine((await resolveHere()).load)

  it('refuses a cut ONNX file', async () => {
    const path = join(folder, 'onnx/model.onnx')
    await writeFile(path, (await readFile(path)).subarray(0, 60))
    await expect(opened()).rejects.toMatchObject({ code: 'SB-MODEL-002' })
  })

  it('refuses a tokenizer with ids beyond the vocabulary', async () => {
    await writeStaticModel(folder, { words: [...GOOD.words, 'far'], table: GOOD.table })
    await expect(opened()).rejects.toMatchObject({ code: 'SB-MODEL-003' })
  })

  it('opens no file that is none of a model or not below its folder, and tells nothing of it', async () => {
    const { load } = await resolveHere()
    await writeFile(join(folder, '../secret.onnx'), 'secret')
    await writeFile(join(folder, 'secret'), 'secret')
    for (const file of ['../secret.onnx', 'onnx/../../secret.onnx', join(folder, 'model.onnx'), 'secret']) {
      const named = { ...load, open: { ...load.open, file } }
      await expect(openEngine(named, { modelsRoot: join(folder, '..') }), file).rejects.toMatchObject({ code: 'SB-MODEL-001' })
    }
    await rm(join(folder, '../secret.onnx'))
  })

  it('refuses other weights than planned, and finds the planned ones under --models', async () => {
    const { load } = await resolveHere()
    const root = join(folder, 'moved')
    await writeStaticModel(join(root, 'org/copy'), GOOD)
    await writeFile(join(folder, 'config.json'), JSON.stringify({ vocab_size: 4, hidden_size: 2, changed: true }))
    await expect(openEngine(load)).rejects.toMatchObject({ code: 'SB-MODEL-009' })
    const found = await openEngine(load, { modelsRoot: root })
    expect(found.provider).toBe('cpu')
    await found.close()
    expect(await onnxWeightsUnder(root)).toEqual([
      { folder: join(root, 'org/copy'), file: 'onnx/model.onnx', digest: load.identity.weights },
    ])
    await rename(join(folder, 'onnx'), join(folder, 'away'))
    await expect(openEngine(load)).rejects.toMatchObject({ code: 'SB-MODEL-001' })
  })

  it('has no silent default: each missing member of the recipe is named, and the spec may give it', async () => {
    for (const file of ['modules.json', '1_Pooling/config.json', 'sentence_bert_config.json']) await rm(join(folder, file))
    await expect(resolveHere()).rejects.toMatchObject({
      code: 'SB-MODEL-004',
      message: expect.stringMatching(/maxTokens.*pooling.*normalize.*similarity/s),
    })
    const { recipe } = await resolveHere({ pooling: 'cls', normalize: false, maxTokens: 16, similarity: 'dot' })
    expect(recipe).toMatchObject({ query: { pooling: 'cls', maxTokens: 16, normalize: false }, similarity: 'dot', dimensions: 2 })
  })

  it('refuses dimensions the model does not have', async () => {
    await expect(resolveHere({ dimensions: 3 })).rejects.toMatchObject({ code: 'SB-MODEL-004' })
    const { load, recipe } = await resolveHere()
    const { dimensions: _, ...options } = load.identity.options
    const engine = await openEngine({ ...load, identity: { ...load.identity, options: { ...options, dimensions: 3 } } })
    await expect(engine.encode(recipe.document, ['good'])).rejects.toMatchObject({ code: 'SB-MODEL-007' })
    await engine.close()
  })

  it.each([
    [
      'modules.json',
      [
        { type: 'x.Transformer', path: '' },
        { type: 'x.Dense', path: '2_Dense' },
      ],
      'SB-CORE-002',
    ],
    ['1_Pooling/config.json', { pooling_mode_max_tokens: true }, 'SB-CORE-002'],
    ['1_Pooling/config.json', { pooling_mode_cls_token: true, pooling_mode_mean_tokens: true }, 'SB-MODEL-004'],
    ['config_sentence_transformers.json', { similarity_fn_name: 'manhattan' }, 'SB-CORE-002'],
  ])('refuses %s %j', async (file, content, code) => {
    await writeFile(join(folder, file), JSON.stringify(content))
    await expect(resolveHere()).rejects.toMatchObject({ code })
  })
})
