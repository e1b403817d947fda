import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request as httpRequest, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join, relative } from 'node:path'
import { liveDescendants, startRedis, type TestRedis, waitUntil } from '@sweepboard/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api, Fleet, finish, joined, type Program, submit } from './fleet-kit.ts'
import { writeTask } from './fleet-task.ts'
import { type FuzzedRequest, Fuzzer, type OpenApi, type Recorded } from './fuzz-requests.ts'

const REQUESTS = Number(process.env.SWEEPBOARD_FUZZ_REQUESTS ?? 10_000)
const SEED = Number(process.env.SWEEPBOARD_FUZZ_SEED ?? 20_261_121)
const AT_ONCE = 8
/** A request that takes longer hangs. */
const HANG_MS = 30_000
/** Programs whose stand-ins on the PATH leave a mark when anything runs them. */
const PROGRAMS = [
  'sh',
  'bash',
  'touch',
  'curl',
  'python',
  'python3',
  'git',
  'vllm',
  'infinity_emb',
  'llama-server',
  'ollama',
  'env',
]

const { redis, reason } = await startRedis({ own: true })

describe.skipIf(!redis)(`hostile clients, seed ${SEED} ${reason}`, () => {
  const fleet = new Fleet()
  const data = fleet.path('service')
  const marks = fleet.path('programs-run')
  const recorded: Recorded[] = []
  const spec = fleet.path('honest.yaml')
  let service: { program: Program; url: string }
  let worker: Program
  let recorder: { url: string; server: Server }

  beforeAll(async () => {
    const programs = fleet.path('programs')
    mkdirSync(programs)
    mkdirSync(marks)
    for (const name of PROGRAMS)
      writeFileSync(join(programs, name), `#!/bin/sh\necho "$0 $@" >> ${marks}/${name}\n`, { mode: 0o755 })
    const env = { PATH: programs }
    service = await fleet.serve(data, { redis: (redis as TestRedis).url, env })
    recorder = await recordingProxy(service.url, recorded)
    // Two honest clients are listened to: what they send is what the fuzzed requests are made from.
    worker = fleet.worker(recorder.url, 'worker', { env })
    await joined(service.url, 1)
    const task = writeTask(fleet.folder, 'Small', { documents: 200, queries: 10, words: 40, seed: 2 })
    writeFileSync(spec, `sweep: honest\ntasks: [${task}]\nmodels: [mteb/baseline-random-encoder, mteb/baseline-bm25s]\n`)
    await finish(service.url, await submit(fleet, spec, recorder.url))
    await waitUntil(() => recorded.filter(({ path }) => path.endsWith('/beat')).length >= 5, { deadlineMs: 60_000 })
  })

  afterAll(async () => {
    recorder?.server.close()
    recorder?.server.closeAllConnections()
    const left = await fleet.close()
    await redis?.stop()
    expect(left).toEqual([])
  })

  it('are answered, all of them, below 500; nothing is written outside the data folder and no program run', async () => {
    const outside = () => filesBelow(fleet.folder).filter((file) => !/^(service|worker|export-|programs-run)/.test(file))
    const before = outside()
    const runBefore = filesBelow(marks) // a worker asks git for its commit when it starts
    const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as OpenApi
    // Half of them speak for the honest host, whose secret they do not have; the others for one that nobody's secret stands behind.
    const { host } = await worker.event('joined')
    const honest = distinct(recorded)
    const others = JSON.parse(JSON.stringify(honest).replaceAll(String(host), 'hstranger')) as Recorded[]
    const fuzzer = new Fuzzer({ seed: SEED, api: document, recorded: [...honest, ...others] })
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
    // a process without a command line is about to have one or to end: its name is a thread's of its parent
    const known = /^\[|(^|\/)node(24)? |-child|prepare/
    const strangers = new Set<string>()
    const watch = setInterval(() => {
      for (const { pid } of [service.program, worker])
        for (const { command } of liveDescendants(pid)) if (!known.test(command)) strangers.add(command)
    }, 50)
    const statuses = new Map<number, number>()
    const wrong: string[] = []
    let left = REQUESTS
    const client = async () => {
      while (left > 0 && wrong.length < 5) {
        left -= 1
        const one = fuzzer.next()
        const status = await send(service.url, one, agent).catch((error: Error) => error.message)
        if (typeof status === 'number') statuses.set(status, (statuses.get(status) ?? 0) + 1)
        if (typeof status === 'string' || status >= 500)
          wrong.push(`${one.method} ${one.path.slice(0, 200)} -> ${status}\n${one.body?.slice(0, 2000)}`)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, client))
    await rawSockets(service.url)
    clearInterval(watch)
    agent.destroy()
    expect(wrong, logTail(data)).toEqual([])
    expect([...strangers]).toEqual([])
    expect(filesBelow(marks)).toEqual(runBefore)
    expect(outside()).toEqual(before)
    // Requests were of every kind: some taken, some refused for their form, some for what they name.
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 403, 404]))
    expect([...statuses.values()].reduce((sum, count) => sum + count, 0)).toBe(REQUESTS)
  })

  it('leave a service that runs an honest sweep as before', async () => {
    for (const { id, state } of await api<{ id: string; state: string }[]>(service.url, '/sweeps'))
      if (state === 'running' || state === 'paused')
        await fetch(`${service.url}/api/v1/sweeps/${encodeURIComponent(id)}/cancel`, { method: 'POST' })
    const task = writeTask(fleet.folder, 'After', { documents: 200, queries: 10, words: 40, seed: 3 })
    const after = fleet.path('after.yaml')
    writeFileSync(after, `sweep: after\ntasks: [${task}]\nmodels: [mteb/baseline-random-encoder]\n`)
    const sweep = await submit(fleet, after, service.url)
    const { cells } = await finish(service.url, sweep)
    expect(cells).toMatchObject({ scored: cells.total, failed: 0 })
    const alone = fleet.path('alone')
    await fleet.succeed(['run', after, '--no-serve', '--json', '--slots', 'cpu', '--data', alone])
    expect(await fleet.exported({ url: service.url }, sweep)).toEqual(await fleet.exported({ data: alone }))
  })
})

/** Passes requests on and keeps the JSON bodies of POSTs. */
async function recordingProxy(url: string, recorded: Recorded[]): Promise<{ url: string; server: Server }> {
  const { hostname, port } = new URL(url)
  const server = createServer(async (incoming, outgoing) => {
    const parts: Buffer[] = []
    for await (const part of incoming) parts.push(part as Buffer)
    const { method = 'GET', url: path = '/' } = incoming
    const bytes = Buffer.concat(parts)
    const isJson = incoming.headers['content-type']?.includes('json')
    if (method === 'POST' && isJson) recorded.push({ method, path, body: JSON.parse(String(bytes)) })
    const headers = { ...incoming.headers, host: `${hostname}:${port}` }
    const onward = httpRequest({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.once('error', () => outgoing.destroy())
    onward.end(bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

/** At most a dozen of each route: beats would drown the rest. */
function distinct(all: readonly Recorded[]): Recorded[] {
  const perRoute = new Map<string, number>()
  return all.filter(({ path }) => {
    const count = (perRoute.get(path) ?? 0) + 1
    perRoute.set(path, count)
    return count <= 12
  })
}

/** The status, once the whole answer was read. Path and headers go out as they are: `fetch` would tidy them. */
function send(url: string, { method, path, headers, body }: FuzzedRequest, agent: Agent): Promise<number> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path, headers, agent, timeout: HANG_MS }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode ?? 0))
      answer.once('error', reject)
      // A stream of events has no end: it is left in its middle.
      if (answer.headers['content-type'] === 'text/event-stream') {
        resolve(answer.statusCode ?? 0)
        request.destroy()
      }
    })
    request.once('timeout', () => request.destroy(new Error(`no answer in ${HANG_MS} ms`)))
    request.once('error', reject)
    request.end(body ?? undefined)
  })
}

/** What no HTTP client sends: garbage, lying lengths, requests cut off in their middle. The service lives on. */
async function rawSockets(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const texts = [
    'GET / HTTP/9.9\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000\u0001\u0000',
    'POST /api/v1/beat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n{',
    'POST /api/v1/beat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n',
    'POST /api/v1/beat HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n',
    'POST /api/v1/beat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
    `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
    `GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(5000)}\r\n`,
    'GET http://elsewhere.example/ HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n',
  ]
  await Promise.all(
    texts.map(async (text) => {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => undefined)
      await new Promise<void>((resolve) => socket.once('connect', () => socket.write(text, () => resolve())))
      socket.destroy()
    }),
  )
  expect((await fetch(`${url}/api/v1/health`)).status).toBe(200)
}

/** Files below a folder with size and time of change. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name)
      const { size, mtimeMs } = statSync(file)
      return `${relative(folder, file)} ${size} ${mtimeMs}`
    })
    .sort()
}

function logTail(data: string): string {
  const logs = join(data, 'logs')
  return readdirSync(logs)
    .map((file) => readFileSync(join(logs, file), 'utf8').slice(-3000))
    .join('\n')
}
