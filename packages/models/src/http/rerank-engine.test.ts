import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import {
  cohereRerankStub,
  hostedRerankStub,
  infinityRerankStub,
  resetMidBody,
  StubModel,
  type StubRoutes,
  StubServer,
  sglangRerankStub,
  teiRerankStub,
  vllmRerankStub,
} from '@sweepboard/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RerankChoice } from '../model-source.ts'
import { openPairEngine } from '../open-pair-engine.ts'
import { PROBE_PAIRS, PROBE_PAIRS_PER_QUERY } from '../pair-probe.ts'
import { type RerankServerSource, resolveRerankServer } from '../resolve-rerank-server.ts'
import { openRerankEngine } from './rerank-engine.ts'

const RETRY = { firstDelayMs: 5, mostDelayMs: 20, noProgressMs: 2000 }
const WORDS = Array.from({ length: 60 }, (_, i) => `w${i}`)
const LONG = WORDS.join(' ')
const DOCUMENTS = ['w1 w9', 'w2 w3 w1', 'w7', 'w1 w2 w5 w6', 'w4 w4', 'w8 w2']
const QUERIES = ['w1 w2', 'w5']
const PAIRS = QUERIES.flatMap((query) => DOCUMENTS.map((document) => ({ query, document, instruction: null })))

let model: StubModel
let server: StubServer
let folder: string
beforeEach(async () => {
  model = new StubModel([...PROBE_PAIRS.flatMap(({ query, document }) => [query, document]), LONG])
  folder = await mkdtemp(join(tmpdir(), 'sweepboard-stub-reranker-'))
  for (const [file, text] of Object.entries(model.files)) await writeFile(join(folder, file), text)
})
afterEach(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
})

interface Given extends Partial<RerankChoice> {
  readonly recipe?: RerankServerSource['recipe']
}
async function plan(given: Given = {}) {
  const { recipe, ...choice } = given
  const url = 'GET /info' in server.routes ? server.root : `${server.root}/v1`
  const source = { model: 'org/stub', folder: null, choice: { url, model: 'stub', ...choice }, recipe }
  return resolveRerankServer(source, { baseDir: '/', retry: RETRY })
}
async function open(given: Given = {}) {
  const { load, recipe } = await plan(given)
  return openRerankEngine(load, recipe, { retry: RETRY })
}
const logits = (pairs: readonly { query: string; document: string }[]) =>
  pairs.map(({ query, document }) => model.logit(model.ids(query), model.ids(document)))
const asProbability = (logit: number) => 1 / (1 + Math.exp(-logit))
const rounded = (scores: Iterable<number>) => [...scores].map((score) => Math.fround(score))

interface Served {
  readonly name: string
  readonly routes: (model: StubModel) => StubRoutes
  readonly style: string
  readonly isRaw: boolean
  readonly named?: 'cohere'
}
const SERVERS: readonly Served[] = [
  { name: 'vLLM', routes: (own) => vllmRerankStub(own), style: 'jina', isRaw: false },
  { name: 'Infinity', routes: infinityRerankStub, style: 'jina', isRaw: true },
  { name: 'Jina or SiliconFlow behind a proxy', routes: hostedRerankStub, style: 'jina', isRaw: false },
  { name: 'Cohere', routes: cohereRerankStub, style: 'cohere', isRaw: false, named: 'cohere' },
  { name: 'SGLang', routes: sglangRerankStub, style: 'sglang', isRaw: false },
  { name: 'TEI', routes: (own) => teiRerankStub(own, { maxBatch: 4, maxTokens: 512 }), style: 'tei', isRaw: true },
]

describe.each(SERVERS)('$name', ({ routes, style, isRaw, named }) => {
  const given = named === undefined ? {} : { style: named }
  beforeEach(async () => {
    server = await StubServer.start(routes(model))
  })

  it('is asked in its style; scores come by index, not by rank', async () => {
    const { load, recipe } = await plan(given)
    expect(load.identity).toMatchObject({ engine: 'rerank-api', options: { style } })
    const engine = await openPairEngine(load, recipe)
    const { scores, counts } = await engine.scorePairs(PAIRS)
    expect(rounded(scores)).toEqual(rounded(logits(PAIRS).map(isRaw ? (x) => x : asProbability)))
    expect(counts).toMatchObject({ truncatedCount: 0, emptyTextCount: 0 })
    expect(engine).toMatchObject({ engine: 'rerank-api', device: 'endpoint' })
  })

  it('is sent a pair once, whatever the order and number of its places', async () => {
    const engine = await open(given)
    const pairs = [PAIRS[3], PAIRS[7], PAIRS[3], PAIRS[0]].map((pair) => pair as (typeof PAIRS)[0])
    const before = server.requests.length
    const { scores } = await engine.scorePairs(pairs)
    expect(scores[0]).toBe(scores[2])
    expect(rounded(scores)).toEqual(rounded(logits(pairs).map(isRaw ? (x) => x : asProbability)))
    const sent = server.requests.slice(before).flatMap(({ body }) => (body?.documents ?? body?.texts ?? []) as string[])
    expect(sent.filter((text) => text === PAIRS[3]?.document)).toHaveLength(1)
  })

  it('is caught when another model answers at its URL', async () => {
    const { load, recipe } = await plan(given)
    const engine = await openRerankEngine(load, recipe, { retry: RETRY })
    await engine.scorePairs(PAIRS)
    model.seed = 'another '
    await expect(engine.scorePairs(PAIRS)).rejects.toMatchObject({ code: 'SB-HTTP-005' })
    await expect(openRerankEngine(load, recipe, { retry: RETRY })).rejects.toMatchObject({ code: 'SB-HTTP-005' })
    expect((await plan(given)).load.key).not.toBe(load.key)
  })
})

describe('traps', () => {
  const spoil = (change: (results: Record<string, unknown>[]) => unknown) => {
    server.trap = (request) => {
      const answer = vllmRerankStub(model)['POST /v1/rerank'] as StubRoutes[string]
      const { json } = answer(request) as { json: { results: Record<string, unknown>[] } }
      const isProbe = String(request.body?.query).startsWith('sweepboard probe: ')
      return isProbe ? { json } : { json: change(json.results) ?? json }
    }
  }

  it.each<[string, (results: Record<string, unknown>[]) => unknown]>([
    ['a score too few', (results) => void results.pop()],
    ['a doubled index', (results) => void Object.assign(results[1] as object, { index: results[0]?.index })],
    ['a score that is no number', (results) => void Object.assign(results[0] as object, { relevance_score: null })],
    ['a bare list where results were', (results) => results],
  ])('%s is refused', async (_, change) => {
    server = await StubServer.start(vllmRerankStub(model))
    const engine = await open()
    spoil(change)
    await expect(engine.scorePairs(PAIRS)).rejects.toMatchObject({ code: 'SB-HTTP-004' })
  })

  it('the one document a server refuses is named by its pair', async () => {
    server = await StubServer.start(teiRerankStub(model, { maxBatch: 8, maxTokens: 48 }))
    const engine = await open()
    const pairs = [...PAIRS, { query: 'w1', document: LONG, instruction: null }, ...PAIRS]
    await expect(engine.scorePairs(pairs)).rejects.toMatchObject({ code: 'SB-MODEL-006', details: { text: PAIRS.length } })
  })

  it('documents are cut here, with the tokenizer, and counted', async () => {
    server = await StubServer.start(teiRerankStub(model, { maxBatch: 8, maxTokens: 48 }))
    const engine = await open({ tokenizer: folder, recipe: { maxTokens: 48 } })
    const { scores, counts } = await engine.scorePairs([{ query: 'w1', document: LONG, instruction: null }])
    // [CLS] w1 [SEP] and the last [SEP] leave 44 words of the document.
    const kept = WORDS.slice(0, 44).join(' ')
    expect(rounded(scores)).toEqual(rounded(logits([{ query: 'w1', document: kept }])))
    expect(counts.truncatedCount).toBe(1)
    await expect(plan({ tokenizer: folder, recipe: { maxTokens: 49 } })).rejects.toMatchObject({ code: 'SB-HTTP-008' })
    await expect(plan({ recipe: { maxTokens: 48 } })).rejects.toMatchObject({ code: 'SB-MODEL-004' })
  })

  it('texts are counted alone where the tokenizer frames no pairs, as those of causal rerankers', async () => {
    const tokenizer = JSON.parse(String(model.files['tokenizer.json']))
    tokenizer.post_processor = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false }
    await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer))
    server = await StubServer.start(teiRerankStub(model, { maxBatch: 8, maxTokens: 51 }))
    const engine = await open({ tokenizer: folder, recipe: { maxTokens: 48 } })
    const { scores, counts } = await engine.scorePairs([{ query: 'w1', document: LONG, instruction: null }])
    expect(rounded(scores)).toEqual(rounded(logits([{ query: 'w1', document: WORDS.slice(0, 47).join(' ') }])))
    expect(counts.truncatedCount).toBe(1)
  })

  it('what only a folder can have of a recipe is refused, not passed over', async () => {
    server = await StubServer.start(teiRerankStub(model, { maxBatch: 8, maxTokens: 48 }))
    await expect(plan({ recipe: { like: 'Qwen/Qwen3-Reranker-0.6B', padding: 'left' } })).rejects.toThrow(
      /SB-MODEL-004.*no like, padding/,
    )
  })

  it('a model that is a folder brings its tokenizer, and its name', async () => {
    server = await StubServer.start(teiRerankStub(model, { maxBatch: 8, maxTokens: 48 }))
    const choice = { url: server.root }
    const source = { model: folder, folder: null, choice, recipe: { maxTokens: 48 } }
    const { load } = await resolveRerankServer(source, { baseDir: '/', retry: RETRY })
    expect(load).toMatchObject({ model: `local/${basename(folder)}`, open: { folder } })
    expect(load.identity.options).toMatchObject({ model: basename(folder), tokenizer: expect.stringMatching(/^[0-9a-f]{64}$/) })
  })

  it('an instruction goes to who takes one, and is refused elsewhere', async () => {
    server = await StubServer.start(sglangRerankStub(model))
    const pairs = [{ query: 'w1', document: 'w2', instruction: 'w3' }]
    const { scores } = await (await open()).scorePairs(pairs)
    expect(rounded(scores)).toEqual(rounded(logits([{ query: 'w3 w1', document: 'w2' }]).map(asProbability)))
    await server.stop()
    server = await StubServer.start(vllmRerankStub(model))
    await expect((await open()).scorePairs(pairs)).rejects.toMatchObject({ code: 'SB-HTTP-010' })
    await expect(plan({ recipe: { instruction: 'w3' } })).rejects.toMatchObject({ code: 'SB-HTTP-010' })
  })

  it('batches keep to the limit that TEI tells; a reset connection makes it look at all canary pairs', async () => {
    server = await StubServer.start(teiRerankStub(model, { maxBatch: 4, maxTokens: 512 }))
    const engine = await open({ batch: 100 })
    let isBroken = true
    server.trap = () => {
      if (!isBroken) return undefined
      isBroken = false
      return resetMidBody
    }
    const before = server.bodies('/rerank').length
    const { scores, counts } = await engine.scorePairs(PAIRS)
    expect(rounded(scores)).toEqual(rounded(logits(PAIRS)))
    expect(counts.splitCount).toBe(0)
    const bodies = server.bodies('/rerank').slice(before)
    expect(bodies.every(({ texts }) => (texts as unknown[]).length <= 4)).toBe(true)
    expect(bodies.filter(({ query }) => String(query).startsWith('sweepboard probe: '))).toHaveLength(2)
  })

  it('who leaves the cutting to a server that cuts in silence is warned', async () => {
    const warned = expect.arrayContaining([expect.stringContaining('cuts long pairs in silence')])
    server = await StubServer.start(infinityRerankStub(model))
    expect((await plan()).warnings).toEqual(warned)
    expect((await plan({ tokenizer: folder, recipe: { maxTokens: 64 } })).warnings).not.toEqual(warned)
  })

  it('a server with one score for everything is refused at once', async () => {
    server = await StubServer.start({
      'POST /v1/rerank': () => ({
        json: { results: Array.from({ length: PROBE_PAIRS_PER_QUERY }, (_, index) => ({ index, relevance_score: 0.5 })) },
      }),
    })
    await expect(plan()).rejects.toMatchObject({ code: 'SB-HTTP-004' })
  })

  it('a template of ours, or another head than the server, cannot be kept', async () => {
    server = await StubServer.start(vllmRerankStub(model))
    for (const recipe of [{ template: { prefix: '', middle: '{query} {document}', suffix: '' } }, { head: 'sigmoid' as const }])
      await expect(plan({ recipe })).rejects.toMatchObject({ code: 'SB-MODEL-004' })
  })
})
