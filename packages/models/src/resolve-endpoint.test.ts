import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EmbeddingsServer } from '../test/embeddings-server.ts'
import { openEndpointEngine } from './http/endpoint-engine.ts'
import { fingerprintFits, fingerprintOf, PROBE_MARK, PROBE_TEXTS } from './probe.ts'
import { resolveModel } from './resolve-model.ts'

const RETRY = { firstDelayMs: 5, mostDelayMs: 20, noProgressMs: 200 }
let server: EmbeddingsServer
beforeEach(async () => {
  server = await EmbeddingsServer.start()
})
afterEach(() => server.stop())
const resolveHere = (given: { recipe?: object; known?: string[]; openai?: object } = {}) =>
  resolveModel(
    { model: 'org/name', engine: { openai: { url: server.url, ...given.openai } }, recipe: given.recipe },
    { baseDir: '/', retry: RETRY, knownFingerprints: given.known },
  )
function probesOf(own: EmbeddingsServer) {
  const values = Float32Array.from(PROBE_TEXTS.flatMap((text) => own.vector(text)))
  return { rowCount: PROBE_TEXTS.length, dim: own.dim, values }
}

describe('fingerprints', () => {
  it('stay, most of the time, under jitter of 1e-4 and always fit', () => {
    server.dim = 1024
    const first = fingerprintOf(probesOf(server))
    server.jitter = 1e-4
    const again = Array.from({ length: 20 }, () => probesOf(server))
    expect(again.every((vectors) => fingerprintFits(first, vectors))).toBe(true)
    expect(again.filter((vectors) => fingerprintOf(vectors) === first).length).toBeGreaterThan(10)
  })

  it('differ between models, and from a model turned by a cosine of 0.99', () => {
    const first = fingerprintOf(probesOf(server))
    server.seed = 'another model '
    const other = probesOf(server)
    expect(fingerprintFits(first, other)).toBe(false)
    server.seed = ''
    const turned = probesOf(server).values.map((member, j) => member + 0.142 * (other.values[j] as number))
    expect(fingerprintFits(first, { ...other, values: turned })).toBe(false)
  })

  it('do not depend on length, and never fit another dimension or other words', () => {
    const vectors = probesOf(server)
    const first = fingerprintOf(vectors)
    expect(fingerprintOf({ ...vectors, values: vectors.values.map((member) => 7 * member) })).toBe(first)
    server.dim = 32
    expect(fingerprintFits(first, probesOf(server))).toBe(false)
    expect(fingerprintFits('something else', vectors)).toBe(false)
  })
})

describe('resolving an endpoint', () => {
  it('learns dimension and fingerprint from marked probe texts only', async () => {
    const { load, recipe } = await resolveHere({ openai: { batch: 3 } })
    expect(recipe).toMatchObject({
      dimensions: 64,
      similarity: 'cosine',
      query: { template: '{text}', pooling: 'none', normalize: false },
    })
    expect(load).toMatchObject({ model: 'org/name', revision: 'no_revision_available', open: { batchTexts: 3, concurrency: 4 } })
    expect(server.requests.flatMap((request) => request.input).every((text) => text.startsWith(PROBE_MARK))).toBe(true)
    // All of them in batches, and two again alone: that shows vectors that move with their batch-mates.
    expect(server.requests.map((request) => request.input.length)).toEqual([3, 3, 2, 1, 1])
  })

  it('keeps its load key whatever URL, limits and jitter; a known fingerprint that fits is kept', async () => {
    const first = await resolveHere()
    server.jitter = 1e-4
    const again = await resolveHere({
      openai: { concurrency: 9, timeout: 5000 },
      known: ['p1-64:1', first.load.identity.fingerprint as string],
    })
    expect(again.load.key).toBe(first.load.key)
    server.seed = 'another model '
    expect((await resolveHere({ known: [first.load.identity.fingerprint as string] })).load.key).not.toBe(first.load.key)
  })

  it('refuses to open a server that has changed', async () => {
    const { load } = await resolveHere()
    await (await openEndpointEngine(load, { retry: RETRY })).close()
    server.seed = 'another model '
    await expect(openEndpointEngine(load, { retry: RETRY })).rejects.toMatchObject({ code: 'SB-HTTP-005' })
  })

  it('wants a similarity where vectors have no unit length', async () => {
    server.scale = 3
    await expect(resolveHere()).rejects.toMatchObject({ code: 'SB-MODEL-004' })
    expect((await resolveHere({ recipe: { similarity: 'dot' } })).recipe.similarity).toBe('dot')
    expect((await resolveHere({ recipe: { normalize: true } })).recipe.similarity).toBe('cosine')
  })

  it.each([
    [{ openai: { key: '$UNSET' } }, 'SB-HTTP-006'],
    [{ recipe: { maxTokens: 512 } }, 'SB-MODEL-004'],
    [{ recipe: { query: { template: 'no place' } } }, 'SB-MODEL-004'],
    [{ recipe: { dimensions: 65 } }, 'SB-MODEL-004'],
    [{ openai: { url: 'http://user:secret@127.0.0.1:9/v1' } }, 'SB-SPEC-004'],
    [{ openai: { url: 'http://127.0.0.1:9/v1' } }, 'SB-HTTP-001'],
  ])('refuses %j', async (given, code) => {
    const error = await resolveHere(given).catch((thrown) => thrown)
    expect(error).toMatchObject({ code })
    expect(String(error)).not.toContain('secret')
  })

  it('refuses a server that gives zeros', async () => {
    server.scale = 0
    await expect(resolveHere()).rejects.toMatchObject({ code: 'SB-HTTP-004' })
  })
})
