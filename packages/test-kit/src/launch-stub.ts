import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/**
 * A server program that workers start: real process, real port, OpenAI's embeddings and rerank routes, vectors that are functions of the
 * texts alone and so the same on every host. `launch-stub-command.ts` says what its arguments mean.
 */

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    state: { type: 'string' },
    dim: { type: 'string', default: '32' },
    version: { type: 'string', default: '1.0.0' },
    'load-ms': { type: 'string', default: '0' },
    'answer-ms': { type: 'string', default: '0' },
    'text-ms': { type: 'string', default: '0' },
    'die-at-start': { type: 'string', default: '0' },
    'die-after': { type: 'string' },
    'die-times': { type: 'string', default: '1' },
    'hang-after': { type: 'string' },
    'hang-times': { type: 'string', default: '1' },
    'wrong-dimension': { type: 'string', default: '0' },
    'ignore-term': { type: 'boolean', default: false },
    grandchild: { type: 'boolean', default: false },
    'leak-mb': { type: 'string', default: '0' },
    'says-at-start': { type: 'string' },
    'killed-by': { type: 'string' },
    'most-texts': { type: 'string' },
    tally: { type: 'string' },
    requests: { type: 'string' },
  },
})
const number = (name: keyof typeof values): number => Number(values[name])
const say = (line: string) => process.stderr.write(`${line}\n`)

/** Whether a failure has not happened `times` times yet, over all starts and processes: each takes a file that only one can make. */
function takes(failure: string, times: number): boolean {
  const folder = values.state
  if (folder === undefined) return times > 0
  mkdirSync(folder, { recursive: true })
  for (let i = 0; i < times; i += 1) {
    try {
      closeSync(openSync(join(folder, `${failure}-${i}`), 'wx'))
      return true
    } catch {
      // taken
    }
  }
  return false
}

/** Unit vector `[dim]` of a text. */
function vectorOf(text: string, dim: number): number[] {
  const digest = createHash('sha256').update(text).digest('hex')
  const raw = Array.from({ length: dim }, (_, j) => createHash('sha256').update(`${j} ${digest}`).digest().readInt32BE(0))
  const norm = Math.hypot(...raw)
  return raw.map((member) => member / norm)
}

/** Between 0 and 1: common words speak for a document, the rest is the stub's own taste. */
function scoreOf(query: string, document: string): number {
  const asked = new Set(wordsOf(query))
  const common = wordsOf(document).filter((word) => asked.has(word)).length
  const taste = createHash('sha256').update(`${query}\0${document}`).digest().readUInt32BE(0) / 2 ** 32
  return 1 / (1 + Math.exp(2 - 0.7 * common - 0.5 * taste))
}

const wordsOf = (text: string) => text.toLowerCase().split(/\P{L}+/u)

const lastWord = (text: string) => text.slice(text.lastIndexOf(' ') + 1)
const tokensOf = (text: string) => text.split(/\s+/).length + 2
const leaked: Buffer[] = []
let requests = 0

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const began = Date.now()
  const send = (status: number, json: unknown) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
  const { url } = request
  if (url === '/health') return send(isLoaded ? 200 : 503, {})
  if (url === '/version') return send(200, { version: values.version })
  if (request.method !== 'POST' || !isLoaded) return send(404, { error: { message: 'no such route' } })
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const body = JSON.parse(Buffer.concat(parts).toString())
  requests += 1
  if (values['die-after'] !== undefined && requests > number('die-after') && takes('die-after', number('die-times'))) die()
  if (values['hang-after'] !== undefined && requests > number('hang-after') && takes('hang-after', number('hang-times')))
    hangs = true
  if (hangs) return void say('hangs')
  if (number('leak-mb') > 0) leaked.push(Buffer.alloc(number('leak-mb') * 2 ** 20, 1))
  const texts: string[] = url === '/v1/embeddings' ? [body.input].flat() : body.documents
  if (values['killed-by'] !== undefined && texts.some((text) => text.includes(values['killed-by'] as string))) die()
  if (values['most-texts'] !== undefined && texts.length > number('most-texts'))
    return send(500, { error: { message: 'CUDA out of memory. Tried to allocate 2.00 GiB.' } })
  await new Promise((resolve) => setTimeout(resolve, number('answer-ms') + number('text-ms') * texts.length))
  if (values.tally !== undefined) {
    const asked = url === '/v1/rerank' ? `${lastWord(body.query)} ` : ''
    // One write: servers of several hosts share the file.
    appendFileSync(values.tally, texts.map((text) => `${asked}${lastWord(text)}\n`).join(''))
  }
  if (url === '/v1/rerank') {
    const results = texts.map((text, index) => ({ index, relevance_score: scoreOf(body.query, text) }))
    return send(200, { results: results.sort((a, b) => b.relevance_score - a.relevance_score) })
  }
  // The texts it is probed with at the opening are few: a wrong answer to them would be another model.
  const isWrong = number('wrong-dimension') > 0 && texts.length > 8 && takes('wrong-dimension', number('wrong-dimension'))
  const dim = number('dim') + (isWrong ? 1 : 0)
  const data = texts.map((text, index) => ({ object: 'embedding', index, embedding: encoded(vectorOf(text, dim), body) }))
  const total = texts.reduce((sum, text) => sum + tokensOf(text), 0)
  send(200, { object: 'list', model: body.model, data, usage: { prompt_tokens: total, total_tokens: total } })
  if (values.requests !== undefined)
    appendFileSync(values.requests, `${process.pid} ${began} ${Date.now()} ${texts.length} ${lastWord(texts[0] ?? '')}\n`)
}

function encoded(vector: number[], { encoding_format: format }: { encoding_format?: string }): number[] | string {
  return format === 'base64' ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector
}

function die(): never {
  say('fatal: the stub dies as it was told to')
  process.exit(139)
}

let isLoaded = false
let hangs = false
say(`stub ${values.version} on port ${values.port}`)
say(`environment: ${Object.keys(process.env).sort().join(' ')}`)
if (values['says-at-start'] !== undefined) {
  say(values['says-at-start'])
  process.exit(1)
}
if (takes('die-at-start', number('die-at-start'))) {
  say('fatal: dies at its start')
  process.exit(1)
}
if (values['ignore-term']) process.on('SIGTERM', () => say('SIGTERM ignored'))
if (values.grandchild) {
  // As vLLM's engine core: a session of its own, deaf to SIGTERM, and its parent's death is nothing to it.
  const program = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'
  const child = spawn(process.execPath, ['-e', program], { detached: true, stdio: 'ignore' })
  child.unref()
  say(`engine core is process ${child.pid}`)
}
const server = createServer((request, response) => void answer(request, response))
server.listen(number('port'), '127.0.0.1')
const loading = setInterval(() => say('loading'), 100)
setTimeout(() => {
  clearInterval(loading)
  isLoaded = true
  say('ready')
}, number('load-ms'))
