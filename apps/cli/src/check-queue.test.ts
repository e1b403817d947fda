import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkQueue } from './check-queue.ts'

let said: object = {}
const server = createServer((request, response) => {
  response.writeHead(request.url === '/api/v1/health' ? 200 : 404).end(JSON.stringify(said))
})
let url = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

describe('checkQueue', () => {
  it.each([
    ['up', { ok: true, queue: 'up', queueAwayForMs: null }, 'ok', 'answers it'],
    ['away', { ok: true, queue: 'away', queueAwayForMs: 5000 }, 'error', 'does not answer the service, for 5.0 s now'],
    ['not told by a service of before', { ok: true }, 'warning', 'does not say'],
  ])('%s', async (_, health, state, words) => {
    said = health
    const found = await checkQueue(`${url}/`)
    expect(found).toMatchObject({ check: 'redis', state, message: expect.stringContaining(words) })
    expect(found.fix === null).toBe(state === 'ok')
  })

  it('no service', async () => {
    expect(await checkQueue('http://127.0.0.1:1')).toMatchObject({ state: 'warning' })
  })
})
