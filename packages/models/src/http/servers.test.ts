import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SideRecipe } from '@sweepboard/contracts'
import {
  htmlPage,
  infinityStub,
  llamaCppStub,
  ollamaStub,
  resetMidBody,
  StubModel,
  type StubRoutes,
  StubServer,
  sglangStub,
  teiStub,
  vllmStub,
} from '@sweepboard/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Engine } from '../engine.ts'
import type { EndpointChoice, RecipePatch } from '../model-source.ts'
import { PROBE_TEXTS } from '../probe.ts'
import { resolveModel } from '../resolve-model.ts'
import { openEndpointEngine } from './endpoint-engine.ts'

const RETRY = { firstDelayMs: 5, mostDelayMs: 20, noProgressMs: 2000 }
const FILLER = 'the night train to the coast was late again and nobody knew when it would arrive north seven house'
const WORDS = Array.from({ length: 40 }, (_, i) => `w${i}`)
const TEXTS = WORDS.slice(0, 9).map((word, i) => `${word} ${WORDS[i + 9]} ${WORDS[i + 18]}`)
/** 40 words: 42 tokens. */
const LONG = WORDS.join(' ')
const SIDE = SideRecipe.parse({})

let model: StubModel
let server: StubServer
let folder: string
beforeEach(async () => {
  model = new StubModel([...PROBE_TEXTS, FILLER, LONG])
  folder = await mkdtemp(join(tmpdir(), 'sweepboard-stub-model-'))
  for (const [file, text] of Object.entries(model.files)) await writeFile(join(folder, file), text)
})
afterEach(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
})

type Dialect = 'openai' | 'tei' | 'ollama'
const start = async (routes: StubRoutes) => {
  server = await StubServer.start(routes)
}
function plan(dialect: Dialect, given: Partial<EndpointChoice> & { recipe?: RecipePatch; known?: string[] } = {}) {
  const { recipe, known, ...choice } = given
  const url = dialect === 'openai' ? `${server.root}/v1` : server.root
  const endpoint = { url, model: 'stub-model', tokenizer: folder, ...choice }
  const engine = { [dialect]: endpoint } as unknown as { openai: EndpointChoice }
  return resolveModel({ model: 'org/stub', engine, recipe }, { baseDir: '/', retry: RETRY, knownFingerprints: known })
}
const open = async (dialect: Dialect, given: Parameters<typeof plan>[1] = {}): Promise<Engine> =>
  openEndpointEngine((await plan(dialect, given)).load, { retry: RETRY })
const vectorsOf = (all: readonly (readonly number[])[]) => all.flatMap((ids) => model.vector(ids).map(Math.fround))
const whole = (texts: readonly string[]) => vectorsOf(texts.map((text) => model.ids(text)))
const cutTo = (text: string, tokens: number) => [...model.ids(text).slice(0, tokens - 1), 2]

interface Served {
  readonly name: string
  readonly dialect: Dialect
  readonly routes: (model: StubModel, limits?: { maxTokens?: number }) => StubRoutes
  readonly version: string
  readonly input: 'tokens' | 'text'
}
const SERVERS: readonly Served[] = [
  { name: 'vLLM', dialect: 'openai', routes: vllmStub, version: 'vllm 0.11.0', input: 'tokens' },
  { name: 'SGLang', dialect: 'openai', routes: sglangStub, version: 'sglang 0.5.3', input: 'tokens' },
  { name: 'Infinity', dialect: 'openai', routes: infinityStub, version: 'infinity 0.0.77', input: 'text' },
  { name: 'llama.cpp', dialect: 'openai', routes: llamaCppStub, version: 'llama.cpp b6800-abc', input: 'tokens' },
  { name: 'TEI', dialect: 'tei', routes: teiStub, version: 'tei 1.9.3', input: 'text' },
  { name: 'Ollama', dialect: 'ollama', routes: ollamaStub, version: 'ollama 0.14.2', input: 'text' },
]

describe.each(SERVERS)('$name', ({ dialect, routes, version, input }) => {
  it('gives its vectors, says what it is, and is sent token ids where it reads them', async () => {
    await start(routes(model))
    const { load } = await plan(dialect)
    expect(load.identity).toMatchObject({ engine: dialect, options: { input } })
    const engine = await openEndpointEngine(load, { retry: RETRY })
    expect(engine).toMatchObject({ engine: dialect, version })
    expect(engine.provider).toContain(input === 'tokens' ? 'token ids' : 'text')
    const { vectors, counts } = await engine.encode(SIDE, TEXTS)
    expect([...vectors.values]).toEqual(whole(TEXTS))
    expect(counts).toMatchObject({ tokenCount: 5 * TEXTS.length, truncatedCount: 0, splitCount: 0 })
  })

  it('cuts texts here to the recipe and counts them', async () => {
    await start(routes(model))
    const engine = await open(dialect, { recipe: { maxTokens: 12 } })
    const { vectors, counts } = await engine.encode({ ...SIDE, maxTokens: 12 }, [LONG, 'w1 w2', LONG])
    expect([...vectors.values]).toEqual(vectorsOf([cutTo(LONG, 12), model.ids('w1 w2'), cutTo(LONG, 12)]))
    expect(counts).toMatchObject({ truncatedCount: 2, tokenCount: 16 })
  })

  it('is refused where it reads less than the recipe wants', async () => {
    await start(routes(model, { maxTokens: 16 }))
    await expect(plan(dialect, { recipe: { maxTokens: 20 } })).rejects.toMatchObject({ code: 'SB-HTTP-008' })
    expect((await plan(dialect, { recipe: { maxTokens: 16 } })).recipe.query.maxTokens).toBe(16)
  })

  it.skipIf(version.startsWith('infinity'))('names the one text it refuses, and gives no vector of a cut one', async () => {
    await start(routes(model, { maxTokens: 16 }))
    const failing = (await open(dialect)).encode(SIDE, [...TEXTS, LONG, 'w3'])
    await expect(failing).rejects.toMatchObject({ code: 'SB-MODEL-006', details: { text: TEXTS.length } })
  })

  it('is caught when another model answers at its URL', async () => {
    await start(routes(model))
    const { load } = await plan(dialect)
    const engine = await openEndpointEngine(load, { retry: RETRY })
    await engine.encode(SIDE, TEXTS)
    model.seed = 'another model '
    await expect(engine.encode(SIDE, TEXTS)).rejects.toMatchObject({ code: 'SB-HTTP-005' })
    await expect(openEndpointEngine(load, { retry: RETRY })).rejects.toMatchObject({ code: 'SB-HTTP-005' })
    expect((await plan(dialect, { known: [load.identity.fingerprint as string] })).load.key).not.toBe(load.key)
  })
})

describe('traps', () => {
  it('a batch above a limit that the refusal names is cut to it, once for the whole run', async () => {
    await start(vllmStub(model))
    const engine = await open('openai', { batch: 9, concurrency: 1 })
    server.trap = ({ body }) => {
      const { input } = body as { input: unknown[] }
      const error = `batch size ${input.length} > maximum allowed batch size 4`
      return input.length > 4 ? { status: 422, json: { error } } : undefined
    }
    const before = server.bodies('/v1/embeddings').length
    const first = await engine.encode(SIDE, TEXTS)
    expect([...first.vectors.values]).toEqual(whole(TEXTS))
    expect(first.counts.splitCount).toBe(1)
    const second = await engine.encode(SIDE, TEXTS)
    expect(second.counts).toMatchObject({ splitCount: 0, batchCount: 3 })
    const sizes = server
      .bodies('/v1/embeddings')
      .slice(before)
      .map(({ input }) => (input as unknown[]).length)
    expect(sizes.filter((size) => size > 4)).toEqual([9])
  })

  it('a 413 without a limit is learned from by halving', async () => {
    await start(vllmStub(model))
    const engine = await open('openai', { batch: 8, concurrency: 1 })
    server.trap = ({ body }) =>
      (body as { input: unknown[] }).input.length > 3 ? { status: 413, json: 'length limit exceeded' } : undefined
    expect([...(await engine.encode(SIDE, TEXTS)).vectors.values]).toEqual(whole(TEXTS))
    expect((await engine.encode(SIDE, TEXTS)).counts.splitCount).toBe(0)
  })

  it.each<[string, (reply: Parameters<typeof resetMidBody>[0]) => void]>([
    ['a connection reset in the middle of an answer', resetMidBody],
    ['a first byte that comes too late', (response) => void setTimeout(() => response.destroy(), 400)],
  ])('%s is asked again, and the model looked at again', async (_, broken) => {
    await start(vllmStub(model))
    const engine = await open('openai', { timeout: 200 })
    let drops = 1
    server.trap = () => (drops-- > 0 ? broken : undefined)
    const before = server.bodies('/v1/embeddings').length
    expect([...(await engine.encode(SIDE, TEXTS)).vectors.values]).toEqual(whole(TEXTS))
    const last = server.bodies('/v1/embeddings').slice(before).at(-1)
    expect(last?.input).toEqual(PROBE_TEXTS)
  })

  it('another model behind a connection that was lost is caught although one probe text would not show it', async () => {
    await start(vllmStub(model))
    const engine = await open('openai')
    let isBroken = true
    server.trap = ({ body }) => {
      if (isBroken) {
        isBroken = false
        model.seed = 'another '
        return resetMidBody
      }
      const { input } = body as { input: unknown[] }
      if (input.length !== 1) return undefined
      const { seed } = model
      model.seed = ''
      const data = [{ index: 0, embedding: model.vector(model.ids(String(input[0]))) }]
      model.seed = seed
      return { json: { data } }
    }
    await expect(engine.encode(SIDE, TEXTS)).rejects.toMatchObject({ code: 'SB-HTTP-005' })
  })

  it('an HTML page in place of JSON ends the run', async () => {
    await start(vllmStub(model))
    const engine = await open('openai')
    server.trap = () => htmlPage
    await expect(engine.encode(SIDE, TEXTS)).rejects.toMatchObject({
      code: 'SB-HTTP-004',
      message: expect.stringContaining('text/html'),
    })
  })

  it('slices without unit length are refused where the probes had it', async () => {
    await start(infinityStub(model))
    const engine = await open('openai')
    server.trap = ({ body }) => {
      const { input } = body as { input: string[] }
      const data = input.map((text, index) => ({ index, embedding: model.vector(model.ids(text)).map((x) => x / 2) }))
      return { json: { data, usage: { prompt_tokens: 1 } } }
    }
    await expect(engine.encode(SIDE, TEXTS)).rejects.toMatchObject({ code: 'SB-HTTP-004' })
  })

  it.each([
    ['fewer', -1],
    ['more', 3],
  ])('a server that counts %s tokens than were sent is refused', async (_, extra) => {
    await start(ollamaStub(model))
    const engine = await open('ollama')
    const answer = server.routes['POST /api/embed'] as StubRoutes[string]
    server.trap = (request) => {
      const reply = answer(request) as { json: { prompt_eval_count: number } }
      return { json: { ...reply.json, prompt_eval_count: reply.json.prompt_eval_count + extra } }
    }
    await expect(engine.encode(SIDE, TEXTS)).rejects.toMatchObject({ code: 'SB-HTTP-009' })
  })

  it.each([
    ['one text', 5, 5],
    ['two texts', 2, 3],
  ])(
    '%s that a server splits otherwise: the error names the first, quoted and escaped, with both counts',
    async (_, at, other) => {
      await start(ollamaStub(model))
      const engine = await open('ollama', { batch: 32 })
      const answer = server.routes['POST /api/embed'] as StubRoutes[string]
      const texts = TEXTS.map((text, i) => (i === at || i === other ? `${text} \u202e${'odd '.repeat(40)}${i}` : text))
      const before = server.bodies('/api/embed').length
      server.trap = (request) => {
        const reply = answer(request) as { json: { prompt_eval_count: number } }
        const extra = (request.body as { input: string[] }).input.filter((text) => text.includes('odd')).length
        return { json: { ...reply.json, prompt_eval_count: reply.json.prompt_eval_count + 6 * extra } }
      }
      const error = await engine.encode(SIDE, texts).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'SB-HTTP-009', details: { text: at, found: 52, wanted: 46 } })
      expect((error as Error).message).toMatch(
        new RegExp(`tokens of text ${at}, "${TEXTS[at]} \\\\u\\{202e\\}odd odd .*"\\.\\.\\.`),
      )
      expect(server.bodies('/api/embed').length - before).toBeLessThanOrEqual(1 + 6)
    },
  )

  it.each([
    ['tei', teiStub, '/embed'],
    ['ollama', ollamaStub, '/api/embed'],
  ] as const)('%s is told not to cut, and is sent no dimensions', async (dialect, routes, path) => {
    await start(routes(model))
    await (await open(dialect)).encode(SIDE, TEXTS)
    expect(server.bodies(path).length).toBeGreaterThan(2)
    expect(server.bodies(path).every((body) => body.truncate === false && !('dimensions' in body))).toBe(true)
  })

  it('a 429 halves what is under way at once', async () => {
    await start(vllmStub(model))
    const engine = await open('openai', { batch: 1, concurrency: 4 })
    let [underWay, refused] = [0, 0]
    const seen: number[] = []
    server.trap = (request) => (response) => {
      underWay += 1
      if (refused > 0) seen.push(underWay)
      setTimeout(() => {
        underWay -= 1
        const full = refused === 0
        if (full) refused += 1
        const reply = vllmStub(model)['POST /v1/embeddings']?.(request) as { json: unknown }
        response.writeHead(full ? 429 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(full ? {} : reply.json))
      }, 15)
    }
    expect([...(await engine.encode(SIDE, TEXTS)).vectors.values]).toEqual(whole(TEXTS))
    expect(Math.max(...seen.slice(3))).toBeLessThanOrEqual(2)
  })

  it('keeps its connections', async () => {
    await start(vllmStub(model))
    const engine = await open('openai', { batch: 1, concurrency: 1 })
    const before = server.connectionCount
    await engine.encode(SIDE, TEXTS)
    expect(server.connectionCount - before).toBeLessThanOrEqual(1)
  })

  it('who leaves the cutting to a server that cuts in silence is warned', async () => {
    await start(infinityStub(model))
    const query = { template: '{text}' }
    const warned = expect.stringContaining('cuts long texts in silence')
    expect((await plan('openai', { recipe: { query } })).warnings).toEqual([warned])
    expect((await plan('openai', { recipe: { query, maxTokens: 64 } })).warnings).toEqual([])
  })

  it('a template that Infinity would strip is refused', async () => {
    await start(infinityStub(model))
    const recipe = { document: { template: '{text} ' } }
    await expect(plan('openai', { recipe })).rejects.toMatchObject({ code: 'SB-MODEL-004' })
  })

  it('a closing token goes along as an id; a server that takes no ids is refused', async () => {
    const side = { ...SIDE, closingToken: '[PAD]' }
    await start(vllmStub(model))
    const { vectors } = await (await open('openai')).encode(side, ['w1'])
    expect([...vectors.values]).toEqual(vectorsOf([[...model.ids('w1'), 3]]))
    await server.stop()
    await start(infinityStub(model))
    await expect((await open('openai')).encode(side, ['w1'])).rejects.toMatchObject({ code: 'SB-MODEL-004' })
  })

  it('tei asked of a server that is none is refused, and a tokenizer that is not on this host', async () => {
    await start(vllmStub(model))
    await expect(plan('tei')).rejects.toMatchObject({ code: 'SB-HTTP-010' })
    const { load } = await plan('openai')
    const moved = { ...load, open: { ...load.open, folder: '/nowhere' } }
    await expect(openEndpointEngine(moved, { retry: RETRY })).rejects.toMatchObject({ code: 'SB-MODEL-001' })
    expect((await openEndpointEngine(moved, { retry: RETRY, modelsRoot: join(folder, '..') })).engine).toBe('openai')
  })
})
