import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PublishedRow } from '@sweepboard/ledger'
import { openLocalQueue } from '@sweepboard/queue'
import type { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createApp } from './app.ts'
import type { Leaderboard } from './leaderboard.ts'
import { Service } from './service.ts'

let folder: string
let service: Service
let app: Hono
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sweepboard-desk-'))
  const queue = openLocalQueue()
  service = await Service.open({
    folder,
    holder: 'a test',
    openQueue: async () => ({ queue, join: { kind: 'local' } }),
    version: '0.0.0',
    beatMs: 500,
    tickMs: 100,
    readableRoots: null,
    log: () => undefined,
  })
  app = createApp(service, { tokens: { read: null, write: null }, webFolder: null, bodyLimitBytes: 1e6, artifactLimitBytes: 1e6 })
})
afterEach(async () => {
  await service.stop()
  rmSync(folder, { recursive: true, force: true })
})

const row = (model: string, task: string, mainScore: number | null, over: Partial<PublishedRow> = {}): PublishedRow => ({
  model,
  revision: 'r',
  task,
  subset: 'default',
  split: 'test',
  mainScore,
  metrics: {},
  languages: [],
  mtebVersion: null,
  datasetRevision: '',
  evaluationTime: null,
  origin: 'a.json',
  ...over,
})
const ask = (query = '', headers: Record<string, string> = {}) =>
  app.request(`/api/v1/leaderboard${query}`, { headers: { host: '127.0.0.1', ...headers } })
const board = async (query = '') => (await (await ask(query)).json()) as Leaderboard

describe('the leaderboard of a service', () => {
  it('has a tag: 304 while no score changed, another tag after one did', async () => {
    service.importPublished([row('m', 'T', 0.5)])
    const first = await ask()
    const tag = first.headers.get('etag') ?? ''
    expect(tag).toMatch(/^".+"$/)
    const same = await ask('', { 'if-none-match': tag })
    expect([same.status, await same.text()]).toEqual([304, ''])
    // A proxy that packs answers makes their tags weak.
    expect((await ask('', { 'if-none-match': `"other" , W/${tag}` })).status).toBe(304)
    service.importPublished([row('m', 'T', 0.75)])
    const changed = await ask('', { 'if-none-match': tag })
    expect(changed.status).toBe(200)
    expect(changed.headers.get('etag')).not.toBe(tag)
    expect(((await changed.json()) as Leaderboard).rows.map(({ mean }) => mean)).toEqual([0.75])
    expect((await ask('?sweep=none')).status).toBe(404)
    expect((await ask('?sweep=none')).headers.get('etag')).toBeNull()
  })

  it('answers the same as text and as rows, from what it kept and from nothing', async () => {
    service.importPublished([
      row('a "quoted"', 'T', 0.5),
      row('b', 'T', 0.5),
      row('c', 'T', 0.1),
      row('d', 'T', null),
      row('d', 'U', 1),
    ])
    const query = { tasks: [], sweep: null, published: true }
    const once = await board()
    expect(once).toEqual(service.leaderboard(query))
    expect(await board()).toEqual(once)
    service.boards.forget()
    expect(await board()).toEqual(once)
    expect(await board('?tasks=T')).toEqual(service.leaderboard({ ...query, tasks: ['T'] }))
    expect((await board('?tasks=T')).rows.map(({ model, rank }) => [model, rank])).toEqual([
      ['a "quoted"', 1],
      ['b', 1],
      ['c', 3],
      ['d', null],
    ])
  })

  it('takes a task named with a comma whole, repeated names, and lists of names without one', async () => {
    service.importPublished([row('m', 'Odd, name', 0.5), row('m', 'T', 0.25), row('m', 'U', 0.75)])
    const tasks = async (...names: string[]) =>
      (await board(`?${new URLSearchParams(names.map((name) => ['tasks', name]))}`)).tasks
    expect(await tasks('Odd, name')).toEqual(['Odd, name'])
    const retrieval = await tasks('MTEB(cmn, v1):Retrieval')
    expect(retrieval).toContain('T2Retrieval')
    expect(retrieval.length).toBe(8)
    expect(await tasks('MTEB(cmn, v1):Retrieval,T', 'T')).toEqual([...retrieval, 'T'].sort())
    expect(await tasks('MTEB(none, v9),T')).toEqual(['MTEB(none, v9)', 'T'])
    expect(await tasks('T', 'Odd, name')).toEqual(['Odd, name', 'T'])
    expect(await tasks('T,U')).toEqual(['T', 'U'])
    expect(await tasks('')).toEqual(['Odd, name', 'T', 'U'])
  })

  it('takes the mean over the entries of a file, of the last import of one model, revision and task', async () => {
    service.importPublished([row('m', 'T', 0.2, { subset: 'a' }), row('m', 'T', 0.4, { subset: 'b' })])
    expect((await board()).rows[0]?.scores.T).toBeCloseTo(0.3, 12)
    service.importPublished([row('m', 'T', 0.9, { datasetRevision: 'later' })])
    expect((await board()).rows.map(({ scores }) => scores.T)).toEqual([0.9])
    service.importPublished([row('m', 'T', 0.6, { datasetRevision: 'later', source: 'AAAA' })])
    expect((await board()).rows.map(({ scores }) => scores.T)).toEqual([0.6])
  })

  it('takes it over the splits that the catalog evaluates, of a task that it knows', async () => {
    const train = (score: number | null) => ({ split: 'train', mainScore: score })
    service.importPublished([row('m', 'FiQA2018', 0.2), row('m', 'FiQA2018', 0.4, train(0.4))])
    service.importPublished([row('n', 'FiQA2018', 0.3), row('n', 'FiQA2018', null, train(null))])
    service.importPublished([row('o', 'FiQA2018', 0.9, train(0.9)), row('m', 'T', 0.2), row('m', 'T', 0.4, train(0.4))])
    const scores = Object.fromEntries((await board()).rows.map((one) => [one.model, one.scores]))
    expect(scores).toEqual({ m: { FiQA2018: 0.2, T: expect.closeTo(0.3, 12) }, n: { FiQA2018: 0.3 } })
  })
})
