import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { SideRecipe, Vectors } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { openEngine } from './open-engine.ts'
import { resolveModel } from './resolve-model.ts'
import { openTextTokenizer } from './text-tokenizer.ts'

const SHARED = new URL('../../../../shared/', import.meta.url)
const isAbsent = !existsSync(new URL('golden/models/texts.json', SHARED))
const json = (path: string) => JSON.parse(readFileSync(new URL(path, SHARED), 'utf8'))
const folderOf = (model: string) => fileURLToPath(new URL(`models/${model}`, SHARED))

interface Golden {
  readonly max_tokens: number
  readonly texts: readonly {
    id: string
    input_ids: number[]
    input_ids_alternative?: number[]
    full_tokens: number
    truncated: boolean
  }[]
}
const goldenOf = (model: string) => json(`golden/models/${model}/reference.json`) as Golden
const textsOf = () => (json('golden/models/texts.json').texts as { id: string; text: string }[]).map((row) => row.text)
function rowsOf(path: string): Float32Array {
  const bytes = readFileSync(new URL(path, SHARED))
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, member, j) => sum + member * (y[j] as number), 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}
const rowOf = (vectors: Vectors, i: number) => vectors.values.subarray(i * vectors.dim, (i + 1) * vectors.dim)

async function encodeAll(given: {
  model: string
  file?: string
  texts: readonly string[]
  side?: Partial<SideRecipe>
  tokenBudget?: number
  padding?: 'left' | 'right'
}) {
  const choice = { onnx: { file: given.file } }
  const recipe = { padding: given.padding }
  const info = await resolveModel({ model: folderOf(given.model), engine: choice, recipe }, { baseDir: '/' })
  const engine = await openEngine(info.load, { threads: 1 })
  try {
    const side = { ...info.recipe.document, ...given.side }
    return { ...(await engine.encode(side, given.texts, { tokenBudget: given.tokenBudget })), info, engine }
  } finally {
    await engine.close()
  }
}

const MODELS = ['pocket-static-en', 'all-MiniLM-L6-v2', 'tiny-qwen3-embedding', 'tiny-bge-m3']

describe.skipIf(isAbsent)('reference vectors (skipped without ../shared/golden/models)', () => {
  it.each(MODELS)('%s: token ids whole, cut at its limit and cut at 16', async (model) => {
    const golden = goldenOf(model)
    const tokenizer = await openTextTokenizer(folderOf(model), model)
    const side = { template: '{text}', instruction: null, closingToken: null, pooling: 'mean', normalize: true } as const
    const long = tokenizer.reader({ ...side, maxTokens: golden.max_tokens })
    const short = tokenizer.reader({ ...side, maxTokens: 16 })
    const texts = textsOf()
    const differing = golden.texts.filter((row, i) => {
      const text = texts[i] as string
      return (
        String(long(text).ids) !== String(row.input_ids) ||
        String(short(text).ids) !== String(row.input_ids_alternative ?? row.input_ids) ||
        long(text).isTruncated !== row.truncated
      )
    })
    expect(differing.map((row) => row.id)).toEqual([])
  })

  it.each(MODELS)('%s: vectors above cosine 0.99999, in one call of mixed lengths', async (model) => {
    const golden = goldenOf(model)
    const { vectors, counts, info } = await encodeAll({ model, texts: textsOf(), side: { template: '{text}' } })
    const expected = rowsOf(`golden/models/${model}/vectors.f32.bin`)
    const low = golden.texts.filter((_, i) => {
      const own = expected.subarray(i * vectors.dim, (i + 1) * vectors.dim)
      return !(cosine(rowOf(vectors, i), own) > 0.99999)
    })
    expect(low.map((row) => row.id)).toEqual([])
    expect(info.recipe.query.maxTokens).toBe(golden.max_tokens)
    expect(counts.truncatedCount).toBe(golden.texts.filter((row) => row.truncated).length)
    expect(counts.controlTokenCount).toBeGreaterThan(0) // t041 and others hold special tokens literally
  })

  it.each(MODELS)('%s: a text alone equals the text in a batch', async (model) => {
    const texts = textsOf().slice(0, 40)
    const together = await encodeAll({ model, texts })
    const alone = await encodeAll({ model, texts, tokenBudget: 1 })
    expect(alone.counts.batchCount).toBe(texts.length)
    expect(alone.counts.splitCount).toBe(texts.length - together.counts.batchCount)
    for (const [i] of texts.entries())
      expect(cosine(rowOf(alone.vectors, i), rowOf(together.vectors, i))).toBeGreaterThan(0.999999)
  })

  it.each(['tiny-qwen3-embedding', 'tiny-bge-m3'])('%s: padded on either side, the reference’s vectors', async (model) => {
    const expected = rowsOf(`golden/models/${model}/vectors.f32.bin`)
    for (const padding of ['left', 'right'] as const) {
      const { vectors, info } = await encodeAll({ model, texts: textsOf(), side: { template: '{text}' }, padding })
      expect(info.load.identity.options.padding).toBe(padding === 'left' ? 'left' : undefined)
      const cosines = textsOf().map((_, i) => cosine(rowOf(vectors, i), expected.subarray(i * 64, (i + 1) * 64)))
      expect(Math.min(...cosines)).toBeGreaterThan(0.99999)
    }
  })

  it('refuses to pad MiniLM on the left: it counts positions from the padding', async () => {
    await expect(encodeAll({ model: 'all-MiniLM-L6-v2', texts: ['a'], padding: 'left' })).rejects.toMatchObject({
      code: 'SB-MODEL-004',
    })
  })

  it.each([
    ['onnx/model_with_past.onnx', 'float32', 0.99999],
    ['onnx/model_fp16.onnx', 'float16', 0.9999],
    ['onnx/model_quantized.onnx', 'int8', 0.98],
  ])('tiny-qwen3-embedding, %s: %s', async (file, dtype, least) => {
    const { vectors, engine, counts } = await encodeAll({
      model: 'tiny-qwen3-embedding',
      file,
      texts: textsOf(),
      side: { template: '{text}' },
    })
    expect(engine.dtype).toBe(dtype)
    const expected = rowsOf('golden/models/tiny-qwen3-embedding/vectors.f32.bin')
    const cosines = textsOf().map((_, i) => cosine(rowOf(vectors, i), expected.subarray(i * 64, (i + 1) * 64)))
    expect(Math.min(...cosines)).toBeGreaterThan(least)
    if (dtype === 'int8') expect(counts.batchCount).toBe(149) // fixed composition: one text a batch
  })

  it('keeps real over padded tokens at 0.95 on SciFact documents', async () => {
    const corpus = readFileSync(new URL('datasets/SciFact/corpus.jsonl', SHARED), 'utf8').split('\n').slice(0, 170)
    const texts = corpus.map((line) => JSON.parse(line)).map((row) => `${row.title} ${row.text}`.trim())
    const { counts } = await encodeAll({ model: 'pocket-static-en', texts })
    expect(counts.tokenCount / counts.paddedTokenCount).toBeGreaterThanOrEqual(0.95)
  })
})
