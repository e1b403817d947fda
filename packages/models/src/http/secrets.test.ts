import { inspect } from 'node:util'
import { SideRecipe } from '@sweepboard/contracts'
import { StubModel, type StubReply, StubServer, vllmRerankStub, vllmStub } from '@sweepboard/test-kit'
import { afterEach, describe, expect, it } from 'vitest'
import { PROBE_PAIRS } from '../pair-probe.ts'
import { PROBE_TEXTS } from '../probe.ts'
import { resolveModel } from '../resolve-model.ts'
import { resolveRerankServer } from '../resolve-rerank-server.ts'
import { openEndpointEngine } from './endpoint-engine.ts'
import { openRerankEngine } from './rerank-engine.ts'
import { readServerFacts } from './server-facts.ts'

const KEY = 'sk-this-must-stay-unseen-1234567890'
const RETRY = { firstDelayMs: 5, mostDelayMs: 20, noProgressMs: 100 }
const CONTEXT = { baseDir: '/', retry: RETRY, readVariable: (name: string) => (name === 'A_KEY' ? KEY : undefined) }
const model = new StubModel([...PROBE_TEXTS, ...PROBE_PAIRS.flatMap(({ query, document }) => [query, document])])
let server: StubServer
afterEach(() => server.stop())

/** All that can be seen of a value: its JSON, its inspection with causes, its text. */
const seen = (value: unknown) => `${JSON.stringify(value)} ${inspect(value, { depth: 20, showHidden: true })} ${String(value)}`
/** A server that repeats the key it was sent in whatever it answers. */
const repeats = (status: number): StubReply => ({
  status,
  json: { error: { message: `Incorrect API key provided: ${KEY}`, type: KEY }, detail: KEY, data: KEY, results: KEY },
})

describe.each([200, 400, 401, 413, 422, 429, 500, 503])('a key that a server repeats in a %i', (status) => {
  it('stands in no load, engine, row or error of an embedder', async () => {
    server = await StubServer.start(vllmStub(model))
    const engine = { openai: { url: `${server.root}/v1`, key: '$A_KEY', model: 'stub-model' } }
    const { load, warnings } = await resolveModel({ model: 'org/stub', engine }, CONTEXT)
    const opened = await openEndpointEngine(load, { apiKey: KEY, retry: RETRY })
    expect(server.requests.every(({ headers }) => headers.authorization === `Bearer ${KEY}`)).toBe(true)
    server.trap = () => repeats(status)
    const error = await opened.encode(SideRecipe.parse({}), ['a']).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: expect.stringMatching(/^SB-(HTTP|MODEL)-/) })
    for (const value of [load, warnings, opened, error]) expect(seen(value)).not.toContain(KEY)
  })

  it('stands in no load, engine, score or error of a reranker', async () => {
    server = await StubServer.start(vllmRerankStub(model))
    const choice = { url: `${server.root}/v1`, key: '$A_KEY', model: 'stub' }
    const { load, recipe, warnings } = await resolveRerankServer({ model: 'org/stub', folder: null, choice }, CONTEXT)
    const opened = await openRerankEngine(load, recipe, { apiKey: KEY, retry: RETRY })
    server.trap = () => repeats(status)
    const pairs = [{ query: 'a', document: 'b', instruction: null }]
    const error = await opened.scorePairs(pairs).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: expect.stringMatching(/^SB-(HTTP|MODEL)-/) })
    for (const value of [load, warnings, opened, error]) expect(seen(value)).not.toContain(KEY)
  })
})

describe('a key that a server repeats where its words are cut', () => {
  it.each([268, 280, 285, 299])('after %i characters leaves no part of it behind', async (before) => {
    server = await StubServer.start(vllmStub(model))
    const engine = { openai: { url: `${server.root}/v1`, key: '$A_KEY', model: 'stub-model' } }
    const message = `${'x'.repeat(before)}${KEY}`
    for (const reply of [
      { status: 401, json: { error: { message } } },
      { status: 400, json: message },
    ]) {
      server.trap = () => reply as StubReply
      const error = await resolveModel({ model: 'org/stub', engine }, CONTEXT).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: expect.stringMatching(/^SB-HTTP-/) })
      expect(seen(error)).not.toContain(KEY.slice(0, 6))
    }
  })

  it('stands in no version that the server claims', async () => {
    server = await StubServer.start({ ...vllmStub(model), 'GET /version': () => ({ json: { version: `1 ${KEY}` } }) })
    const facts = await readServerFacts({ url: `${server.root}/v1`, model: 'stub-model', apiKey: KEY, timeoutMs: 1000 })
    expect(facts.version).toBe('1 ***')
  })
})
