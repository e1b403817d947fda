import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HOST_SECRET, hostOf, sha256 } from '@sweepboard/contracts'
import { openLocalQueue } from '@sweepboard/queue'
import type { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createApp } from './app.ts'
import { ServiceMetrics } from './metrics-service.ts'
import { openApiDocument } from './openapi.ts'
import { ROUTES } from './routes.ts'
import { WORKER_ROUTES } from './routes-worker.ts'
import { Service } from './service.ts'

let folder: string
let service: Service
let app: Hono
let guarded: Hono
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sweepboard-app-'))
  const queue = openLocalQueue()
  service = await Service.open({
    folder: join(folder, 'data'),
    holder: 'a test',
    openQueue: async () => ({ queue, join: { kind: 'local' } }),
    version: '0.0.0',
    beatMs: 500,
    tickMs: 100,
    readableRoots: null,
    log: () => undefined,
  })
  const web = join(folder, 'web')
  mkdirSync(join(web, 'assets'), { recursive: true })
  writeFileSync(join(web, 'index.html'), '<!doctype html>board')
  writeFileSync(join(web, 'assets/app.js'), 'export {}')
  writeFileSync(join(folder, 'secret.html'), 'secret')
  mkdirSync(join(folder, 'web-neighbour'))
  writeFileSync(join(folder, 'web-neighbour/x.html'), 'secret')
  const options = { webFolder: web, bodyLimitBytes: 2000, artifactLimitBytes: 5000 }
  app = createApp(service, { ...options, tokens: { read: null, write: null } })
  guarded = createApp(service, { ...options, tokens: { read: 'reader', write: 'writer' } })
})
afterAll(async () => {
  await service.stop()
  rmSync(folder, { recursive: true, force: true })
})

const LOCAL = { host: '127.0.0.1:4400' }
const ask = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}, to: Hono = app) =>
  to.request(`http://127.0.0.1:4400${path}`, { ...init, headers: { ...LOCAL, ...init.headers } })
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code

describe('what stands behind the board', () => {
  it('tells whether workers can join, and refuses groups that are no numbers', async () => {
    expect(await (await ask('/api/v1/health')).json()).toMatchObject({ ok: true, isJoinable: false })
    expect(await (await ask('/api/v1/cells/sweeps?groups=1,2')).json()).toEqual([])
    for (const groups of ['', 'x', '1,', '1.5', '1,'.repeat(2000)])
      expect(await codeOf(await ask(`/api/v1/cells/sweeps?groups=${groups}`)), groups).toBe('SB-SERVE-005')
  })
})

describe('access', () => {
  it('loopback without a token may all; another Host or Origin nothing but health', async () => {
    expect((await ask('/api/v1/sweeps')).status).toBe(200)
    const refused = await ask('/api/v1/sweeps', { headers: { host: 'evil.example' } })
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect((await ask('/api/v1/sweeps', { headers: { origin: 'http://evil.example' } })).status).toBe(401)
    expect((await ask('/api/v1/health', { headers: { host: 'evil.example' } })).status).toBe(200)
  })

  it('every route asks for its token: none without, the read ones with the read token', async () => {
    for (const { method, path, access } of ROUTES) {
      const at = `/api/v1${path.replace(/:\w+/g, 'x')}`
      const status = async (token: string | null) =>
        (
          await ask(
            at,
            { method, headers: token ? { authorization: `Bearer ${token}` } : {}, ...(method === 'POST' ? { body: '{}' } : {}) },
            guarded,
          )
        ).status
      const label = `${method} ${path}`
      if (access === 'open') expect(await status(null), label).toBe(200)
      else expect(await status(null), label).toBe(401)
      if (access === 'write') expect(await status('reader'), label).toBe(401)
      if (access === 'read') expect(await status('reader'), label).not.toBe(401)
      expect(await status('writer'), label).not.toBe(401)
    }
  })

  it('artifacts and events are guarded as well', async () => {
    const digest = sha256('x')
    expect((await ask(`/api/v1/artifacts/${digest}`, {}, guarded)).status).toBe(401)
    expect((await ask('/api/v1/events', {}, guarded)).status).toBe(401)
    const put = await ask(
      `/api/v1/artifacts/${digest}`,
      { method: 'PUT', body: 'x', headers: { authorization: 'Bearer reader' } },
      guarded,
    )
    expect(put.status).toBe(401)
    const huge = await ask(`/api/v1/artifacts/${digest}`, { method: 'PUT', body: 'x'.repeat(6000) }, guarded)
    expect(huge.status, 'the token is asked for before the body is read').toBe(401)
    expect(service.store.existsSync(digest)).toBe(false)
  })
})

describe('a host', () => {
  it('is spoken for by who knows its secret alone: another holder of the write token is refused before anything is done', async () => {
    const host = hostOf('secret of a host')
    const says = (path: string, body: object | null, secret?: string) =>
      ask(
        `/api/v1${path}`,
        {
          headers: { authorization: 'Bearer writer', ...(secret === undefined ? {} : { [HOST_SECRET]: secret }) },
          ...(body === null ? {} : { method: 'POST', body: JSON.stringify(body) }),
        },
        guarded,
      )
    const beat = { host, hostname: 'box', boot: 1, seq: 1, version: '0', slots: [], holding: [], weights: null, allowEnv: [] }
    const calls: readonly (readonly [string, object | null])[] = [
      ['/beat', beat],
      ['/commit', { host, ledger: 'l', commits: [] }],
      [`/hosts/${host}/call`, null],
    ]
    for (const [path, body] of calls)
      for (const secret of [undefined, 'another']) {
        const answer = await says(path, body, secret)
        expect([answer.status, await codeOf(answer)], path).toEqual([403, 'SB-SERVE-009'])
      }
    expect(service.coordinator.hosts().some((one) => one.host === host)).toBe(false)
    const heard = await says('/beat', beat, 'secret of a host')
    expect([heard.status, await heard.text()]).toEqual([200, expect.stringContaining('stop')])
    expect((await says('/beat', { ...beat, host: 'h0123456789abcdef' })).status, 'a worker of before').toBe(200)
  })

  it('every call of a worker but the first says who speaks', () => {
    const silent = WORKER_ROUTES.filter(({ speaker }) => speaker === undefined).map(({ path }) => path)
    expect(silent).toEqual(['/join'])
  })
})

describe('bad requests', () => {
  it('answers coded JSON: not JSON, a wrong form, a body too long, an unknown sweep, an unknown page', async () => {
    const post = (body: string) => ask('/api/v1/beat', { method: 'POST', body })
    const notJson = await post('{')
    expect([notJson.status, await codeOf(notJson)]).toEqual([400, 'SB-SERVE-005'])
    const wrong = await post('{"host":5}')
    expect([wrong.status, await codeOf(wrong)]).toEqual([400, 'SB-SERVE-005'])
    const long = await post(`"${'x'.repeat(3000)}"`)
    expect([long.status, await codeOf(long)]).toEqual([413, 'SB-SERVE-007'])
    for (const path of [
      'sweeps/none',
      'sweeps/none/cells',
      'sweeps/none/resources',
      'sweeps/none/gates',
      'resources?sweep=none',
    ]) {
      const unknown = await ask(`/api/v1/${path}`)
      expect([unknown.status, await codeOf(unknown)], path).toEqual([404, 'SB-LEDGER-002'])
    }
    expect((await ask('/api/v1/nothing')).status).toBe(404)
  })
})

describe('methods', () => {
  it.each([
    ['DELETE', '/api/v1/sweeps', 'GET, HEAD, OPTIONS, POST'],
    ['GET', '/api/v1/beat', 'OPTIONS, POST'],
    ['PUT', '/api/v1/sweeps/some-id', 'GET, HEAD, OPTIONS'],
    ['POST', `/api/v1/artifacts/${sha256('x')}`, 'GET, HEAD, OPTIONS, PUT'],
    ['POST', '/api/v1/events', 'GET, HEAD, OPTIONS'],
    ['POST', '/openapi.json', 'GET, HEAD, OPTIONS'],
    ['PROPFIND', '/some/page', 'GET, HEAD, OPTIONS'],
  ])('%s %s is refused with the methods there are, which OPTIONS names too', async (method, path, allow) => {
    const refused = await ask(path, { method })
    expect([refused.status, refused.headers.get('allow'), await codeOf(refused)]).toEqual([405, allow, 'SB-SERVE-012'])
    const options = await ask(path, { method: 'OPTIONS', headers: { origin: 'http://evil.example' } })
    expect([options.status, options.headers.get('allow'), await options.text()]).toEqual([204, allow, ''])
    expect([...options.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  it('a path that nothing serves is missing by every method', async () => {
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'])
      for (const path of ['/api/v1/nothing', '/api/v1/sweeps/a/b/c', '/none.js'])
        expect((await ask(path, { method })).status, `${method} ${path}`).toBe(404)
  })

  it('HEAD is answered like GET, without the body; what would send it is let go', async () => {
    for (const path of ['/api/v1/health', '/api/v1/sweeps', '/api/v1/sweeps/none', '/openapi.json', '/', '/assets/app.js']) {
      const [head, got] = [await ask(path, { method: 'HEAD' }), await ask(path)]
      expect([head.status, [...head.headers]], path).toEqual([got.status, [...got.headers]])
      expect([(await head.text()).length, (await got.text()).length > 0], path).toEqual([0, true])
    }
    const listeners = vi.spyOn(service.events, 'subscribe')
    const stops = vi.fn()
    listeners.mockImplementation(() => stops)
    const events = await ask('/api/v1/events', { method: 'HEAD' })
    listeners.mockRestore()
    expect([events.status, events.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    expect(stops).toHaveBeenCalledOnce()
  })
})

describe('accuracy by kind', () => {
  it('wants a task, and refuses one without scores or an unknown sweep', async () => {
    const answers = ['', '?task=', '?task=NoSuchTask', '?task=NoSuchTask&sweep=none'].map(async (query) => {
      const response = await ask(`/api/v1/kinds${query}`)
      return [response.status, await codeOf(response)]
    })
    expect(await Promise.all(answers)).toEqual([
      [400, 'SB-SERVE-005'],
      [400, 'SB-SERVE-005'],
      [404, 'SB-SCORE-004'],
      [404, 'SB-LEDGER-002'],
    ])
  })
})

describe('artifacts', () => {
  it('stores what has its digest and gives it back; refuses anything else and stores nothing', async () => {
    const digest = sha256('hello')
    const at = (name: string) => `/api/v1/artifacts/${name}`
    const wrong = await ask(at(digest), { method: 'PUT', body: 'other' })
    expect([wrong.status, await codeOf(wrong)]).toEqual([422, 'SB-ART-002'])
    expect((await ask(at(digest), { method: 'HEAD' })).status).toBe(404)
    expect((await ask(at(digest))).status).toBe(404)
    expect((await ask(at(digest), { method: 'PUT', body: 'hello' })).status).toBe(200)
    const got = await ask(at(digest))
    expect(await got.text()).toBe('hello')
    expect(got.headers.get('etag')).toBe(`"${digest}"`)
    expect((await ask(at(digest), { method: 'HEAD' })).status).toBe(200)
    const long = 'x'.repeat(6000)
    const tooLong = await ask(at(sha256(long)), { method: 'PUT', body: long })
    expect([tooLong.status, await codeOf(tooLong)]).toEqual([413, 'SB-ART-003'])
    for (const name of ['..%2Fledger.db', 'short', `${digest}x`, digest.toUpperCase()])
      expect((await ask(at(name))).status, name).toBe(404)
  })
})

describe('the board', () => {
  it('serves its files and its page for every path of the app, with a content policy', async () => {
    const page = await ask('/sweeps/some-id')
    expect(await page.text()).toContain('board')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    for (const path of ['/', '/api/v1/health', '/api/v1/nothing', '/openapi.json'])
      expect((await app.request(path)).headers.get('x-content-type-options'), path).toBe('nosniff')
    const script = await ask('/assets/app.js')
    expect(script.headers.get('content-type')).toContain('javascript')
    expect(script.headers.get('cache-control')).toContain('immutable')
    await script.text()
  })

  it.each([
    '/..%2fsecret.html',
    '/%2e%2e/secret.html',
    '/assets/..%2f..%2fsecret.html',
    '/..%2fweb-neighbour%2fx.html',
    '/..%5csecret.html',
    '/%2e%2e%2fdata%2fledger.db',
    '/%00.html',
    '/%ff.html',
    '/assets',
  ])('gives nothing outside its folder: %s', async (path) => {
    const response = await ask(path)
    expect(response.status).toBeLessThan(500)
    expect(await response.text()).not.toContain('secret')
  })
})

describe('openapi.json', () => {
  it('lists every route with its method, body and whether it wants a token', async () => {
    const document = (await (await ask('/openapi.json')).json()) as {
      paths: Record<
        string,
        Record<
          string,
          { security: unknown[]; requestBody?: unknown; summary: string; parameters?: { name: string; in: string }[] }
        >
      >
    }
    for (const { method, path, access, body, query = {}, speaker } of ROUTES) {
      const entry = document.paths[`/api/v1${path.replace(/:(\w+)/g, '{$1}')}`]?.[method.toLowerCase()]
      expect(entry, `${method} ${path}`).toBeDefined()
      expect(entry?.summary.length).toBeGreaterThan(5)
      expect(entry?.security.length, path).toBe(access === 'open' ? 0 : 1)
      expect(entry?.requestBody !== undefined, path).toBe(body !== undefined)
      const named = (place: string) => (entry?.parameters ?? []).filter((one) => one.in === place).map(({ name }) => name)
      expect(named('path'), path).toEqual([...path.matchAll(/:(\w+)/g)].map(([, name]) => name))
      expect(named('query'), path).toEqual(Object.keys(query))
      expect(named('header'), path).toEqual(speaker === undefined ? [] : [HOST_SECRET])
    }
  })

  it('names what exists and nothing else, and what its bodies are where they are not JSON', async () => {
    const metered = createApp(service, {
      tokens: { read: null, write: null },
      webFolder: null,
      bodyLimitBytes: 1,
      artifactLimitBytes: 1,
      metrics: { of: new ServiceMetrics(service), token: null },
    })
    const { paths } = openApiDocument('0') as { paths: Record<string, Record<string, object>> }
    const named = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((one) => `${one} ${path}`))
    const served = metered.routes
      .filter(({ method, path }) => method !== 'ALL' && !path.endsWith('*'))
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`)
    expect(named.sort()).toEqual([...new Set(served)].sort())
    const artifact = paths['/api/v1/artifacts/{digest}']
    const [binary, pattern] = ['application/octet-stream', '^[0-9a-f]{64}$']
    expect(artifact?.put).toMatchObject({ requestBody: { content: { [binary]: {} } }, parameters: [{ schema: { pattern } }] })
    expect(artifact?.get).toMatchObject({ responses: { 200: { content: { [binary]: {} } } } })
    expect(paths['/api/v1/events']?.get).toMatchObject({ responses: { 200: { content: { 'text/event-stream': {} } } } })
  })

  it('names every parameter of a query that a route reads', async () => {
    for (const { method, path, query = {}, run } of ROUTES.filter(({ method }) => method === 'GET')) {
      const read = new Set<string>()
      const queries = new Proxy({}, { get: (_, name) => void read.add(String(name)) })
      const params = { sweep: 's', task: 't', host: 'h', id: 'x' }
      await Promise.resolve()
        .then(() => run(service, { params, queries, body: undefined, signal: AbortSignal.timeout(1) }))
        .catch(() => {}) // what is asked for does not exist
      expect(
        [...read].filter((name) => !(name in query)),
        `${method} ${path}`,
      ).toEqual([])
      expect(
        Object.keys(query).filter((name) => !read.has(name)),
        `${method} ${path}`,
      ).toEqual(path === '/kinds' ? ['sweep'] : [])
    }
  })

  it.each(['/lanes', '/health'])('says what %s answers, and that is what it answers', async (path) => {
    const { paths } = openApiDocument('0') as { paths: Record<string, Record<string, object>> }
    const described = { 200: { content: { 'application/json': { schema: {} } } } }
    expect(paths[`/api/v1${path}`]?.get).toMatchObject({ responses: described })
    const answer = ROUTES.find((route) => route.path === path)?.answer
    expect(answer?.safeParse(await (await ask(`/api/v1${path}`)).json())).toMatchObject({ success: true })
  })

  it('says what a refusal is like, as it is', async () => {
    const document = (await (await ask('/openapi.json')).json()) as {
      components: { responses: { error: { content: Record<string, { schema: { properties: object } }> } } }
    }
    const { schema } = document.components.responses.error.content['application/json'] ?? {}
    const refusal = (await (await ask('/api/v1/nothing')).json()) as object
    expect(Object.keys(schema?.properties ?? {})).toEqual(Object.keys(refusal))
  })
})

describe('gc by request', () => {
  it('spares what was found stored after it was marked', async () => {
    const bytes = new TextEncoder().encode('nothing names this')
    const path = `/api/v1/artifacts/${sha256(bytes)}`
    await ask(path, { method: 'PUT', body: bytes })
    const gc = async (body: object) =>
      (await ask('/api/v1/gc', { method: 'POST', body: JSON.stringify(body) })).json() as Promise<Record<string, number>>
    const before = await gc({ olderThanMs: 3_600_000, dryRun: false })
    expect(before.unreferenced).toBeGreaterThan(0)
    expect(before.deleted).toBe(0)
    expect(service.ledger.unreferenced([sha256(bytes)])[0]?.since).not.toBeNull()
    expect((await ask(path, { method: 'HEAD' })).status).toBe(200)
    expect(service.ledger.unreferenced([sha256(bytes)])[0]?.since).toBeNull()
    expect(await gc({ olderThanMs: 0, dryRun: true })).toMatchObject({ old: before.unreferenced, deleted: 0 })
    expect(await gc({ olderThanMs: 0, dryRun: false })).toMatchObject({ deleted: before.unreferenced })
    expect((await ask(path, { method: 'HEAD' })).status).toBe(404)
    expect((await ask('/api/v1/gc', { method: 'POST', body: '{"olderThanMs":-1,"dryRun":true}' })).status).toBe(400)
  })
})

describe('comparisons of two engines', () => {
  const engine = { model: 'm', revision: '1', load: 'a'.repeat(64), engine: 'onnx', version: '1', dtype: 'fp32', provider: 'cpu' }
  const row = {
    at: '2026-11-21T10:00:00.000Z',
    a: engine,
    b: { ...engine, engine: 'openai' },
    kind: 'embeddings',
    texts: 'probe set 1',
    holds: true,
    agreement: 0.99999,
    verdict: { checks: [] },
    numbers: { worst: [{ id: 'long-01', value: 0.9 }] },
    code: '0.1.0',
  }
  const send = (body: unknown) =>
    ask('/api/v1/consistency', { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })

  it('are recorded whole, listed by model, and refused where their form is wrong', async () => {
    expect((await send(row)).status).toBe(200)
    expect(await (await ask('/api/v1/consistency?model=m')).json()).toEqual([{ id: 1, ...row }])
    expect(await (await ask('/api/v1/consistency?model=other')).json()).toEqual([])
    const wrong = await send({ ...row, a: { ...engine, load: 'short' } })
    expect([wrong.status, await codeOf(wrong)]).toEqual([400, 'SB-SERVE-005'])
  })
})
