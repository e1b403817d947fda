import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Load, type PairRecipe, pairLoad, SideRecipe } from '@sweepboard/contracts'
import {
  infinityStub,
  llamaCppStub,
  ollamaStub,
  StubModel,
  type StubRoutes,
  StubServer,
  sglangStub,
  teiRerankStub,
  teiStub,
  vllmRerankStub,
  vllmStub,
} from '@sweepboard/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LaunchChoice, RecipePatch } from '../model-source.ts'
import { openEngine } from '../open-engine.ts'
import { openPairEngine } from '../open-pair-engine.ts'
import { PROBE_PAIRS } from '../pair-probe.ts'
import { PROBE_TEXTS } from '../probe.ts'
import { resolveModel } from '../resolve-model.ts'
import { resolveReranker } from '../resolve-reranker.ts'

const FILLER = 'the night train to the coast was late again and nobody knew when it would arrive north seven house'
const WORDS = Array.from({ length: 40 }, (_, i) => `w${i}`)
const LONG = WORDS.join(' ')
const TEXTS = ['w1 w2', 'w3', LONG, 'w1 w2']
const RECIPE: RecipePatch = { pooling: 'mean', normalize: true, maxTokens: 20, similarity: 'cosine' }

let model: StubModel
let server: StubServer
let folder: string
beforeEach(async () => {
  model = new StubModel([...PROBE_TEXTS, ...PROBE_PAIRS.flatMap(({ query, document }) => [query, document]), FILLER, LONG])
  folder = await mkdtemp(join(tmpdir(), 'sweepboard-launched-'))
  const config = JSON.parse(model.files['config.json'] as string)
  const files = { ...model.files, 'config.json': JSON.stringify({ ...config, hidden_size: model.dim, dtype: 'float16' }) }
  for (const [file, text] of Object.entries({ ...files, 'model.safetensors': 'weights', 'm-Q8_0.gguf': 'packed' }))
    await writeFile(join(folder, file), text)
})
afterEach(async () => {
  await server?.stop()
  await rm(folder, { recursive: true })
})

const plan = (launch: LaunchChoice, recipe: RecipePatch = RECIPE) =>
  resolveModel({ model: folder, engine: { launch }, recipe }, { baseDir: '/' })
/** As a worker does it: the server stands by now, and its URL is known. */
async function serve(load: Load, routes: StubRoutes): Promise<Load> {
  server = await StubServer.start(routes)
  const base =
    load.identity.engine === 'tei' || load.identity.engine === 'ollama' || load.identity.options.style === 'tei' ? '' : '/v1'
  return { ...load, open: { ...load.open, url: server.root + base } }
}
const SIDE = SideRecipe.parse({ maxTokens: 20, normalize: true })
const cut = (text: string) => [...model.ids(text).slice(0, 19), 2]

const SERVERS = [
  ['vllm', {}, vllmStub],
  ['sglang', {}, sglangStub],
  ['llamacpp', { file: 'Q8_0' }, llamaCppStub],
  ['tei', {}, teiStub],
  ['ollama', { model: 'stub:f16' }, ollamaStub],
  ['infinity', {}, infinityStub],
] as const

describe.each(SERVERS)('a launched %s', (name, options, stub) => {
  // Some pool as the model's own files say; these say nothing, so the spec's word stands.
  it('is opened by its ordinary engine, without a fingerprint, and cuts here', async () => {
    const { load, recipe } = await plan({ name, ...options })
    expect(load.identity).toMatchObject({ provider: name, fingerprint: null })
    expect(load.open).toMatchObject({ url: null, launch: { launcher: name, serves: 'vectors', maxTokens: 20 } })
    expect(recipe.query.pooling).toBe('none')
    const engine = await openEngine(await serve(load, stub(model, { maxTokens: 20 })))
    const { vectors, counts } = await engine.encode(SIDE, TEXTS)
    expect(counts.truncatedCount).toBe(1)
    const wanted = model.vector(cut(LONG))
    const row = vectors.values.subarray(2 * model.dim, 3 * model.dim)
    expect(Math.max(...wanted.map((x, j) => Math.abs(x - (row[j] as number))))).toBeLessThan(1e-6)
  })

  it('of other dimensions is refused', async () => {
    const { load } = await plan({ name, ...options })
    const wide = new StubModel(model.words, 32)
    await expect(openEngine(await serve(load, stub(wide, { maxTokens: 20 })))).rejects.toThrow(/SB-HTTP-010.*32 dimensions/)
  })
})

describe('a launched embeddings server', () => {
  it('that gives no unit vectors is refused where its start asks for them', async () => {
    const { load } = await plan({ name: 'vllm' })
    const long = new StubModel(model.words)
    const unit = long.vector.bind(long)
    long.vector = (ids) => unit(ids).map((x) => 3 * x)
    await expect(openEngine(await serve(load, vllmStub(long, { maxTokens: 20 })))).rejects.toThrow(/SB-HTTP-010.*unit length/)
  })

  it('with another tokenizer is refused where token ids would be sent', async () => {
    const { load } = await plan({ name: 'vllm' })
    const routes = vllmStub(model, { maxTokens: 20 })
    const other = new StubModel([...model.words].reverse())
    const embed = vllmStub(other, { maxTokens: 20 })['POST /v1/embeddings'] as NonNullable<StubRoutes[string]>
    // Texts are read by a vocabulary in another order than ours.
    await expect(openEngine(await serve(load, { ...routes, 'POST /v1/embeddings': embed }))).rejects.toThrow(
      /SB-HTTP-010.*token ids/,
    )
  })

  it('that reads less than the recipe wants, and cuts in silence, is refused', async () => {
    const { load } = await plan({ name: 'infinity' })
    await expect(openEngine(await serve(load, infinityStub(model, { maxTokens: 12 })))).rejects.toThrow('SB-HTTP-008')
  })

  it('that nobody started says so', async () => {
    const { load } = await plan({ name: 'vllm' })
    await expect(openEngine(load)).rejects.toThrow(/SB-HTTP-001.*a worker starts its server/)
  })

  it('of the host’s own is spoken to in the dialect of the spec', async () => {
    const { load } = await plan({ name: 'my-server', dialect: 'tei', dtype: 'float32' })
    expect(load.identity).toMatchObject({ engine: 'tei', provider: 'my-server', dtype: 'float32' })
    const engine = await openEngine(await serve(load, teiStub(model, { maxTokens: 20 })))
    expect((await engine.encode(SIDE, ['w1'])).vectors.rowCount).toBe(1)
  })
})

describe('a launched reranker', () => {
  const template = {
    prefix: 'Judge: answer can only be "yes" or "no"\n',
    middle: '<Instruct>: {instruction}\n<Query>: {query}\n<Document>: {document}',
    suffix: '\n\n',
  }
  const yesNo: Partial<PairRecipe> = { head: 'yes-no', template, instruction: 'w1', yesToken: 'w1', noToken: 'w2' }
  async function planned(launch: LaunchChoice, recipe: Partial<PairRecipe>) {
    await writeFile(
      join(folder, 'config.json'),
      JSON.stringify({
        architectures: [recipe.head === 'yes-no' ? 'QwenForCausalLM' : 'BertForSequenceClassification'],
        num_labels: 1,
      }),
    )
    const found = await resolveReranker(
      { model: folder, engine: { launch }, recipe: { maxTokens: 60, ...recipe } },
      { baseDir: '/' },
    )
    return { load: pairLoad(found.load, found.recipe), recipe: found.recipe }
  }

  it('under a template gets the middle of it in two parts, each pair with its own instruction', async () => {
    const { load, recipe } = await planned({ name: 'vllm' }, yesNo)
    const engine = await openPairEngine(await serve(load, vllmRerankStub(model)), recipe)
    await engine.scorePairs([
      { query: 'w3', document: 'w4', instruction: null },
      { query: 'w3', document: '', instruction: 'w9' },
    ])
    const bodies = server.bodies('/v1/rerank') as unknown as { query: string; documents: string[]; instruction?: string }[]
    expect(bodies).toContainEqual(
      expect.objectContaining({ query: '<Instruct>: w1\n<Query>: w3', documents: ['\n<Document>: w4'] }),
    )
    expect(bodies).toContainEqual(
      expect.objectContaining({ query: '<Instruct>: w9\n<Query>: w3', documents: ['\n<Document>: '] }),
    )
    expect(bodies.every((body) => body.instruction === undefined && body.query.startsWith('<Instruct>: '))).toBe(true)
  })

  it('that ranks the canary pairs against their meaning is refused', async () => {
    const { load, recipe } = await planned({ name: 'vllm' }, {})
    const upside = new StubModel(model.words)
    const logit = upside.logit.bind(upside)
    upside.logit = (query, document) => -logit(query, document)
    await expect(openPairEngine(await serve(load, vllmRerankStub(upside)), recipe)).rejects.toThrow(/SB-HTTP-010.*canary/)
  })

  it('of TEI is asked for raw scores in its own style', async () => {
    const { load, recipe } = await planned({ name: 'tei' }, {})
    expect(load.identity.options).toMatchObject({ style: 'tei', rawScores: true })
    const engine = await openPairEngine(await serve(load, teiRerankStub(model, { maxBatch: 32, maxTokens: 60 })), recipe)
    const { scores } = await engine.scorePairs([{ query: 'w3', document: 'w3 w4', instruction: null }])
    expect(scores[0]).toBeCloseTo(model.logit(model.ids('w3'), model.ids('w3 w4')), 6)
  })

  it.each([
    ['tei', 'a causal model'],
    ['infinity', 'a causal model'],
    ['ollama', 'gives no scores'],
  ])('of a yes-no kind is refused behind %s', async (name, why) => {
    await expect(planned({ name, ...(name === 'ollama' ? { model: 'm' } : {}) }, yesNo)).rejects.toThrow(why)
  })
})
