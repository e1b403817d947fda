import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Beat, EncodeWork, SlotReport } from '@sweepboard/contracts'
import { openLocalQueue } from '@sweepboard/queue'
import { waitUntil } from '@sweepboard/test-kit'
import type { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EVIDENCE, group, load, plan, prepared, task } from '../../../packages/ledger/test/fixture.ts'
import { createApp } from './app.ts'
import { ServiceMetrics } from './metrics-service.ts'
import { Service } from './service.ts'

const A = { ...load('a'), model: 'org/model "a"\n' }
const T1 = task('t1')
const ASK = { headers: { host: '127.0.0.1:4400' } }

let folder: string
let service: Service
let app: Hono
let guarded: Hono

/** Reads the text format: series -> value, labels as they stand. */
function parse(text: string): Map<string, number> {
  const series = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [, name = '', value] = /^([a-z_:][\w:]*(?:\{.*\})?) (\S+)$/i.exec(line) ?? []
    if (name === '') throw new Error(`not a line of the text format: ${line}`)
    series.set(name, Number(value))
  }
  return series
}

const read = async () => parse(await (await app.request('http://127.0.0.1:4400/metrics', ASK)).text())
const post = async (path: string, body: unknown) => {
  const answer = await app.request(`http://127.0.0.1:4400/api/v1${path}`, { ...ASK, method: 'POST', body: JSON.stringify(body) })
  return (await answer.json()) as never
}

let seq = 0
const slot = (over: Partial<SlotReport>): Partial<SlotReport> => ({
  id: 'cpu',
  device: 'cpu',
  memoryBytes: 8e9,
  state: 'idle',
  lane: null,
  tokensPerSecond: {},
  closed: [],
  ...over,
})
const beat = (slots: Partial<SlotReport>[], holding: string[] = []) => {
  seq += 1
  const sent = { host: 'h1', hostname: 'h1', boot: 1, seq, version: '1', slots, holding, weights: null, allowEnv: [] }
  return post('/beat', sent as Partial<Beat>)
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sweepboard-metrics-'))
  const queue = openLocalQueue()
  service = await Service.open({
    folder,
    holder: 'a test',
    openQueue: async () => ({ queue, join: { kind: 'local' } }),
    version: '0.0.0',
    beatMs: 500,
    tickMs: 50,
    readableRoots: null,
    log: () => undefined,
  })
  const metrics = { of: new ServiceMetrics(service), token: 'scraper-token' }
  const options = { webFolder: null, bodyLimitBytes: 1e6, artifactLimitBytes: 1e6, metrics }
  app = createApp(service, { ...options, tokens: { read: null, write: null } })
  guarded = createApp(service, { ...options, tokens: { read: 'reader', write: 'writer' } })
})
afterAll(async () => {
  await service.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('metrics of the service', () => {
  it('are for holders of a token, the read one or their own; on loopback without tokens for any caller there', async () => {
    const status = async (headers: Record<string, string>) =>
      (await guarded.request('http://x/metrics', { headers: { host: 'x', ...headers } })).status
    expect(await status({})).toBe(401)
    expect(await status({ authorization: 'Bearer wrong' })).toBe(401)
    for (const token of ['reader', 'writer', 'scraper-token'])
      expect(await status({ authorization: `Bearer ${token}` })).toBe(200)
    expect((await app.request('http://127.0.0.1/metrics', { headers: { host: 'evil.example' } })).status).toBe(401)
    const sweeps = await guarded.request('http://x/api/v1/sweeps', {
      headers: { host: 'x', authorization: 'Bearer scraper-token' },
    })
    expect(sweeps.status).toBe(401)
  })

  it('nothing happened: zeros, and no slots', async () => {
    const now = await read()
    expect(now.get('sweepboard_hosts')).toBe(0)
    expect(now.get('sweepboard_queue_up')).toBe(1)
    expect(now.get('sweepboard_beats_total')).toBe(0)
    expect(now.get('sweepboard_slots_busy_ratio')).toBe(0)
    expect([...now.keys()].some((name) => name.startsWith('nodejs_eventloop_lag_p99_seconds'))).toBe(true)
  })

  it('lanes, slots, leases, commits and failures are what was done', async () => {
    const digest = await service.store.put(new TextEncoder().encode('vectors'))
    service.ledger.submit({ sweep: 's1', name: 's1', spec: '', plan: plan('s1', [group(A, T1)]), createdAt: '' }, [
      prepared(T1, ['q', 1], ['d', 2]),
    ])
    const serving = slot({ state: 'serving', lane: A.key, tokensPerSecond: { [A.key]: 250 } })
    await beat([slot({}), slot({ id: 'cpu-2' })])
    const label = `{lane="${A.key.slice(0, 12)}",model="org/model \\"a\\"\\n"}`
    // Lanes are added up now and then, not at every scrape.
    const until = (series: string, value: number) =>
      waitUntil(async () => {
        const found = await read()
        return found.get(series) === value && found
      })
    let now = await until(`sweepboard_lane_todo_chunks${label}`, 3)
    expect(now.get(`sweepboard_lane_todo_tokens${label}`)).toBe(3000)
    expect(now.get('sweepboard_slots{state="idle",device="cpu"}')).toBe(2)
    expect(now.get('sweepboard_slots_busy_ratio')).toBe(0)

    await beat([serving, slot({ id: 'cpu-2' })])
    await service.coordinator.tick()
    const [lease] = service.ledger.openLeases()
    const claim = { lease: lease?.id, run: 'r', host: 'h1', boot: 1, seq, slot: 'cpu' }
    const { work } = (await post('/claim', claim)) as { work: EncodeWork }
    const [part] = work.parts
    const commits = [{ lease: lease?.id, encoding: part?.encoding, n: part?.chunks[0]?.n, digest, evidence: EVIDENCE }]
    await post('/commit', { ledger: service.ledger.id, host: 'h1', commits })
    await post('/commit', { ledger: 'another', host: 'h1', commits })
    const failed = { code: 'SB-HTTP-002', message: '', fix: '', text: null, kind: 'engine' }
    const failures = [
      { encoding: 999, n: 0, ...failed },
      { encoding: 999, n: 1, ...failed, code: 'made up' },
    ]
    const end = {
      ledger: service.ledger.id,
      host: 'h1',
      boot: 1,
      lease: lease?.id,
      results: [],
      scoreFailures: [],
      missing: [],
      crashed: [],
    }
    await post('/end', { ...end, failures })
    now = await until(`sweepboard_lane_tokens_per_second${label}`, 250)
    expect(now.get('sweepboard_leases_ended_total')).toBe(1)
    expect(now.get('sweepboard_slots_busy_ratio')).toBe(0.5)
    expect(now.get(`sweepboard_lane_slots${label}`)).toBe(1)
    expect(now.get('sweepboard_beats_total')).toBe(2)
    expect(now.get('sweepboard_claims_total{state="granted"}')).toBe(1)
    expect(now.get('sweepboard_commits_total{verdict="ok"}')).toBe(1)
    expect(now.get('sweepboard_commits_total{verdict="drop"}')).toBe(1)
    expect(now.get('sweepboard_encoded_texts_total{model="org/model \\"a\\"\\n"}')).toBe(EVIDENCE.textCount)
    expect(now.get('sweepboard_encoded_tokens_total{model="org/model \\"a\\"\\n"}')).toBe(EVIDENCE.tokenCount)
    expect(now.get('sweepboard_failures_total{code="SB-HTTP-002"}')).toBe(1)
    expect(now.get('sweepboard_failures_total{code="other"}')).toBe(1)
    expect(now.get('sweepboard_sweeps{state="running"}')).toBe(1)
    expect(now.get('sweepboard_cells{state="waiting"}')).toBe(1)
  })

  it('requests are counted by route, never by path', async () => {
    for (const path of ['/api/v1/sweeps/s1', '/api/v1/sweeps/none', '/api/v1/elsewhere/1', '/api/v1/elsewhere/2'])
      await app.request(`http://127.0.0.1:4400${path}`, ASK)
    const now = await read()
    const count = (labels: string) => now.get(`sweepboard_http_request_duration_seconds_count{${labels}}`)
    expect(count('method="GET",route="/api/v1/sweeps/:sweep",status="200"')).toBe(1)
    expect(count('method="GET",route="/api/v1/sweeps/:sweep",status="404"')).toBe(1)
    expect(count('method="GET",route="other",status="404"')).toBe(2)
    expect(count('method="POST",route="/api/v1/beat",status="200"')).toBe(2)
    expect([...now.keys()].filter((name) => name.includes('elsewhere'))).toEqual([])
  })

  it('models beyond the hundredth share a label', async () => {
    const groups = Array.from({ length: 130 }, (_, i) => group({ ...load(`m${i}`), model: `org/m${i}` }, T1))
    service.ledger.submit({ sweep: 's2', name: 's2', spec: '', plan: plan('s2', groups), createdAt: '' })
    const lanes = await waitUntil(async () => {
      const found = [...(await read()).keys()].filter((name) => name.startsWith('sweepboard_lane_todo_chunks'))
      return found.length > 90 && found
    })
    expect(lanes.length).toBeLessThanOrEqual(101)
    expect(lanes.some((name) => name.includes('model="other"'))).toBe(true)
  })
})
