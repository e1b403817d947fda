import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { infinityRerankStub, ollamaStub, StubModel, type StubRoutes, StubServer, teiStub } from '@sweepboard/test-kit'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { EndpointChoice, RecipePatch } from '../model-source.ts'
import { PROBE_PAIRS } from '../pair-probe.ts'
import { PROBE_TEXTS } from '../probe.ts'
import { resolveModel } from '../resolve-model.ts'
import { resolveRerankServer } from '../resolve-rerank-server.ts'
import { openEndpointEngine } from './endpoint-engine.ts'

const RETRY = { firstDelayMs: 5, mostDelayMs: 20, noProgressMs: 2000 }
const FILLER = 'the night train to the coast was late again and nobody knew when it would arrive north seven house'

let model: StubModel
let server: StubServer
let folder: string
beforeEach(async () => {
  model = new StubModel([...PROBE_TEXTS, ...PROBE_PAIRS.flatMap(({ query, document }) => [query, document]), FILLER, 'w7'])
  folder = await mkdtemp(join(tmpdir(), 'sweepboard-misfit-'))
  for (const [file, text] of Object.entries(model.files)) await writeFile(join(folder, file), text)
})
afterEach(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
})
const start = async (routes: StubRoutes) => {
  server = await StubServer.start(routes)
}
const plan = (dialect: 'tei' | 'ollama', recipe?: RecipePatch) => {
  const endpoint = { url: server.root, model: 'stub-model', tokenizer: folder }
  const engine = { [dialect]: endpoint } as unknown as { openai: EndpointChoice }
  return resolveModel({ model: 'org/stub', engine, recipe }, { baseDir: '/', retry: RETRY })
}
/** `/api/embed` of Ollama, its answer or its request changed. */
const embed = () => server.routes['POST /api/embed'] as StubRoutes[string]

it('a server that puts a prompt before each text is refused when it is planned, and when it is opened', async () => {
  await start(ollamaStub(model))
  const { load } = await plan('ollama')
  const answer = embed()
  server.trap = (request) => {
    const body = request.body as { input?: string[] } | null
    if (body?.input === undefined) return undefined
    return answer({ ...request, body: { ...body, input: body.input.map((text) => `w7 ${text}`) } })
  }
  await expect(plan('ollama')).rejects.toMatchObject({ code: 'SB-HTTP-009' })
  const unpinned = { ...load, identity: { ...load.identity, fingerprint: null } }
  await expect(openEndpointEngine(unpinned, { retry: RETRY })).rejects.toMatchObject({ code: 'SB-HTTP-009' })
})

/** Ollama, counting as `count` makes of the right number. */
async function counting(count: (tokens: number) => number): Promise<void> {
  await start(ollamaStub(model))
  const answer = embed()
  server.trap = (request) => {
    const reply = answer(request) as { json: { prompt_eval_count: number } }
    return { json: { ...reply.json, prompt_eval_count: count(reply.json.prompt_eval_count) } }
  }
}

it.each([
  ['one more for all', (tokens: number) => tokens + 1],
  // Infinity's default.
  ['characters', (tokens: number) => Math.ceil(tokens * 4.3)],
])('counts of another kind (%s) are not used, and the plan says so', async (_, count) => {
  await counting(count)
  expect((await plan('ollama')).warnings.join()).toContain('do not fit the tokenizer')
})

it('a count of none is no count', async () => {
  await counting(() => 0)
  expect((await plan('ollama')).warnings.join()).not.toContain('do not fit the tokenizer')
})

it.each([
  ['half the tokens', (tokens: number) => Math.floor(tokens / 2)],
  ['three tokens for all', () => 3],
])('a server that counts %s of the probe texts is refused', async (_, count) => {
  await counting(count)
  await expect(plan('ollama')).rejects.toMatchObject({ code: 'SB-HTTP-009' })
})

it('a server that says it pools otherwise than the model is refused', async () => {
  await start(teiStub(model))
  const { dimensions } = (await plan('tei')).recipe
  const recipe = { dimensions, maxTokens: 16 }
  await expect(plan('tei', { ...recipe, like: 'BAAI/bge-m3' })).rejects.toMatchObject({
    code: 'SB-MODEL-004',
    message: expect.stringContaining('pooling cls: the server says that it pools by mean'),
  })
  expect((await plan('tei', { ...recipe, like: 'intfloat/e5-base-v2' })).recipe.dimensions).toBe(dimensions)
})

it('a server that brings all to unit length is refused where the length counts', async () => {
  await start(teiStub(model))
  await expect(plan('tei', { similarity: 'dot', normalize: false })).rejects.toThrow(/their own length/)
  expect((await plan('tei', { similarity: 'dot' })).recipe.similarity).toBe('dot')
})

it('says where a server names another model as the one it serves', async () => {
  const routes = teiStub(model)
  await start(routes)
  expect((await plan('tei')).warnings.join()).not.toContain('says that it serves')
  await server.stop()
  const info = (routes['GET /info'] as () => { json: object })()
  await start({ ...routes, 'GET /info': () => ({ json: { ...info.json, model_id: 'org/another' } }) })
  expect((await plan('tei')).warnings.join()).toContain('says that it serves org/another')
})

it.each([
  [64, 200, true],
  [150, 200, true],
  [200, 200, false],
])('a reranker that cuts pairs to %i tokens in silence, of %i wanted: refused %s', async (limit, maxTokens, isRefused) => {
  await start(infinityRerankStub(model))
  const answer = server.routes['POST /v1/rerank'] as StubRoutes[string]
  server.trap = (request) => {
    const body = request.body as { query: string; documents: string[] }
    const room = limit - model.ids(body.query).length - 1
    const cut = (text: string) => text.split(' ').slice(0, room).join(' ')
    return answer({ ...request, body: { ...body, documents: body.documents.map(cut) } })
  }
  const source = {
    model: 'org/stub',
    folder: null,
    choice: { url: `${server.root}/v1`, tokenizer: folder },
    recipe: { maxTokens },
  }
  const planned = resolveRerankServer(source, { baseDir: '/', retry: RETRY })
  if (isRefused) await expect(planned).rejects.toMatchObject({ code: 'SB-HTTP-008' })
  else expect((await planned).recipe.maxTokens).toBe(maxTokens)
})
