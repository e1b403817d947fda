import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface StubRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** Parsed JSON; null without a body. */
  readonly body: Readonly<Record<string, unknown>> | null
}

/** An answer: JSON with a status, or whatever a function does to the response. */
export type StubReply =
  | { readonly status?: number; readonly json: unknown; readonly headers?: Readonly<Record<string, string>> }
  | ((response: ServerResponse) => void)
export type StubRoutes = Readonly<Record<string, (request: StubRequest) => StubReply>>

/**
 * A real HTTP server on loopback that speaks what its routes (`POST /v1/embeddings`) say. `trap` sees each POST first: what it
 * returns is answered instead.
 */
export class StubServer {
  readonly requests: StubRequest[] = []
  trap: ((request: StubRequest, count: number) => StubReply | undefined) | null = null
  routes: StubRoutes
  connectionCount = 0
  root = ''
  #postCount = 0
  readonly #server = createServer((request, response) => void this.#handle(request, response))

  private constructor(routes: StubRoutes) {
    this.routes = routes
    this.#server.on('connection', () => {
      this.connectionCount += 1
    })
  }

  static async start(routes: StubRoutes): Promise<StubServer> {
    const own = new StubServer(routes)
    await new Promise<void>((resolve) => own.#server.listen(0, '127.0.0.1', resolve))
    own.root = `http://127.0.0.1:${(own.#server.address() as AddressInfo).port}`
    return own
  }

  /** Requests to a path, bodies only. */
  bodies(path: string): Readonly<Record<string, unknown>>[] {
    return this.requests.flatMap((request) => (request.path === path && request.body !== null ? [request.body] : []))
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of incoming) parts.push(part as Buffer)
    const text = Buffer.concat(parts).toString()
    const { method = 'GET', url: path = '/', headers } = incoming
    const request: StubRequest = { method, path, headers, body: text === '' ? null : JSON.parse(text) }
    this.requests.push(request)
    if (method === 'POST') this.#postCount += 1
    const trapped = method === 'POST' ? this.trap?.(request, this.#postCount) : undefined
    const route = this.routes[`${method} ${path}`]
    const reply = trapped ?? route?.(request) ?? { status: 404, json: { error: { message: 'no such route' } } }
    if (typeof reply === 'function') return reply(response)
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers })
    response.end(JSON.stringify(reply.json))
  }
}

/** Begins a good answer and drops the connection in its middle. */
export function resetMidBody(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' })
  response.write('{"data": [', () => response.destroy())
}

/** A proxy's page where JSON should be. */
export function htmlPage(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Welcome</body></html>')
}
