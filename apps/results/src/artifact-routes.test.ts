import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { get, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256 } from '@sweepboard/contracts'
import { openLocalQueue } from '@sweepboard/queue'
import { waitUntil } from '@sweepboard/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from './app.ts'
import { type Listening, listen } from './listen.ts'
import { Service } from './service.ts'

const LIMIT = 4 * 2 ** 20
let folder: string
let service: Service
let listening: Listening
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sb-routes-'))
  service = await Service.open({
    folder,
    holder: 'a test',
    openQueue: async () => ({ queue: openLocalQueue(), join: { kind: 'local' } }),
    version: '0',
    beatMs: 1000,
    tickMs: 1000,
    readableRoots: [],
    log: () => undefined,
  })
  const app = createApp(service, {
    tokens: { read: null, write: null },
    webFolder: null,
    bodyLimitBytes: 1000,
    artifactLimitBytes: LIMIT,
  })
  listening = await listen(app, { host: '127.0.0.1', port: 0, next: false })
})
afterAll(async () => {
  await listening.close()
  await service.stop()
  rmSync(folder, { recursive: true, force: true })
})

const at = (digest: string) => `${listening.url}/api/v1/artifacts/${digest}`
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code
/** Files of writes that are under way or were left behind. */
const asides = () =>
  (readdirSync(join(folder, 'artifacts'), { recursive: true }) as string[]).filter((name) => name.endsWith('.tmp'))
const bytesOf = (size: number, seed: number) => new Uint8Array(size).map((_, i) => (i * 31 + seed) % 251)

/** A PUT whose body the test sends piece by piece. */
function openPut(digest: string, headers: Record<string, string | number> = {}) {
  const sent = request(at(digest), { method: 'PUT', headers: { 'content-type': 'application/octet-stream', ...headers } })
  const status = new Promise<number | string>((resolve) => {
    sent.on('response', (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'))
  })
  return { sent, status }
}

describe('artifacts over sockets', () => {
  it('takes a body in pieces, shows nothing before it is whole, and gives it back', async () => {
    const bytes = bytesOf(3 * 2 ** 20, 1)
    const digest = sha256(bytes)
    const { sent, status } = openPut(digest)
    sent.write(bytes.subarray(0, 2 ** 20))
    await waitUntil(() => asides().length === 1, { what: 'the write to begin' })
    expect((await fetch(at(digest), { method: 'HEAD' })).status).toBe(404)
    sent.end(bytes.subarray(2 ** 20))
    expect(await status).toBe(200)
    expect(asides()).toEqual([])
    const got = await fetch(at(digest))
    expect([got.headers.get('content-length'), got.headers.get('x-sweepboard-max-artifact')]).toEqual([
      String(bytes.length),
      String(LIMIT),
    ])
    expect(sha256(new Uint8Array(await got.arrayBuffer()))).toBe(digest)
  })

  it('leaves nothing of an upload that breaks off, whether its length was announced or not', async () => {
    const bytes = bytesOf(2 ** 20, 2)
    for (const headers of [{ 'content-length': bytes.length }, {}]) {
      const { sent, status } = openPut(sha256(bytes), headers)
      sent.write(bytes.subarray(0, 300_000))
      await waitUntil(() => asides().length === 1, { what: 'the write to begin' })
      sent.destroy()
      await status
      await waitUntil(() => asides().length === 0, { what: 'the rest to be removed' })
      expect((await fetch(at(sha256(bytes)), { method: 'HEAD' })).status).toBe(404)
    }
  })

  it('refuses what is too big before it comes where that is announced, else while it comes', async () => {
    const announced = openPut(sha256('x'), { 'content-length': LIMIT + 1 })
    announced.sent.flushHeaders()
    expect(await announced.status).toBe(413)
    announced.sent.destroy()
    const bytes = bytesOf(LIMIT + 1, 3)
    const unannounced = openPut(sha256(bytes))
    unannounced.sent.end(bytes)
    expect([413, 'EPIPE', 'ECONNRESET']).toContain(await unannounced.status)
    await waitUntil(() => asides().length === 0, { what: 'the rest to be removed' })
    expect(service.store.existsSync(sha256(bytes))).toBe(false)
  })

  it('takes the same artifact from many at once', async () => {
    const bytes = bytesOf(2 ** 20, 4)
    const puts = Array.from({ length: 8 }, () => fetch(at(sha256(bytes)), { method: 'PUT', body: bytes }))
    expect((await Promise.all(puts)).map(({ status }) => status)).toEqual(Array(8).fill(200))
    expect(service.store.verifySync(sha256(bytes))).toBe(true)
    expect(asides()).toEqual([])
  })

  it('gives the rest of a file', async () => {
    const bytes = bytesOf(1000, 5)
    const digest = sha256(bytes)
    await fetch(at(digest), { method: 'PUT', body: bytes })
    const range = (value: string) => fetch(at(digest), { headers: { range: value } })
    const rest = await range('bytes=990-')
    expect([rest.status, rest.headers.get('content-range')]).toEqual([206, 'bytes 990-999/1000'])
    expect(new Uint8Array(await rest.arrayBuffer())).toEqual(bytes.subarray(990))
    expect(new Uint8Array(await (await range('bytes=10-19')).arrayBuffer())).toEqual(bytes.subarray(10, 20))
    expect((await range('bytes=1000-')).status).toBe(416)
    expect((await range('bytes=5-2')).status).toBe(416)
    for (const other of ['bytes=-5', 'items=1-2', 'bytes=1-2,4-5']) expect((await range(other)).status, other).toBe(200)
    const empty = sha256('')
    expect((await fetch(at(empty), { method: 'PUT', body: '' })).status).toBe(200)
    expect(await (await fetch(at(empty))).text()).toBe('')
  })

  it('never gives damaged bytes, also where they were good before', async () => {
    const bytes = bytesOf(1000, 6)
    const digest = sha256(bytes)
    await fetch(at(digest), { method: 'PUT', body: bytes })
    expect((await fetch(at(digest))).status).toBe(200)
    writeFileSync(join(folder, 'artifacts', digest.slice(0, 2), digest), 'other')
    const damaged = await fetch(at(digest))
    expect([damaged.status, await codeOf(damaged)]).toEqual([422, 'SB-ART-002'])
    expect((await fetch(at(digest), { method: 'PUT', body: bytes })).status).toBe(200)
    expect((await fetch(at(digest))).status).toBe(200)
  })

  it('refuses while the folder cannot be written, and takes it afterwards', async () => {
    const bytes = bytesOf(10, 7)
    const digest = sha256(bytes)
    const blocked = join(folder, 'artifacts', digest.slice(0, 2))
    rmSync(blocked, { recursive: true, force: true })
    writeFileSync(blocked, 'a file where a folder should be')
    const refused = await fetch(at(digest), { method: 'PUT', body: bytes })
    expect(refused.status).toBeGreaterThanOrEqual(500)
    rmSync(blocked)
    expect((await fetch(at(digest), { method: 'PUT', body: bytes })).status).toBe(200)
  })
})

describe('the stream of events', () => {
  const open = () =>
    new Promise<IncomingMessage>((resolve) =>
      get(`${listening.url}/api/v1/events`, { agent: false }, (answer) => resolve(answer)),
    )
  const change = { event: 'cells', sweep: 'x'.repeat(2000) } as const
  const changeBytes = `event: cells\ndata: ${JSON.stringify(change)}\n\n`.length

  it('cuts off who does not read, and nobody else', async () => {
    const silent = await open()
    const reading = await open()
    let heard = 0
    reading.on('data', (piece: Buffer) => {
      heard += piece.length
    })
    // 40 MB, a tenth of a megabyte at a time: far more than the buffers of a connection hold.
    let sent = 0
    for (let i = 0; i < 400; i += 1) {
      for (let j = 0; j < 50; j += 1) service.events.publish(change)
      sent += 50 * changeBytes
      while (heard < sent) await once(reading, 'data')
    }
    let read = 0
    silent.on('data', (piece: Buffer) => {
      read += piece.length
    })
    const isOver = new Promise((resolve) => silent.on('error', () => undefined).on('close', resolve))
    await isOver
    expect(read).toBeLessThan(sent)
    expect(reading.destroyed).toBe(false)
    reading.destroy()
    const again = await open()
    const [hello] = (await once(again, 'data')) as [Buffer]
    expect(String(hello)).toContain('event: hello')
    again.destroy()
  })
})
