import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ExportForm, gatherOnnx, type StaticModel, tableBytes, writeStaticModel } from '../test/static-model.ts'
import type { OnnxChoice, RecipePatch } from './model-source.ts'
import { heavyProviders } from './onnx-provider.ts'
import { openEngine } from './open-engine.ts'
import { resolveModel } from './resolve-model.ts'

const MODEL: StaticModel = {
  words: ['[UNK]', 'good', 'bad'],
  table: [
    [1, 0],
    [0, 1],
    [0.5, 0.25],
  ],
}
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sweepboard-export-'))
  await writeStaticModel(folder, MODEL)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const put = (file: string, form: ExportForm = {}, table = MODEL.table) => writeFile(join(folder, file), gatherOnnx(table, form))
async function encode(texts: string[], onnx: OnnxChoice = {}, recipe: RecipePatch = {}) {
  const info = await resolveModel(
    { model: folder, engine: { onnx }, recipe: { normalize: false, similarity: 'dot', ...recipe } },
    { baseDir: '/' },
  )
  const engine = await openEngine(info.load, { threads: 1 })
  try {
    const { vectors } = await engine.encode(info.recipe.query, texts)
    return { values: [...vectors.values], load: info.load, engine }
  } finally {
    await engine.close()
  }
}

describe('what exports look like', () => {
  it('takes the pooled output of one that pools inside, and its token vectors where the recipe pools', async () => {
    await put('onnx/model.onnx', { pools: true })
    expect((await encode(['good bad'], {}, { pooling: 'none' })).values).toEqual([0.25, 0.625])
    expect((await encode(['good bad'], {}, { pooling: 'cls' })).values).toEqual([0, 1])
    expect((await encode(['good bad'], {}, { pooling: 'lasttoken' })).values).toEqual([0.5, 0.25])
  })

  it('refuses to pool where the export gives no tokens, and to take a vector it does not give', async () => {
    await expect(encode(['good'], {}, { pooling: 'none' })).rejects.toMatchObject({ code: 'SB-MODEL-004' })
  })

  it('reads external data, and takes it for part of the model', async () => {
    await put('onnx/model.onnx', { external: 'model.onnx_data' })
    await writeFile(join(folder, 'onnx/model.onnx_data'), tableBytes(MODEL.table))
    const before = await encode(['good bad'])
    expect(before.values).toEqual([0.25, 0.625])
    await writeFile(join(folder, 'onnx/model.onnx_data'), tableBytes([[1, 0], [0, 3], [0.5, 0.25]])) // biome-ignore format: one table
    const after = await encode(['good bad'])
    expect(after.values).toEqual([0.25, 1.625])
    expect(after.load.key).not.toBe(before.load.key)
  })

  it('finds external data under any name, and refuses a file whose data is absent or cut before anything runs', async () => {
    await put('onnx/model.onnx', { external: 'weights.bin' })
    await expect(encode(['good'])).rejects.toMatchObject({
      code: 'SB-MODEL-002',
      message: expect.stringContaining('onnx/weights.bin, which is absent'),
    })
    const table = tableBytes(MODEL.table)
    await writeFile(join(folder, 'onnx/weights.bin'), table.subarray(0, -1))
    await expect(encode(['good'])).rejects.toThrow(`take ${table.length} bytes of onnx/weights.bin, which ends after`)
    await writeFile(join(folder, 'onnx/weights.bin'), table)
    const before = await encode(['good bad'])
    expect(before.values).toEqual([0.25, 0.625])
    await writeFile(join(folder, 'onnx/weights.bin'), tableBytes([[1, 0], [0, 3], [0.5, 0.25]])) // biome-ignore format: one table
    expect((await encode(['good bad'])).load.key).not.toBe(before.load.key)
  })

  it('feeds every input an export may want', async () => {
    await put('onnx/model.onnx', { inputs: ['position_ids', 'token_type_ids'] })
    expect((await encode(['good bad', 'bad'])).values).toEqual([0.25, 0.625, 0.5, 0.25])
    await put('onnx/model.onnx', { inputs: ['pixel_values'] })
    await expect(encode(['good'])).rejects.toMatchObject({
      code: 'SB-MODEL-002',
      message: expect.stringContaining('pixel_values'),
    })
  })

  it('widens a float16 output', async () => {
    await put('onnx/model_fp16.onnx', { half: true }, [[1, 0], [0, 1], [0.1, 0.25]]) // biome-ignore format: one table
    const { values, engine } = await encode(['bad'], { dtype: 'fp16' })
    expect(values).toEqual([0.0999755859375, 0.25])
    expect(engine.dtype).toBe('float16')
  })

  it.each([
    ['fp32', 'model.onnx', 'float32'],
    ['fp16', 'model_fp16.onnx', 'float16'],
    ['q8', 'model_quantized.onnx', 'int8'],
    ['int8', 'model_int8.onnx', 'int8'],
    ['q4', 'model_q4.onnx', 'q4'],
    ['q4f16', 'model_q4f16.onnx', 'q4f16'],
    ['bnb4', 'model_bnb4.onnx', 'bnb4'],
  ])('finds the file of dtype %s as transformers.js names it', async (dtype, file, named) => {
    await put(`onnx/${file}`)
    const { load } = await encode(['good'], { dtype })
    expect([load.identity.options.file, load.identity.dtype]).toEqual([`onnx/${file}`, named])
  })
})

describe('execution providers', () => {
  const open = async (provider: string) => encode(['good'], { provider })

  it('records the one really used', async () => {
    expect((await open('cpu')).engine.provider).toBe('cpu')
    await expect(open('gpu')).rejects.toMatchObject({ code: 'SB-SPEC-004', message: expect.stringContaining('cuda') })
  })

  it('makes another load of another provider, with a budget of its own', async () => {
    const source = (provider: string) => ({ model: folder, engine: { onnx: { provider } } })
    const [cpu, cuda] = await Promise.all(['cpu', 'cuda'].map((one) => resolveModel(source(one), { baseDir: '/' })))
    expect(cuda?.load.key).not.toBe(cpu?.load.key)
    expect([cpu, cuda].map((info) => info?.load.identity.options.batchPaddedTokens)).toEqual([2048, 16384])
  })

  // Where a GPU and its libraries are, the same load opens: then it must say so.
  it.each(['cuda', 'webgpu'])('%s: opens on it or is refused, and never runs on the CPU instead', async (provider) => {
    const opened = await open(provider).then(
      ({ engine }) => engine.provider,
      (thrown) => thrown.code,
    )
    expect(['SB-MODEL-011', provider]).toContain(opened)
  })

  it('tells from a profile where matrix products ran', async () => {
    const profiles = await mkdtemp(join(tmpdir(), 'sweepboard-profile-'))
    const event = (op: string, provider: string) => ({ cat: 'Node', args: { op_name: op, provider } })
    const events = [event('Shape', 'CPUExecutionProvider'), event('FusedMatMul', 'CUDAExecutionProvider'), { cat: 'Session' }]
    await writeFile(join(profiles, 'a.json'), JSON.stringify(events))
    expect([...(await heavyProviders(profiles))]).toEqual(['CUDAExecutionProvider'])
    await writeFile(join(profiles, 'b.json'), JSON.stringify([event('Gemm', 'CPUExecutionProvider')]))
    expect([...(await heavyProviders(profiles))]).toContain('CPUExecutionProvider')
    await rm(profiles, { recursive: true })
  })
})
