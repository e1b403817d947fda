import { readdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import { liveDescendants, waitUntil } from '@sweepboard/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseSlots } from '../src/index.ts'
import { endpointLoad, type Fleet, openFleet, textsOf } from './fleet.ts'

/** An embeddings server; `judge` answers a status for a request's texts, 200 = vectors. */
async function openStub(judge: (texts: string[]) => number | Promise<number>): Promise<{ url: string; server: Server }> {
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') return void response.writeHead(404).end() // it says nothing of itself
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const { input }: { input: string[] } = JSON.parse(Buffer.concat(parts).toString('utf8'))
    const status = await judge(input)
    response.writeHead(status, { 'content-type': 'application/json' })
    const vector = (text: string) =>
      Array.from({ length: 8 }, (_, i) => 1 + ((text.length * (i + 1) + text.charCodeAt(text.length - 1)) % 7))
    const data = input.map((text, index) => ({ object: 'embedding', index, embedding: vector(text) }))
    response.end(JSON.stringify(status === 200 ? { object: 'list', data, model: 'stub' } : { error: { message: 'refused' } }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, server }
}

function inferenceChild(): number | undefined {
  return liveDescendants(process.pid).find(({ command }) => command.includes('inference-child'))?.pid
}

describe('failures of engines, texts and the way to the service', () => {
  let fleet: Fleet
  let server: Server | null = null
  beforeEach(async () => {
    fleet = await openFleet()
  })
  afterEach(async () => {
    await fleet.close()
    server?.close()
    server = null
  })
  const stub = async (judge: Parameters<typeof openStub>[0]) => {
    const opened = await openStub(judge)
    server = opened.server
    return opened.url
  }

  it('a text the server refuses fails its own cell, named; a sweep beside it is scored', async () => {
    const load = endpointLoad(await stub((texts) => (texts.some((text) => text.includes('POISON')) ? 400 : 200)))
    const documents = textsOf(70, 'document')
    documents[41] = 'POISON'
    const bad = await fleet.submit({ queries: textsOf(5, 'query'), documents }, load)
    const good = await fleet.submit({ queries: textsOf(6, 'query'), documents: textsOf(9, 'other') }, load)
    const { events } = await fleet.worker({ slots: parseSlots('endpoint') })
    await fleet.done(bad)
    await fleet.done(good)
    expect(fleet.service.cells(bad)).toMatchObject([{ state: 'failed' }])
    expect(fleet.service.cells(good)).toMatchObject([{ state: 'scored' }])
    expect(events.filter(({ event }) => event === 'chunk-failed')).toMatchObject([
      { kind: 'poison', code: 'SB-MODEL-006', text: 41 },
    ])
  })

  it('a text that takes the child down is found by halving and reported as poison', async () => {
    const load = endpointLoad(
      await stub((texts) => {
        const child = inferenceChild()
        if (texts.some((text) => text.includes('KILLER')) && child !== undefined) process.kill(child, 'SIGSEGV')
        return 200
      }),
    )
    const documents = textsOf(40, 'document')
    documents[17] = 'KILLER'
    const sweep = await fleet.submit({ queries: textsOf(5, 'query'), documents }, load)
    const { events } = await fleet.worker({ slots: parseSlots('endpoint') })
    await fleet.done(sweep, 60_000)
    expect(events.filter(({ event }) => event === 'chunk-failed')).toMatchObject([
      { kind: 'poison', code: 'SB-MODEL-006', text: 17 },
    ])
    expect(fleet.service.cells(sweep)).toMatchObject([{ state: 'failed' }])
  })

  it('a child that is stopped is killed by the watchdog and replaced; the chunks in its hands are computed again', async () => {
    let stopped: number | undefined
    const load = endpointLoad(
      await stub((texts) => {
        const child = inferenceChild()
        if (stopped === undefined && child !== undefined && texts.some((text) => text.startsWith('document'))) {
          stopped = child
          process.kill(child, 'SIGSTOP')
        }
        return 200
      }),
    )
    const sweep = await fleet.submit({ queries: textsOf(5, 'query'), documents: textsOf(40, 'document') }, load)
    const { events } = await fleet.worker({ slots: parseSlots('endpoint'), noProgressMs: 2000 })
    await fleet.done(sweep)
    expect(fleet.service.cells(sweep)).toMatchObject([{ state: 'scored' }])
    expect(events.filter(({ event }) => event === 'child-gone')).toMatchObject([{ event: 'child-gone' }])
    // Both chunks were in its hands, so its end is held against neither.
    expect(events.filter(({ event }) => event === 'chunk-failed')).toEqual([])
  })

  it('an API key that may not be read closes the lane at once, and the cells say why', async () => {
    const load = endpointLoad(await stub(() => 200), { keyVariable: 'SECRET_KEY' })
    const sweep = await fleet.submit({ queries: textsOf(2, 'query'), documents: textsOf(3, 'document') }, load)
    const { events } = await fleet.worker({ slots: parseSlots('endpoint'), allowEnv: ['SECRET_KEY'], readEnv: () => undefined })
    await fleet.done(sweep)
    expect(fleet.service.cells(sweep)).toMatchObject([{ state: 'failed' }])
    expect(events.find(({ event }) => event === 'lane-closed')).toMatchObject({ forGood: true })
  })

  it('results of a worker cut off from the service are kept over a restart and delivered, not computed again', async () => {
    let away = false
    const gone = () => new SweepError('SB-SERVE-004', { url: 'test', message: 'away' })
    const real = fleet.link
    const link: typeof real = {
      ...real,
      claim: async (claim) => {
        const answer = await real.claim(claim)
        away = true
        return answer
      },
      beat: async (beat) => (away ? Promise.reject(gone()) : real.beat(beat)),
      commit: async (...sent) => (away ? Promise.reject(gone()) : real.commit(...sent)),
      end: async (end) => (away ? Promise.reject(gone()) : real.end(end)),
    }
    const sweep = await fleet.submit({ queries: textsOf(30, 'query'), documents: textsOf(50, 'document') })
    const { running, events } = await fleet.worker({ link })
    const outbox = () => readdirSync(join(fleet.folder, 'worker/outbox')).filter((name) => name.includes('-commit-'))
    await waitUntil(() => outbox().length > 0, { what: 'a commit in the outbox' })
    await running.kill()
    const kept = outbox().length
    const computed = events.filter(({ event }) => event === 'chunk').length
    expect(kept).toBe(computed)

    const again = await fleet.worker()
    await fleet.done(sweep)
    await again.running.idle()
    expect(outbox()).toEqual([])
    expect(computed + again.events.filter(({ event }) => event === 'chunk').length).toBe(2)
    expect(fleet.service.cells(sweep)).toMatchObject([{ state: 'scored' }])
  })

  it('a drained worker finishes its chunk and gives the rest back; the next one does that rest only', async () => {
    const begun = Promise.withResolvers<void>()
    const load = endpointLoad(
      await stub((texts) => {
        if (texts.some((text) => text.startsWith('document'))) begun.resolve()
        return 200
      }),
    )
    const sweep = await fleet.submit({ queries: textsOf(5, 'query'), documents: textsOf(3000, 'document') }, load)
    const first = await fleet.worker({ slots: parseSlots('endpoint') })
    await begun.promise
    await first.running.stop({ drain: true })
    expect(liveDescendants(process.pid).filter(({ command }) => command.includes('child.ts'))).toEqual([])
    const second = await fleet.worker({ slots: parseSlots('endpoint') })
    await fleet.done(sweep)
    const chunks = [...first.events, ...second.events].filter(({ event }) => event === 'chunk')
    expect(chunks).toHaveLength(4)
    expect(first.events.filter(({ event }) => event === 'failed')).toEqual([])
    expect(fleet.service.cells(sweep)).toMatchObject([{ state: 'scored' }])
  })

  it('refuses a folder that another worker holds', async () => {
    await fleet.worker()
    await expect(fleet.worker()).rejects.toMatchObject({ code: 'SB-WORK-001' })
  })
})
