import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freePort, infinityStub, llamaCppStub, StubModel, StubServer, sglangStub, teiStub, vllmStub } from '@sweepboard/test-kit'
import { afterEach, describe, expect, it } from 'vitest'
import { findServers } from './machine-servers.ts'

const model = new StubModel(['a'])
const stubs: StubServer[] = []
const servers: Server[] = []
const portOf = (root: string) => Number(new URL(root).port)
async function start(routes: Parameters<typeof StubServer.start>[0]): Promise<number> {
  const stub = await StubServer.start(routes)
  stubs.push(stub)
  return portOf(stub.root)
}
/** A server of a few JSON answers by method and path. */
async function answering(answers: Readonly<Record<string, unknown>>): Promise<number> {
  const server = createServer((request, response) => {
    const answer = answers[`${request.method} ${request.url}`]
    request.resume().on('end', () => {
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(answer ?? {}))
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
afterEach(async () => {
  for (const stub of stubs.splice(0)) await stub.stop()
  for (const server of servers.splice(0)) server.close()
})

describe('findServers', () => {
  it('finds the servers of each kind by their own routes, in the order of their ports', async () => {
    const ports = [
      await start(vllmStub(model)),
      await start(teiStub(model)),
      await start(sglangStub(model)),
      await start(infinityStub(model)),
      await start(llamaCppStub(model)),
    ]
    const found = await findServers(ports)
    expect(found.map(({ engine }) => engine)).toEqual(['openai', 'tei', 'openai', 'openai', 'openai'])
    expect(found.map(({ url }) => portOf(url))).toEqual(ports)
    expect(found[0]?.url).toBe(`http://127.0.0.1:${ports[0]}/v1`)
    expect(found[1]?.url).toBe(`http://127.0.0.1:${ports[1]}`)
    expect(found.map(({ server }) => server)).toEqual(['vllm', 'text-embeddings-inference', 'sglang', 'infinity', 'llamacpp'])
  })

  it('takes of ollama what it says gives vectors', async () => {
    const port = await answering({
      'GET /api/version': { version: '0.12.0' },
      'GET /api/tags': { models: [{ name: 'qwen3-embedding:8b' }, { name: 'llama3:8b' }] },
      'POST /api/show': { capabilities: ['embedding'] },
    })
    const found = await findServers([port])
    expect(found.map((one) => [one.model, one.engine])).toEqual([
      ['qwen3-embedding:8b', 'ollama'],
      ['llama3:8b', 'ollama'],
    ])
    const talking = await answering({
      'GET /api/version': { version: '1' },
      'GET /api/tags': { models: [{ name: 'x' }] },
      'POST /api/show': { capabilities: ['completion'] },
    })
    expect(await findServers([talking])).toEqual([])
  })

  it('finds nothing where a server talks, reranks or is something else, and where nobody listens', async () => {
    const chat = await answering({
      'GET /v1/models': { data: [{ id: 'chat', owned_by: 'vllm' }] },
      'POST /v1/embeddings': { error: 'no' },
    })
    const reranker = await answering({ 'GET /info': { model_id: 'r', max_client_batch_size: 8, model_type: { reranker: {} } } })
    const board = await answering({ 'GET /': { hello: 1 } })
    expect(await findServers([chat, reranker, board, await freePort()])).toEqual([])
  })
})
