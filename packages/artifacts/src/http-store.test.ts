import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { canonicalJson, sha256 } from '@sweepboard/contracts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openHttpStore } from './http-store.ts'

const BYTES = new TextEncoder().encode('sweepboard')
const DIGEST = sha256(BYTES)
const TOKEN = 'secret-token'
type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void

/** A service over real sockets: keeps what is put, checks the token, and lets a test take over single answers. */
class Service {
  readonly stored = new Map<string, Buffer>()
  readonly calls: string[] = []
  readonly takeOver: Handler[] = []
  readonly #server: Server = createServer((request, response) => this.#answer(request, response))
  url = ''

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address !== null && typeof address === 'object') this.url = `http://127.0.0.1:${address.port}`
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const body = Buffer.concat(parts)
    this.calls.push(request.method ?? '')
    const handler = this.takeOver.shift()
    if (handler) return handler(request, response, body)
    const digest = /^\/api\/v1\/artifacts\/([0-9a-f]{64})$/.exec(request.url ?? '')?.[1]
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return refuse(response, 401, 'SB-SERVE-002')
    if (!digest) return refuse(response, 404, 'SB-SERVE-006')
    if (request.method === 'PUT') {
      if (sha256(body) !== digest) return refuse(response, 422, 'SB-ART-002')
      this.stored.set(digest, body)
      response.end(canonicalJson({ digest }))
      return
    }
    const bytes = this.stored.get(digest)
    if (!bytes) return refuse(response, 404, 'SB-ART-001')
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    if (from > 0) response.statusCode = 206
    response.end(request.method === 'HEAD' ? undefined : bytes.subarray(from))
  }
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(canonicalJson({ code, message: `${code}: words`, fix: 'a fix' }))
}

describe('the store over HTTP', () => {
  let service: Service
  beforeEach(async () => {
    service = new Service()
    await service.start()
  })
  afterEach(() => service.stop())
  const open = (over: { token?: string | null; timeoutMs?: number } = {}) =>
    openHttpStore({ url: `${service.url}/`, token: TOKEN, retryMs: [1, 1], ...over })

  it('puts, looks and gets', async () => {
    const store = open()
    expect(await store.has(DIGEST)).toBe(false)
    expect(await store.put(BYTES)).toBe(DIGEST)
    expect(await store.has(DIGEST)).toBe(true)
    expect(await store.get(DIGEST)).toEqual(BYTES)
  })

  it('does not send big bytes that are there', async () => {
    const big = new Uint8Array(2 << 20).fill(3)
    const store = open()
    await store.put(big)
    await store.put(big)
    expect(service.calls).toEqual(['HEAD', 'PUT', 'HEAD'])
  })

  it('says which artifact is absent, and asks nothing for what is no digest', async () => {
    const store = open()
    await expect(store.get(DIGEST)).rejects.toMatchObject({ code: 'SB-ART-001', details: { digest: DIGEST } })
    const asked = service.calls.length
    await expect(store.get('../x')).rejects.toMatchObject({ code: 'SB-ART-001' })
    expect(await store.has('../x')).toBe(false)
    expect(service.calls).toHaveLength(asked)
  })

  it('refuses bytes that do not have their digest', async () => {
    service.stored.set(DIGEST, Buffer.from('other'))
    await expect(open().get(DIGEST)).rejects.toMatchObject({ code: 'SB-ART-002' })
  })

  it('tries again after a broken connection, a cut body and a gateway that is starting', async () => {
    const store = open()
    service.takeOver.push((request) => request.socket.destroy())
    expect(await store.put(BYTES)).toBe(DIGEST)
    service.takeOver.push((_, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('swe')
      response.socket?.end()
    })
    expect(await store.get(DIGEST)).toEqual(BYTES)
    service.takeOver.push((_, response) => {
      response.statusCode = 503
      response.end('<html>starting</html>')
    })
    expect(await store.get(DIGEST)).toEqual(BYTES)
    expect(service.calls).toEqual(['PUT', 'PUT', 'GET', 'GET', 'GET', 'GET'])
  })

  it('goes on where a download broke off, however often, and takes all of it from who knows no ranges', async () => {
    const bytes = Buffer.alloc(10_000, 'sweepboard')
    service.stored.set(sha256(bytes), bytes)
    const asked: (string | undefined)[] = []
    const cutAfter = (count: number, answersRange: boolean) =>
      service.takeOver.push((request, response) => {
        asked.push(request.headers.range)
        const from = answersRange ? Number(/\d+/.exec(request.headers.range ?? '0')?.[0]) : 0
        response.writeHead(from > 0 ? 206 : 200, { 'content-length': String(bytes.length - from) })
        response.write(bytes.subarray(from, from + count), () => response.socket?.destroy())
      })
    for (let i = 0; i < 5; i += 1) cutAfter(1000, true)
    cutAfter(6000, false)
    expect(await open().get(sha256(bytes))).toEqual(new Uint8Array(bytes))
    expect(asked).toEqual([undefined, ...[1, 2, 3, 4, 5].map((k) => `bytes=${k}000-`)])
  })

  it('asks for all of it once more where pieces of two answers do not fit', async () => {
    const store = open()
    await store.put(BYTES)
    service.takeOver.push((_, response) => {
      response.writeHead(200, { 'content-length': '10' })
      response.write('cut', () => response.socket?.destroy())
    })
    expect(await store.get(DIGEST)).toEqual(BYTES)
    expect(service.calls).toEqual(['PUT', 'GET', 'GET', 'GET'])
  })

  it('gives a big artifact in pieces, as they come', async () => {
    const gate = Promise.withResolvers<void>()
    service.takeOver.push((_, response) => {
      response.writeHead(200, { 'content-length': '10' })
      response.write('sweep')
      void gate.promise.then(() => response.end('board'))
    })
    const pieces: string[] = []
    for await (const piece of open().stream(DIGEST)) {
      pieces.push(new TextDecoder().decode(piece))
      gate.resolve()
    }
    expect(pieces).toEqual(['sweep', 'board'])
  })

  it('does not send what is above the limit of the service', async () => {
    service.takeOver.push((_, response) => {
      response.writeHead(404, { 'x-sweepboard-max-artifact': '1000000' })
      response.end()
    })
    await expect(open().put(new Uint8Array(2 << 20))).rejects.toMatchObject({ code: 'SB-ART-003' })
    expect(service.calls).toEqual(['HEAD'])
  })

  it('gives up after its tries, with the reason and without the token', async () => {
    const { url } = service
    service.stop()
    const error = await openHttpStore({ url, token: TOKEN, retryMs: [1, 1] })
      .get(DIGEST)
      .catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'SB-SERVE-004', kind: 'unavailable' })
    expect(error.message).toContain('ECONNREFUSED')
    expect(error.message).not.toContain(TOKEN)
  })

  it('does not wait for ever', async () => {
    for (let i = 0; i < 3; i += 1) service.takeOver.push(() => {})
    await expect(open({ timeoutMs: 50 }).get(DIGEST)).rejects.toMatchObject({ code: 'SB-SERVE-004' })
    expect(service.calls).toHaveLength(3)
  })

  it.each([
    [401, 'SB-SERVE-002', 'SB-SERVE-002'],
    [422, 'SB-ART-003', 'SB-ART-003'],
    [413, '', 'SB-ART-003'],
    [503, 'SB-ART-004', 'SB-ART-004'],
    [507, 'SB-ART-004', 'SB-ART-004'],
    [503, 'SB-ART-006', 'SB-ART-006'],
    [400, 'SB-SERVE-005', 'SB-SERVE-005'],
    [500, 'SB-CORE-001', 'SB-SERVE-004'],
  ])('answer %i with %s becomes %s, at once', async (status, said, code) => {
    service.takeOver.push((_, response) => refuse(response, status, said))
    await expect(open().put(BYTES)).rejects.toMatchObject({ code })
    expect(service.calls).toHaveLength(1)
  })

  it('needs the token', async () => {
    await expect(open({ token: null }).has(DIGEST)).rejects.toMatchObject({ code: 'SB-SERVE-002' })
  })

  it('does not follow a redirect with its token', async () => {
    service.takeOver.push((_, response) => {
      response.writeHead(302, { location: 'http://127.0.0.1:1/' })
      response.end()
    })
    await expect(openHttpStore({ url: service.url, token: TOKEN, retryMs: [] }).get(DIGEST)).rejects.toMatchObject({
      code: 'SB-SERVE-004',
    })
    expect(service.calls).toHaveLength(1)
  })
})
