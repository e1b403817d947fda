import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { processesMarked, RUN_MARK, waitUntil } from '@sweepboard/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const ENTRY = fileURLToPath(new URL('./killer-process.ts', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
}

describe('a text that takes the whole worker down', () => {
  let folder: string
  const servers: Server[] = []
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sb-quarantine-'))
  })
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections()
      server.close()
    }
    rmSync(folder, { recursive: true, force: true })
  })

  /** Chunks that are being computed, as the worker's marks on disk say. */
  const marks = () => readdirSync(join(folder, 'worker/marks')).filter((name) => name.endsWith('.json')).length

  /** An embeddings server; `before` may hold a request back. */
  async function stub(before: (texts: string[]) => Promise<void>): Promise<string> {
    const server = createServer(async (request, response) => {
      if (request.method === 'GET') return void response.writeHead(404).end()
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part)
      const { input }: { input: string[] } = JSON.parse(Buffer.concat(parts).toString('utf8'))
      await before(input)
      const data = input.map((text, index) => ({ object: 'embedding', index, embedding: [1, text.length, index + 1] }))
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ object: 'list', data, model: 'stub' }))
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  }

  it('runs alone from its second mark on and fails at its sixth; what was computed beside it is not blamed', async () => {
    /** Marks on disk at each death. */
    const beside: number[] = []
    let kill: () => void = () => undefined
    const killerUrl = await stub(async (texts) => {
      if (!texts.includes('KILLER')) return
      if (beside.length < 2) await waitUntil(() => marks() === 2, { what: 'a neighbour at work' })
      beside.push(marks())
      kill()
      await new Promise(() => undefined)
    })
    // Its documents are in the engine, and stay there, whenever the killer strikes for the first two times.
    const otherUrl = await stub(async (texts) => {
      if (beside.length < 2 && texts.some((text) => text.startsWith('other number'))) await new Promise(() => undefined)
    })
    const run = async (): Promise<Ended> => {
      const child = spawn(process.execPath, [ENTRY, folder, killerUrl, otherUrl], {
        env: { ...process.env, [RUN_MARK]: folder },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      kill = () => child.kill('SIGKILL')
      let out = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text
      })
      const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
        child.once('close', (...end) => resolve(end))
      })
      await waitUntil(() => processesMarked(RUN_MARK, folder).length === 0, { deadlineMs: 5000, what: 'no process left' })
      return { code, signal, out }
    }

    let ended = await run()
    for (let starts = 1; ended.signal === 'SIGKILL' && starts < 10; starts += 1) ended = await run()
    expect(beside).toEqual([2, 2, 1, 1, 1, 1])
    expect(ended).toMatchObject({ code: 0, signal: null })
    expect(JSON.parse(ended.out)).toMatchObject([
      { state: 'failed', failure: { code: 'SB-WORK-003', details: { count: 6 } } },
      { state: 'scored', failure: null },
    ])
  })
})
