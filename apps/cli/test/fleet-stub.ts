import { createHash } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PROBE_MARK } from '@sweepboard/models'

export const STUB_DIM = 64

/** A `/v1/embeddings` server outside the program: it logs every text it answered and can be slow, busy, broken or picky. */
export interface EmbeddingsStub {
  readonly url: string
  /** How often each text was answered with 200, probe texts left out. */
  readonly answered: Map<string, number>
  /** Requests answered with 429 or 500. */
  readonly refusedCount: () => number
  /** Every n-th request that holds no probe text is refused, in turn with 429 and 500; 0 = never. */
  refuseEvery: number
  /** Added to each component of each vector: a server whose sums come out in another order each time. */
  jitter: (text: string, component: number) => number
  /** Requests with such a text are answered with 400. */
  isPoison: (text: string) => boolean
  /** From now on requests wait unanswered, until `release`. */
  hold(): void
  release(): void
  close(): Promise<void>
}

export async function startStub(): Promise<EmbeddingsStub> {
  const answered = new Map<string, number>()
  let waiting: (() => void)[] | null = null
  let requestCount = 0
  let refusedCount = 0
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') return refuse(response, 404) // it says nothing of itself
    let body = ''
    for await (const part of request) body += String(part)
    const texts = (JSON.parse(body) as { input: string[] }).input
    const isProbe = texts.some((text) => text.startsWith(PROBE_MARK))
    if (waiting && !isProbe) await new Promise<void>((resolve) => waiting?.push(resolve))
    if (response.destroyed) return // the client is gone: nothing was answered
    if (texts.some((text) => stub.isPoison(text))) return refuse(response, 400)
    requestCount += isProbe ? 0 : 1
    if (!isProbe && stub.refuseEvery > 0 && requestCount % stub.refuseEvery === 0) {
      refusedCount += 1
      return refuse(response, refusedCount % 2 === 0 ? 500 : 429)
    }
    for (const text of texts) if (!text.startsWith(PROBE_MARK)) answered.set(text, (answered.get(text) ?? 0) + 1)
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({
        object: 'list',
        data: texts.map((text, index) => ({
          index,
          embedding: stubVector(text).map((member, i) => member + stub.jitter(text, i)),
        })),
      }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const release = () => {
    const all = waiting ?? []
    waiting = null
    for (const go of all) go()
  }
  const stub: EmbeddingsStub = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    answered,
    refusedCount: () => refusedCount,
    refuseEvery: 0,
    jitter: () => 0,
    isPoison: () => false,
    hold: () => {
      waiting ??= []
    },
    release,
    close: async () => {
      release()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return stub
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'application/json', ...(status === 429 ? { 'retry-after': '0' } : {}) })
  response.end(JSON.stringify({ error: { message: status === 400 ? 'this input is not accepted' : 'try again' } }))
}

/** A hashed bag of words of unit length: equal texts give equal vectors, texts with common words similar ones. */
export function stubVector(text: string): number[] {
  const sums = new Array<number>(STUB_DIM).fill(0)
  for (const word of text.split(' ')) {
    const hash = createHash('sha256').update(word).digest()
    for (let i = 0; i < 4; i += 1) {
      const place = (hash[2 * i] as number) % STUB_DIM
      sums[place] = (sums[place] as number) + ((hash[2 * i + 1] as number) - 127.5)
    }
  }
  const norm = Math.hypot(...sums)
  return sums.map((sum) => sum / norm)
}
