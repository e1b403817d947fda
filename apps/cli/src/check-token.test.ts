import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkToken } from './check-token.ts'

/** Answers as a service with both tokens does. */
const server = createServer((request, response) => {
  const may = request.url === '/api/v1/join' ? ['Bearer writer'] : ['Bearer writer', 'Bearer reader']
  response.writeHead(may.includes(request.headers.authorization ?? '') ? 200 : 401).end('{}')
})
let url = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

describe('checkToken', () => {
  it.each<[string, string | null, string]>([
    ['the write token', 'writer', 'ok'],
    ['the read token, which no worker can join with', 'reader', 'warning'],
    ['another one', 'other', 'error'],
    ['none', null, 'error'],
  ])('%s', async (_, token, state) => {
    const [found, ...rest] = await checkToken(`${url}/`, token)
    expect([found?.state, rest]).toEqual([state, []])
    expect(found?.fix === null).toBe(state === 'ok')
    expect(JSON.stringify(found)).not.toMatch(/writer|other/)
  })

  it('has nothing to say where there is no service', async () => {
    expect(await checkToken(undefined, 'writer')).toEqual([])
    expect(await checkToken('http://127.0.0.1:1', 'writer')).toEqual([])
  })
})
