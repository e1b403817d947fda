import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { waitUntil } from '@sweepboard/test-kit'
import { afterEach, describe, expect, it } from 'vitest'
import { parseSlots } from '../src/index.ts'
import { endpointLoad, type Fleet, openFleet } from './fleet.ts'

const CONCURRENCY = 2
const RATE = { requests: { count: 40, perMs: 1000 } }
/** Long enough that a slot which is told to leave still waits for an answer. */
const ANSWER_MS = 40

/** An embeddings server that notes when requests arrive and how many are inside at once. */
interface Checked {
  readonly server: Server
  readonly url: string
  readonly arrived: number[]
  mostInside: number
  /** Texts of the task, not the probes. */
  texts: number
}

async function openChecked(): Promise<Checked> {
  let inside = 0
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      if (request.method !== 'POST') return response.writeHead(404).end()
      checked.arrived.push(performance.now())
      inside += 1
      checked.mostInside = Math.max(checked.mostInside, inside)
      const { input } = JSON.parse(Buffer.concat(parts).toString('utf8')) as { input: string[] }
      checked.texts += input.filter((text) => /^(query|document) /.test(text)).length
      setTimeout(() => {
        inside -= 1
        const data = input.map((text, index) => ({ index, object: 'embedding', embedding: vectorOf(text) }))
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ object: 'list', data, usage: { total_tokens: input.length } }))
      }, ANSWER_MS)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  const checked: Checked = { server, url, arrived: [], mostInside: 0, texts: 0 }
  return checked
}

/** 32 numbers of the text's own. */
function vectorOf(text: string): number[] {
  let seed = [...text].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) as number)) % 2147483647, 7)
  const values = Array.from({ length: 32 }, () => {
    seed = (seed * 48271) % 2147483647
    return seed / 2147483647 - 0.5
  })
  const length = Math.hypot(...values)
  return values.map((value) => value / length)
}

const textsOf = (count: number, name: string) => Array.from({ length: count }, (_, i) => `${name} ${i}`)
/** Most arrivals in any stretch of so many milliseconds. */
const most = (times: readonly number[], ms: number) =>
  Math.max(...times.map((from) => times.filter((at) => at >= from && at - from < ms).length))

describe('an endpoint that goes from one host to another', () => {
  let fleet: Fleet
  let checked: Checked
  afterEach(async () => {
    await fleet.close()
    checked.server.closeAllConnections()
    checked.server.close()
  })

  it('is never used by two at once, above its concurrency or above its rate', async () => {
    fleet = await openFleet()
    checked = await openChecked()
    const load = endpointLoad(checked.url, { concurrency: CONCURRENCY, batchTexts: 32, rate: RATE })
    const sweep = await fleet.submit({ queries: textsOf(5, 'query'), documents: textsOf(4000, 'document') }, load)
    const first = await fleet.worker({ slots: parseSlots('endpoint'), folder: join(fleet.folder, 'first') })
    const second = await fleet.worker({ slots: parseSlots('endpoint'), folder: join(fleet.folder, 'second') })
    await waitUntil(() => checked.texts > 200, { deadlineMs: 30_000 })
    const [one, other] = [first, second].map(({ running }) => running.slots().find(({ id }) => id === 'endpoint0')?.lane ?? null)
    expect([one, other].filter((lane) => lane !== null)).toHaveLength(1)
    const [serving, waiting] = one === null ? [second, first] : [first, second]
    // The lane leaves the one that serves it in the middle of its work.
    await serving.running.stop({ drain: true })
    await fleet.done(sweep, 60_000)
    const chunksOf = (events: typeof first.events) => events.filter(({ event }) => event === 'chunk').length
    expect(chunksOf(serving.events)).toBeGreaterThan(0)
    expect(chunksOf(waiting.events)).toBeGreaterThan(0)
    expect(checked.mostInside).toBeLessThanOrEqual(CONCURRENCY)
    expect(most(checked.arrived, RATE.requests.perMs)).toBeLessThanOrEqual(RATE.requests.count)
  })
})
