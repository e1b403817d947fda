import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PROBE_MARK } from '@sweepboard/models'
import { processesMarked, RUN_MARK, waitUntil } from '@sweepboard/test-kit'
import { afterEach, describe, expect, it } from 'vitest'
import { parseSlots, type WorkerEvent } from '../src/index.ts'
import { endpointLoad, openFleet, textsOf } from './fleet.ts'

const ENTRY = fileURLToPath(new URL('./in-hand-process.ts', import.meta.url))

/** An embeddings server that holds back all documents while told to, and counts what it answered and had at once. */
async function openHolder() {
  let refuses = false
  const answered = new Map<string, number>()
  let held: (() => void)[] | null = []
  const state = { inside: 0, most: 0 }
  const server: Server = createServer(async (request, response) => {
    if (request.method === 'GET') return void response.writeHead(404).end()
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const { input }: { input: string[] } = JSON.parse(Buffer.concat(parts).toString('utf8'))
    state.inside += 1
    state.most = Math.max(state.most, state.inside)
    response.once('close', () => {
      state.inside -= 1
    })
    if (refuses && input.some((text) => text.startsWith('document')))
      return void response.writeHead(429, { 'content-type': 'application/json' }).end('{}')
    if (input.some((text) => text.startsWith('document'))) await new Promise<void>((go) => (held === null ? go() : held.push(go)))
    if (response.destroyed) return
    for (const text of input) if (!text.startsWith(PROBE_MARK)) answered.set(text, (answered.get(text) ?? 0) + 1)
    const vector = (text: string) =>
      Array.from({ length: 8 }, (_, i) => 1 + ((text.length * (i + 1) + text.charCodeAt(text.length - 1)) % 7))
    const data = input.map((text, index) => ({ object: 'embedding', index, embedding: vector(text) }))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ object: 'list', data, model: 'stub' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    answered,
    state,
    hold: () => {
      held = []
    },
    release: () => {
      for (const go of held ?? []) go()
      held = null
    },
    /** From now on documents are answered with 429. */
    refuse: () => {
      refuses = true
    },
    /** Answers one of the requests that are held back. */
    answerOne: () => held?.shift()?.(),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

describe('several chunks in the hands of a server', () => {
  const endings: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end()
  })
  const holder = async () => {
    const opened = await openHolder()
    endings.push(opened.close)
    return opened
  }
  const marksIn = (folder: string) => () =>
    readdirSync(join(folder, 'worker/marks')).filter((name) => name.endsWith('.json')).length

  async function heldFleet(options: { muteMs?: number } = {}) {
    const server = await holder()
    const fleet = await openFleet()
    endings.push(fleet.close)
    const load = endpointLoad(server.url, { concurrency: 4, batchTexts: 128 })
    const sweep = await fleet.submit({ queries: textsOf(30, 'query'), documents: textsOf(3000, 'document') }, load)
    const { running, events } = await fleet.worker({ slots: parseSlots('endpoint'), ...options })
    const marks = marksIn(fleet.folder)
    await waitUntil(() => marks() >= 2 && server.state.inside === 4, { deadlineMs: 30_000, what: 'two chunks in hand' })
    return { server, fleet, sweep, running, events, marks }
  }

  it('never ask it more at once than its concurrency, and each is asked for once', async () => {
    const { server, fleet, sweep, marks } = await heldFleet()
    server.release()
    await fleet.done(sweep)
    expect(server.state.most).toBe(4)
    expect(server.answered.size).toBe(3030)
    expect([...server.answered].filter(([, times]) => times !== 1)).toEqual([])
    await waitUntil(() => marks() === 0, { what: 'no mark left' })
  })

  it('are all finished by a worker that drains; the next one does the rest only', async () => {
    const { server, fleet, sweep, running, events } = await heldFleet()
    const stopped = running.stop({ drain: true })
    server.release()
    await stopped
    expect(events.filter(({ event }) => event === 'chunk').length).toBeGreaterThanOrEqual(2)
    await fleet.worker({ slots: parseSlots('endpoint') })
    await fleet.done(sweep)
    expect([...server.answered].filter(([, times]) => times !== 1)).toEqual([])
    expect(fleet.service.cells(sweep)).toMatchObject([{ state: 'scored' }])
  })

  it('are finished by a worker that drains as long as the server answers, however slowly', async () => {
    const { server, running, events, marks } = await heldFleet({ muteMs: 1500 })
    const inHand = marks()
    const answering = setInterval(server.answerOne, 150)
    endings.push(() => clearInterval(answering))
    await running.stop({ drain: true })
    expect(events.filter(({ event }) => event === 'chunk').length).toBeGreaterThanOrEqual(inHand)
  })

  it('are given back by a worker that drains when the server hangs, and its lane stays open', async () => {
    const { server, running, events, marks } = await heldFleet({ muteMs: 300 })
    await endsWithin(10_000, running.stop({ drain: true }))
    expect(server.state.inside).toBe(0)
    expectGivenBack(events, marks)
  })

  it.each(['is down', 'is busy for ever'])(
    'are given back at once by a worker that drains when the server %s',
    async (trouble) => {
      const { server, running, events, marks } = await heldFleet()
      if (trouble === 'is down') server.close()
      else server.refuse()
      server.release()
      await endsWithin(10_000, running.stop({ drain: true }))
      expectGivenBack(events, marks)
    },
  )

  /** Well below the 20 s that a server is given which does not answer. */
  async function endsWithin(deadlineMs: number, stopping: Promise<void>) {
    let hasEnded = false
    void stopping.then(() => {
      hasEnded = true
    })
    await waitUntil(() => hasEnded, { deadlineMs, what: 'the end of the worker' })
  }

  function expectGivenBack(events: readonly WorkerEvent[], marks: () => number) {
    const named = new Set(events.map(({ event }) => event))
    expect([named.has('given-back'), named.has('lane-closed'), named.has('chunk-failed')]).toEqual([true, false, false])
    expect(marks()).toBe(0)
  }

  it('do not keep a lease that waits behind them: a slot that leaves its lane gives it back at once', async () => {
    const server = await holder()
    const fleet = await openFleet()
    endings.push(fleet.close)
    // Of chunks of more than two requests a server with one place has two in hand: the third lease waits.
    const load = endpointLoad(server.url, { concurrency: 1, batchTexts: 128 })
    const sweep = await fleet.submit({ queries: textsOf(300, 'query'), documents: textsOf(5000, 'document') }, load)
    let leaves = false
    const beat: typeof fleet.link.beat = async (sent) => {
      const answer = await fleet.link.beat(sent)
      return leaves ? { ...answer, lanes: { endpoint0: null } } : answer
    }
    const { events } = await fleet.worker({ slots: parseSlots('endpoint'), link: { ...fleet.link, beat } })
    const leases = () => events.filter(({ event, kind }) => event === 'lease' && kind === 'encode').length
    const marks = marksIn(fleet.folder)
    const isHeld = () => server.state.inside === 1 && marks() === 2 && leases() > marks()
    await waitUntil(isHeld, { deadlineMs: 30_000, what: 'two chunks in hand, a lease behind them' })
    leaves = true
    await waitUntil(() => events.some(({ event }) => event === 'given-back'), { what: 'the lease behind them goes back' })
    expect(server.state.inside).toBe(1)
    leaves = false
    server.release()
    await fleet.done(sweep)
    expect([...server.answered].filter(([, times]) => times !== 1)).toEqual([])
    expect(fleet.service.cells(sweep)).toMatchObject([{ state: 'scored' }])
  })

  it('are all let go when their sweep is cancelled, though the server never answers', async () => {
    const { server, fleet, sweep, marks } = await heldFleet()
    fleet.service.control(sweep, 'cancel')
    await waitUntil(() => marks() === 0 && server.state.inside === 0, { deadlineMs: 5000, what: 'every chunk let go' })
  })

  it('are computed again after SIGKILL, to the cells of a quiet run', async () => {
    const server = await holder()
    const start = (folder: string) => {
      const child = spawn(process.execPath, [ENTRY, folder, server.url], {
        env: { ...process.env, [RUN_MARK]: folder },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let out = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text
      })
      const ended = new Promise<string>((resolve) => child.once('close', () => resolve(out)))
      return { child, ended }
    }
    const [quietFolder, folder] = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'sb-in-hand-'))) as [string, string]
    for (const one of [quietFolder, folder]) endings.push(() => rmSync(one, { recursive: true, force: true }))
    server.release()
    const quiet = await start(quietFolder).ended
    expect(JSON.parse(quiet)).toMatchObject([{ state: 'scored' }])

    server.hold()
    const killed = start(folder)
    const marks = marksIn(folder)
    await waitUntil(
      () => {
        try {
          return marks() >= 2 && server.state.inside === 4
        } catch {
          return false // its folder is not there yet
        }
      },
      { deadlineMs: 60_000, what: 'two chunks in hand' },
    )
    killed.child.kill('SIGKILL')
    await killed.ended
    await waitUntil(() => processesMarked(RUN_MARK, folder).length === 0, { deadlineMs: 3000, what: 'no process left' })
    expect(marks()).toBeGreaterThanOrEqual(2)
    server.release()
    expect(await start(folder).ended).toBe(quiet)
    expect(marks()).toBe(0)
  })
})
