import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RateLimits } from '@sweepboard/contracts'
import { afterEach, describe, expect, it } from 'vitest'
import type { Exchange } from './exchange.ts'
import { PatientClient } from './patient-client.ts'

/** A server that counts what reaches it; `answer` may refuse. */
let server: Server
let came: number[]
const urlOf = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
async function serve(answer: (nth: number, response: ServerResponse) => void): Promise<void> {
  came = []
  server = createServer((request: IncomingMessage, response) => {
    came.push(performance.now())
    const nth = came.length
    request.resume().on('end', () => answer(nth, response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
}
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const ok = (response: ServerResponse, headers: Record<string, string> = {}) => {
  response.writeHead(200, { 'content-type': 'application/json', ...headers })
  response.end('{}')
}
const client = (rate?: RateLimits) =>
  new PatientClient(
    { url: urlOf(), model: 'm', apiKey: undefined, timeoutMs: 5000 },
    { policy: { firstDelayMs: 1, mostDelayMs: 5, noProgressMs: 5000 }, concurrency: 16, batchTexts: 8, rate },
  )
const exchange = (tokens: number): Exchange<string, number> => ({
  ask: (items) => ({ url: urlOf(), body: { input: items } }),
  read: (_body, { items }) => ({ rows: items.map(() => 1), tokenCount: tokens }),
  canary: 'x',
})
/** Most arrivals in any stretch of so many milliseconds. */
const most = (ms: number) => Math.max(...came.map((from) => came.filter((at) => at >= from && at - from < ms).length))

describe('a client with a rate', () => {
  it('sends no more requests in any stretch than the spec allows, whoever asks at once', async () => {
    await serve((_nth, response) => ok(response))
    const one = client({ requests: { count: 10, perMs: 500 } })
    await Promise.all(Array.from({ length: 35 }, () => one.call(exchange(1), ['a'])))
    expect(came).toHaveLength(35)
    expect(most(500)).toBeLessThanOrEqual(10)
  })

  it('learns what a text costs, and keeps to the tokens', async () => {
    await serve((_nth, response) => ok(response))
    const one = client({ tokens: { count: 100, perMs: 400 } })
    // 20 tokens each: five in 400 ms.
    for (let i = 0; i < 12; i += 1) await one.call(exchange(20), ['some words'])
    expect(most(400)).toBeLessThanOrEqual(5)
    expect((came.at(-1) as number) - (came[0] as number)).toBeGreaterThan(700)
  })

  it('lets nothing out before Retry-After, not even what was not refused', async () => {
    await serve((nth, response) => {
      if (nth > 1) return ok(response)
      response.writeHead(429, { 'retry-after': '0.6' })
      response.end()
    })
    const one = client()
    const first = one.call(exchange(1), ['a'])
    // Refused: it lets fewer out at once. A second caller comes after it.
    while (one.gate.width === one.gate.most) await new Promise((resolve) => setImmediate(resolve))
    await Promise.all([first, one.call(exchange(1), ['b'])])
    expect((came[1] as number) - (came[0] as number)).toBeGreaterThan(550)
  })

  it('stops at a count that is used up until it starts anew', async () => {
    await serve((nth, response) =>
      ok(response, { 'x-ratelimit-remaining-requests': nth === 1 ? '0' : '5', 'x-ratelimit-reset-requests': '500ms' }),
    )
    const one = client()
    await one.call(exchange(1), ['a'])
    await one.call(exchange(1), ['b'])
    expect((came[1] as number) - (came[0] as number)).toBeGreaterThan(450)
  })

  it('takes a reset for the time to wait where a refusal says nothing else', async () => {
    await serve((nth, response) => {
      if (nth > 1) return ok(response)
      response.writeHead(429, { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '400ms' })
      response.end()
    })
    await client().call(exchange(1), ['a'])
    expect((came[1] as number) - (came[0] as number)).toBeGreaterThan(350)
  })

  it('says that it waits, and ends the wait when aborted', async () => {
    await serve((_nth, response) => ok(response))
    const one = client({ requests: { count: 1, perMs: 60_000 } })
    let waits = 0
    one.onWait = () => {
      waits += 1
    }
    await one.call(exchange(1), ['a'])
    const stop = new AbortController()
    const waiting = one.call(exchange(1), ['b'], { signal: stop.signal })
    while (waits === 0) await new Promise((resolve) => setImmediate(resolve))
    stop.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'SB-CORE-004' })
    expect(came).toHaveLength(1)
  })
})
