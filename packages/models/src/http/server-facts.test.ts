import { StubServer } from '@sweepboard/test-kit'
import { afterEach, describe, expect, it } from 'vitest'
import { hostedService, readServerFacts } from './server-facts.ts'

let server: StubServer | null = null
afterEach(() => server?.stop())
const ask = async (routes: Parameters<typeof StubServer.start>[0]) => {
  server = await StubServer.start(routes)
  return readServerFacts({ url: `${server.root}/v1`, model: 'm', apiKey: undefined, timeoutMs: 1000 })
}

describe('what a server says of itself', () => {
  it.each([
    ['https://api.siliconflow.cn/v1', 'siliconflow'],
    ['https://api.openai.com/v1', 'openai'],
    ['https://api.cohere.com', 'cohere'],
    ['https://api.jina.ai/v1', 'jina'],
    ['https://notopenai.com/v1', null],
    ['http://127.0.0.1:8000/v1', null],
  ])('%s is a hosted %s', (url, name) => expect(hostedService(url)).toBe(name))

  it('may be nothing, broken or of another shape: unknown then', async () => {
    const facts = await ask({
      'GET /info': () => ({ json: [1, 2] }),
      'GET /v1/models': () => ({ json: { data: [null, 'x', { id: 'm', owned_by: 7, max_model_len: '8192' }] } }),
      'GET /api/version': () => (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{'),
    })
    expect(facts).toEqual({
      server: 'unknown',
      version: null,
      maxInputTokens: null,
      maxBatchTexts: null,
      dtype: null,
      truncates: null,
      pooling: null,
      model: null,
    })
  })

  it('is of the model asked for where one server has several', async () => {
    const data = [
      { id: 'other', owned_by: 'vllm', max_model_len: 512 },
      { id: 'm', owned_by: 'vllm', max_model_len: 8192 },
    ]
    expect(await ask({ 'GET /v1/models': () => ({ json: { data } }) })).toMatchObject({ server: 'vllm', maxInputTokens: 8192 })
  })
})
