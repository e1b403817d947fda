// A server process of known rate: so many places, each busy a fixed time for each word of its texts. Speaks `/v1/embeddings` (floats and
// base64) and TEI's `/embed`. Arguments: dialect, places, milliseconds a request, microseconds a word, dimensions. Prints its port.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const [dialect = 'openai', ...numbers] = process.argv.slice(2)
const [places = 16, requestMs = 2, wordMicros = 40, dim = 384] = numbers.map(Number)
const waiting: (() => void)[] = []
let free = places

/** Unit vectors: one prepared answer a slot of a ring, so that the server's own work does not count. */
const RING = Array.from({ length: 64 }, (_, i) => {
  const row = Float32Array.from({ length: dim }, (_, j) => Math.sin(1 + i * 7 + j))
  const norm = Math.hypot(...row)
  const unit = row.map((x) => x / norm)
  return { floats: JSON.stringify([...unit]), base64: JSON.stringify(Buffer.from(unit.buffer).toString('base64')) }
})

function encoded(text: string, isBase64: boolean): string {
  let hash = 0
  for (let i = 0; i < Math.min(text.length, 40); i += 1) hash = (hash * 31 + text.charCodeAt(i)) >>> 0
  const { floats, base64 } = RING[hash % RING.length] as (typeof RING)[0]
  return isBase64 ? base64 : floats
}

const words = (text: string) => text.split(' ').length

/** Busy times add up, as those of a device do: a timer that comes late is made up for by the next request of the place. */
const readyAt: number[] = Array.from({ length: places }, () => 0)
const idle = readyAt.map((_, i) => i)

async function serve(texts: readonly string[]): Promise<void> {
  if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
  else free -= 1
  const place = idle.shift() as number
  const ms = requestMs + (texts.reduce((sum, text) => sum + words(text), 0) * wordMicros) / 1000
  const now = performance.now()
  const late = now - (readyAt[place] as number)
  const from = late < 5 ? (readyAt[place] as number) : now
  readyAt[place] = from + ms
  await sleep(Math.max(0, from + ms - now))
  idle.push(place)
  const next = waiting.shift()
  if (next === undefined) free += 1
  else next()
}

function send(response: ServerResponse, body: string, tokens: number): void {
  response.writeHead(200, { 'content-type': 'application/json', 'x-compute-tokens': String(tokens) }).end(body)
}

const server = createServer(async (request, response) => {
  if (request.method === 'GET') {
    if (dialect === 'tei' && request.url === '/info')
      return send(
        response,
        JSON.stringify({
          model_id: 'stub',
          version: '1.8.0',
          max_client_batch_size: 1024,
          max_input_length: 8192,
          model_dtype: 'float32',
          max_concurrent_requests: 512,
          tokenization_workers: 1,
          model_type: { embedding: { pooling: 'mean' } },
        }),
        0,
      )
    response.writeHead(404, { 'content-type': 'application/json' }).end('{}')
    return
  }
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const body = JSON.parse(Buffer.concat(parts).toString()) as { input?: string[]; inputs?: string[]; encoding_format?: string }
  const texts = body.input ?? body.inputs ?? []
  await serve(texts)
  const isBase64 = body.encoding_format === 'base64'
  const rows = texts.map((text) => encoded(text, isBase64))
  const tokens = texts.reduce((sum, text) => sum + words(text), 0)
  if (dialect === 'tei') return send(response, `[${rows.join(',')}]`, tokens)
  const data = rows.map((row, index) => `{"object":"embedding","index":${index},"embedding":${row}}`)
  send(
    response,
    `{"object":"list","model":"stub","data":[${data.join(',')}],"usage":{"prompt_tokens":${tokens},"total_tokens":${tokens}}}`,
    tokens,
  )
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
