import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface EmbeddingsRequest {
  readonly model: string
  readonly input: readonly string[]
  readonly authorization: string | undefined
}

/** What the server does with one request instead of answering it well; false = answer well after all. */
export type Trap = (response: ServerResponse, request: EmbeddingsRequest) => boolean

/** A real `/v1/embeddings` server on loopback. Vectors are a function of the text; traps are asked in turn, one a request. */
export class EmbeddingsServer {
  readonly requests: EmbeddingsRequest[] = []
  /** Used up one by one by requests for other than probe texts. */
  readonly traps: Trap[] = []
  /** Asked on every request, probes included. */
  always: Trap | null = null
  mostAtOnce = 0
  dim = 64
  seed = ''
  /** Amplitude of noise on each member. */
  jitter = 0
  scale = 1
  url = ''
  private atOnce = 0
  private readonly server = createServer((request, response) => this.handle(request, response))

  static async start(): Promise<EmbeddingsServer> {
    const own = new EmbeddingsServer()
    await new Promise<void>((resolve) => own.server.listen(0, '127.0.0.1', resolve))
    own.url = `http://127.0.0.1:${(own.server.address() as AddressInfo).port}/v1`
    return own
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise<void>((resolve) => this.server.close(() => resolve()))
  }

  /** Requests that carried task texts. */
  get taskRequests(): EmbeddingsRequest[] {
    return this.requests.filter((request) => !request.input.every((text) => text.startsWith('sweepboard probe: ')))
  }

  vector(text: string): number[] {
    const raw = Array.from({ length: this.dim }, (_, j) =>
      createHash('sha256').update(`${this.seed}${j} ${text}`).digest().readInt32BE(0),
    )
    const norm = Math.hypot(...raw)
    return raw.map((member) => (this.scale * member) / norm + this.jitter * (2 * Math.random() - 1))
  }

  answer(request: EmbeddingsRequest): {
    object: string
    data: { object: string; index: number; embedding: unknown }[]
    usage: object
  } {
    const data = request.input.map((text, index) => ({ object: 'embedding', index, embedding: this.vector(text) as unknown }))
    return { object: 'list', data, usage: { prompt_tokens: 3 * request.input.length, total_tokens: 3 * request.input.length } }
  }

  private async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    this.atOnce += 1
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce)
    response.on('close', () => {
      this.atOnce -= 1
    })
    if (incoming.method === 'GET') return send(response, 404, { error: { message: 'it says nothing of itself' } })
    const parts: Buffer[] = []
    for await (const part of incoming) parts.push(part as Buffer)
    const body = JSON.parse(Buffer.concat(parts).toString()) as { model: string; input: string[] }
    const request = { model: body.model, input: body.input, authorization: incoming.headers.authorization }
    this.requests.push(request)
    if (incoming.url !== '/v1/embeddings' || incoming.method !== 'POST')
      return send(response, 404, { error: { message: 'no such route' } })
    if (this.always?.(response, request)) return
    const isProbe = request.input.every((text) => text.startsWith('sweepboard probe: '))
    const trap = isProbe ? undefined : this.traps.shift()
    if (!trap?.(response, request)) send(response, 200, this.answer(request))
  }
}

export function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(typeof body === 'string' ? body : JSON.stringify(body))
}

/** A trap that answers with a status. */
export function refuse(status: number, message = 'no', headers: Record<string, string> = {}): Trap {
  return (response) => {
    send(response, status, { error: { message } }, headers)
    return true
  }
}
