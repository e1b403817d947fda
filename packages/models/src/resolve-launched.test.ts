import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isRemote } from '@sweepboard/contracts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isReranker } from './is-reranker.ts'
import { launchFolder } from './launchers/launch-weights.ts'
import { weightsUnder } from './launchers/launch-weights-under.ts'
import type { LaunchChoice, RecipePatch } from './model-source.ts'
import { resolveModel } from './resolve-model.ts'
import { resolveReranker } from './resolve-reranker.ts'

const SHARED = fileURLToPath(new URL('../../../../shared/models/', import.meta.url))
const GIB = 2 ** 30
const plan = (model: string, launch: LaunchChoice, given: { recipe?: RecipePatch; revision?: string } = {}) =>
  resolveModel({ model, engine: { launch }, ...given }, { baseDir: '/nowhere' })
const planReranker = (model: string, launch: LaunchChoice, revision?: string) =>
  resolveReranker({ model, engine: { launch }, revision }, { baseDir: '/nowhere' })

describe('isReranker', () => {
  it('goes by the dialect of a host’s own launcher, and by a GGUF folder’s name', async () => {
    const own = (dialect: 'rerank-api' | 'openai') => ({ launch: { name: 'mine', dialect } })
    expect(await isReranker({ model: 'me/x', folder: null, engine: own('rerank-api') })).toBe(true)
    expect(await isReranker({ model: 'me/x', folder: null, engine: own('openai') })).toBe(false)
    expect(await isReranker({ model: 'm', folder: '/models/Qwen/Qwen3-Reranker-8B-GGUF' })).toBe(true)
  })
})

describe('a hub id', () => {
  it('takes revision, recipe and memory from its card, and nothing runs', async () => {
    const { load, recipe, matryoshka } = await plan('Qwen/Qwen3-Embedding-8B', { name: 'vllm' })
    expect(load).toMatchObject({
      model: 'Qwen/Qwen3-Embedding-8B',
      revision: '4e423935c619ae4df87b646a3ce949610c66241c',
      identity: {
        engine: 'openai',
        provider: 'vllm',
        weights: null,
        dtype: 'bfloat16',
        fingerprint: null,
        options: {
          repo: 'Qwen/Qwen3-Embedding-8B',
          revision: '4e423935c619ae4df87b646a3ce949610c66241c',
          pooling: 'lasttoken',
          dimensions: 4096,
        },
      },
      open: { url: null, folder: null, launch: { launcher: 'vllm', devices: ['cuda'], maxTokens: 32768 } },
    })
    expect(isRemote(load)).toBe(false)
    expect(recipe).toMatchObject({ dimensions: 4096, query: { pooling: 'none', normalize: true } })
    expect(matryoshka).toContain(1024)
    // 7.57 G parameters of two bytes, keys and values of one longest text: a 24 GiB card holds it, a 16 GiB one does not.
    expect(load.memoryBytes / GIB).toBeGreaterThan(18)
    expect(load.memoryBytes / GIB).toBeLessThan(24)
    expect((await plan('Qwen/Qwen3-Embedding-8B', { name: 'vllm', quantization: 'fp8' })).load.memoryBytes).toBeLessThan(
      load.memoryBytes - 6 * GIB,
    )
  })

  it('needs memory for its weights where nobody tells their type, too', async () => {
    const needs = async (launch: LaunchChoice) => (await plan('Qwen/Qwen3-Embedding-8B', launch)).load.memoryBytes / GIB
    const rest = (await needs({ name: 'vllm' })) - (1.1 * 2 * 7.57e9) / GIB - 2
    const weights = async (launch: LaunchChoice) => (await needs(launch)) - rest
    // Ollama's store has the 8B in four bits (4.7 GB) unless the tag says otherwise.
    expect(await weights({ name: 'ollama', model: 'qwen3-embedding:8b' })).toBeGreaterThan(4.7)
    expect(await weights({ name: 'ollama', model: 'qwen3-embedding:8b' })).toBeLessThan(7)
    expect(await weights({ name: 'ollama', model: 'qwen3-embedding:8b-q8_0' })).toBeGreaterThan(7.5)
    expect(await weights({ name: 'ollama', model: 'qwen3-embedding:8b-fp16' })).toBeGreaterThan(15)
    expect(await weights({ name: 'my-server' })).toBeGreaterThan(15)
  })

  it('without a pinned revision is refused, unless the spec pins one', async () => {
    const recipe = { dimensions: 8, pooling: 'mean', similarity: 'cosine' } as const
    await expect(plan('me/unknown', { name: 'vllm' }, { recipe })).rejects.toThrow('SB-MODEL-013')
    await expect(plan('me/unknown', { name: 'vllm' }, { revision: 'abc' })).rejects.toThrow(/SB-MODEL-004.*dimensions/)
    const { load } = await plan('me/unknown', { name: 'vllm' }, { recipe, revision: 'abc' })
    expect(load).toMatchObject({ revision: 'abc', identity: { options: { pooling: 'mean', revision: 'abc' } } })
    await expect(planReranker('me/unknown', { name: 'vllm' })).rejects.toThrow('SB-MODEL-013')
  })

  it.each<[string, LaunchChoice, string]>([
    ['a type it has not', { name: 'tei', dtype: 'bfloat16' }, 'engine.tei.dtype'],
    ['half precision of TEI on a CPU', { name: 'tei', device: 'cpu', dtype: 'float16' }, 'engine.tei.dtype'],
    ['a CPU for SGLang', { name: 'sglang', device: 'cpu' }, 'engine.sglang.device'],
    ['a file for vLLM', { name: 'vllm', file: 'Q8_0' }, 'engine.vllm.file'],
    ['packing for TEI', { name: 'tei', quantization: 'fp8' }, 'engine.tei.quantization'],
    ['Ollama without its own name of the model', { name: 'ollama' }, 'engine.ollama.model'],
    ['GGUF that is not on disk', { name: 'llamacpp' }, 'SB-MODEL-015'],
    ['fewer tokens than the recipe wants', { name: 'vllm', maxTokens: 100 }, 'engine.vllm.maxTokens'],
  ])('refuses %s', async (_, launch, where) => {
    const recipe = { maxTokens: 512 }
    const tokenizer = join(SHARED, 'tiny-qwen3-embedding')
    const needs = launch.maxTokens !== undefined && existsSync(tokenizer) ? { ...launch, tokenizer } : launch
    if (launch.maxTokens !== undefined && !existsSync(tokenizer)) return
    await expect(plan('Qwen/Qwen3-Embedding-0.6B', needs, launch.maxTokens ? { recipe } : {})).rejects.toThrow(where)
  })

  it('with a limit of its own is refused where no tokenizer is named that could keep it', async () => {
    const recipe = { dimensions: 8, pooling: 'mean', similarity: 'cosine', maxTokens: 256 } as const
    const planned = (launch: LaunchChoice) => plan('me/unknown', launch, { recipe, revision: 'abc' })
    await expect(planned({ name: 'vllm' })).rejects.toThrow(/SB-MODEL-004.*name its folder with `tokenizer`/)
    await expect(plan('BAAI/bge-m3', { name: 'vllm' }, { recipe: { maxTokens: 256 } })).rejects.toThrow('SB-MODEL-004')
  })

  it('runs on the CPU too where its type is that of the CPU', async () => {
    const devices = async (launch: LaunchChoice) => (await plan('BAAI/bge-m3', launch)).load.open.launch?.devices
    expect(await devices({ name: 'infinity' })).toEqual(['cuda'])
    expect(await devices({ name: 'infinity', dtype: 'float32' })).toEqual(['cuda', 'cpu'])
    expect(await devices({ name: 'tei', device: 'cpu' })).toEqual(['cpu'])
    expect(await devices({ name: 'my-server' })).toEqual(['cuda', 'cpu'])
  })

  it('is not said to pool otherwise where the launcher cannot be told', async () => {
    const recipe = { pooling: 'mean' } as const
    await expect(plan('Qwen/Qwen3-Embedding-0.6B', { name: 'sglang' }, { recipe })).rejects.toThrow(/SB-MODEL-004.*sglang pools/)
    expect((await plan('Qwen/Qwen3-Embedding-0.6B', { name: 'vllm' }, { recipe })).load.identity.options.pooling).toBe('mean')
  })
})

describe.skipIf(!existsSync(join(SHARED, 'tiny-qwen3-embedding')))('a folder (skipped without shared/models)', () => {
  let folder: string
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'sweepboard-launch-')), 'tiny')
    cpSync(join(SHARED, 'tiny-qwen3-embedding'), folder, { recursive: true })
  })
  afterEach(() => rmSync(join(folder, '..'), { recursive: true }))

  it('is known by its weights, wherever it lies, and found by them', async () => {
    const { load, recipe } = await plan(folder, { name: 'vllm' })
    expect(load).toMatchObject({
      model: 'local/tiny',
      open: { folder },
      identity: { options: { pooling: 'lasttoken', input: 'tokens' } },
    })
    expect(load.revision).toBe(load.identity.weights?.slice(0, 12))
    expect(load.open.launch?.maxTokens).toBe(recipe.query.maxTokens)
    expect(await launchFolder(load, undefined)).toBe(folder)
    const moved = { ...load, open: { ...load.open, folder: '/elsewhere/tiny' } }
    expect(await launchFolder(moved, join(folder, '..'))).toBe(folder)
    await expect(launchFolder(moved, undefined)).rejects.toThrow('SB-MODEL-001')
    writeFileSync(join(folder, 'model.safetensors'), 'other weights')
    await expect(launchFolder(load, undefined)).rejects.toThrow('SB-MODEL-009')
    expect((await plan(folder, { name: 'vllm' })).load.key).not.toBe(load.key)
  })

  it('with GGUF files is served from the one that `file` names', async () => {
    for (const name of ['m-Q8_0.gguf', 'm-f16.gguf']) writeFileSync(join(folder, name), name)
    const q8 = await plan(folder, { name: 'llamacpp', file: 'Q8_0' })
    expect(q8.load.identity).toMatchObject({ dtype: 'q8_0', options: { file: 'm-Q8_0.gguf' } })
    expect((await plan(folder, { name: 'llamacpp', file: 'f16' })).load.identity.dtype).toBe('float16')
    await expect(plan(folder, { name: 'llamacpp' })).rejects.toThrow(/SB-MODEL-001.*name one as `file`/)
    await expect(plan(folder, { name: 'llamacpp', file: 'Q4_K_M' })).rejects.toThrow(/there are m-Q8_0\.gguf, m-f16\.gguf/)
    expect(await launchFolder(q8.load, undefined)).toBe(folder)
    const here = (await weightsUnder(join(folder, '..'))).map(({ file, digest }) => [file, digest])
    expect(here).toContainEqual(['m-Q8_0.gguf', q8.load.identity.weights])
    expect(here).toContainEqual(['.', (await plan(folder, { name: 'vllm' })).load.identity.weights])
  })

  it('of a hub id gives llama.cpp the GGUF file that the hub cache holds, known by its digest', async () => {
    const cache = join(folder, '..', 'hub')
    const snapshot = join(cache, 'models--Qwen--Qwen3-Embedding-8B-GGUF', 'snapshots', 'c0ffee')
    const spec = { model: 'Qwen/Qwen3-Embedding-8B', engine: { launch: { name: 'llamacpp', file: 'Q8_0' } } }
    const context = { baseDir: join(folder, '..'), hubCache: cache }
    await expect(resolveModel(spec, context)).rejects.toThrow(
      /SB-MODEL-015.*`hf download Qwen\/Qwen3-Embedding-8B-GGUF --include "\*Q8_0\*\.gguf"`/,
    )
    mkdirSync(snapshot, { recursive: true })
    for (const name of ['Qwen3-Embedding-8B-Q8_0.gguf', 'Qwen3-Embedding-8B-f16.gguf']) writeFileSync(join(snapshot, name), name)
    const { load, recipe } = await resolveModel(spec, context)
    expect(load).toMatchObject({
      model: 'Qwen/Qwen3-Embedding-8B',
      revision: '4e423935c619ae4df87b646a3ce949610c66241c',
      identity: { dtype: 'q8_0', options: { file: 'Qwen3-Embedding-8B-Q8_0.gguf', pooling: 'lasttoken', dimensions: 4096 } },
      open: { folder: snapshot },
    })
    expect(load.identity.options).not.toHaveProperty('repo')
    expect(recipe.dimensions).toBe(4096)
    expect(await launchFolder(load, undefined)).toBe(snapshot)
    const path = {
      name: 'llamacpp',
      file: './hub/models--Qwen--Qwen3-Embedding-8B-GGUF/snapshots/c0ffee/Qwen3-Embedding-8B-Q8_0.gguf',
    }
    const elsewhere = await resolveModel({ ...spec, engine: { launch: path } }, { baseDir: join(folder, '..') })
    expect(elsewhere.load.key).toBe(load.key)
    const named = { launch: { name: 'llamacpp', repo: 'Qwen/Qwen3-Embedding-8B-GGUF', file: 'f16' } }
    expect((await resolveModel({ ...spec, engine: named }, context)).load.identity.dtype).toBe('float16')
    const foreign = { launch: { name: 'vllm', repo: 'org/x' } }
    await expect(resolveModel({ ...spec, engine: foreign }, context)).rejects.toThrow(/SB-SPEC-004.*repo/)
  })

  it('of a hub id that no card knows gives its dimensions, in the hub cache at the pinned revision', async () => {
    const cache = join(folder, '..', 'hub')
    const revision = '0123456789012345678901234567890123456789'
    const snapshot = join(cache, 'models--org--own', 'snapshots', revision)
    const resolve = (given: { revision?: string; recipe?: RecipePatch }) =>
      resolveModel({ model: 'org/own', engine: { launch: { name: 'vllm' } }, ...given }, { baseDir: '/nowhere', hubCache: cache })
    await expect(resolve({ revision })).rejects.toThrow(/SB-MODEL-004.*Write `recipe: \{ dimensions: N \}` beside the model/)
    mkdirSync(snapshot, { recursive: true })
    writeFileSync(join(snapshot, 'config.json'), '{"hidden_size": 48}')
    const read = await resolve({ revision })
    expect(read.recipe.dimensions).toBe(48)
    expect(read.load.key).toBe((await resolve({ revision, recipe: { dimensions: 48 } })).load.key)
    await expect(resolve({})).rejects.toThrow('SB-MODEL-004')
    await expect(resolve({ revision: 'v2' })).rejects.toThrow('SB-MODEL-004')
  })

  it('with GGUF files in parts is known by all of them', async () => {
    const parts = ['m-Q8_0-00001-of-00002.gguf', 'm-Q8_0-00002-of-00002.gguf']
    for (const name of parts) writeFileSync(join(folder, name), name)
    const { load } = await plan(folder, { name: 'llamacpp', file: 'Q8_0' })
    expect(load.identity).toMatchObject({ dtype: 'q8_0', options: { file: parts[0] } })
    expect(await launchFolder(load, undefined)).toBe(folder)
    writeFileSync(join(folder, parts[1] as string), 'another second half')
    await expect(launchFolder(load, undefined)).rejects.toThrow('SB-MODEL-009')
  })

  it('that holds a reranker keeps its recipe behind vllm, and is what the server answers behind llamacpp', async () => {
    cpSync(join(SHARED, 'tiny-qwen3-reranker'), folder, { recursive: true })
    writeFileSync(join(folder, 'm-Q8_0.gguf'), 'packed')
    const like = { like: 'Qwen/Qwen3-Reranker-0.6B' }
    const of = (launch: LaunchChoice) => resolveReranker({ model: folder, engine: { launch }, recipe: like }, { baseDir: '/' })
    expect((await of({ name: 'vllm' })).recipe).toMatchObject({ head: 'yes-no', yesToken: 'yes' })
    const packed = await of({ name: 'llamacpp' })
    expect(packed.recipe).toMatchObject({ head: 'server', template: null })
    expect(packed.warnings.join()).toContain('template of the GGUF file')
    expect(basename(folder)).toBe('tiny')
  })
})
