import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PublishedRow } from '@sweepboard/ledger'
import { openLocalQueue } from '@sweepboard/queue'
import type { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createApp } from './app.ts'
import type { Leaderboard } from './leaderboard.ts'
import { Pairing } from './pairing.ts'
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

  it('of a benchmark has its own splits and subsets; a result that lacks one has no score and says what it lacks', async () => {
    // Of STS22.v2 MTEB(eng, v2) wants the English subset alone; of STS17 en-en; each of the test split.
    const file = (model: string, task: string, subsets: Record<string, number | null>, split = 'test') =>
      service.importPublished(Object.entries(subsets).map(([subset, score]) => row(model, task, score, { subset, split })))
    file('whole', 'STS22.v2', { en: 0.5, de: 0.9 })
    file('whole', 'STS22.v2', { en: 0.1 }, 'train')
    file('german', 'STS22.v2', { de: 0.9 })
    const english = await board(`?benchmark=${encodeURIComponent('MTEB(eng, v2):STS')}&tasks=ignored`)
    expect(english.tasks).toContain('STS12')
    expect(english.tasks).not.toContain('ignored')
    expect(english.rows.map(({ model, scores, lacking }) => [model, scores, lacking])).toEqual([
      ['whole', { 'STS22.v2': 0.5 }, undefined],
    ])
    // MTEB(Multilingual, v2) wants all of its subsets.
    const all = await board(`?benchmark=${encodeURIComponent('MMTEB:STS')}`)
    const [german, whole] = all.rows.toSorted((a, b) => (a.model < b.model ? -1 : 1))
    expect([german?.scores, whole?.scores]).toEqual([{}, {}])
    expect(whole?.lacking?.['STS22.v2']).toMatchObject({ count: 16, of: 18 })
    expect(whole?.lacking?.['STS22.v2']?.entries).toContain('test/fr')
    expect(whole?.lacking?.['STS22.v2']?.entries).not.toContain('test/de')
    expect((await board('?tasks=STS22.v2')).rows.map(({ model, scores }) => [model, scores['STS22.v2']])).toEqual([
      ['german', 0.9],
      ['whole', 0.7],
    ])
    const { status } = await ask('?benchmark=MTEB')
    expect([status, (await ask('?benchmark=MTEB%28eng%2C%20v3%29')).status]).toEqual([200, 422])
    file('german', 'STS22.v2', { en: 0.6 })
    const later = await board(`?benchmark=${encodeURIComponent('MTEB(eng, v2):STS')}`)
    expect(later.rows.map(({ model, scores }) => [model, scores['STS22.v2']])).toEqual([
      ['german', 0.6],
      ['whole', 0.5],
    ])
  })

  it('pairs two rows over what both have, and names what is left out and why', async () => {
    service.importPublished([
      row('org/a', 'Both', 0.5, { subset: 'en', datasetRevision: 'x' }),
      row('org/a', 'Both', 0.9, { subset: 'de', datasetRevision: 'x' }),
      row('org/b', 'Both', 0.4, { subset: 'en', datasetRevision: 'y' }),
      ...[row('org/a', 'Mine', 1), row('org/b', 'Yours', 1), row('org/a', 'Null', null), row('org/b', 'Null', 0.1)],
    ])
    const compare = async (query: string) => {
      const answer = await app.request(`/api/v1/compare?${query}`, { headers: { host: '127.0.0.1' } })
      return {
        status: answer.status,
        tag: answer.headers.get('etag'),
        body: (await answer.json()) as Pairing & { code?: string },
      }
    }
    const { body, tag } = await compare('a=org/a&b=b')
    expect(tag).toBe((await ask()).headers.get('etag'))
    expect(Pairing.parse(body)).toEqual(body)
    expect([body.a.name, body.b.name]).toEqual(['org/a [published]', 'org/b [published]'])
    expect(body.tasks).toEqual([
      { task: 'Both', mainScore: 'main score', a: 0.5, b: 0.4, isSameData: false, entryCount: 1, entries: [] },
    ])
    expect(body.leftOut).toEqual([
      { task: 'Both', subset: 'de', split: 'test', why: 'no result of B' },
      { task: 'Mine', subset: null, split: null, why: 'no result of B' },
      { task: 'Null', subset: null, split: null, why: 'the score of A is undefined' },
      { task: 'Yours', subset: null, split: null, why: 'no result of A' },
    ])
    for (const [query, status, code] of [
      ['a=org/a&b=org/a', 422, 'SB-SPEC-004'],
      ['a=org/a&b=org/b&tasks=Mine', 404, 'SB-LEDGER-016'],
      ['a=org&b=b', 422, 'SB-LEDGER-014'],
      ['a=org/a', 400, 'SB-SERVE-005'],
    ] as const) {
      const refused = await compare(query)
      expect([refused.status, refused.body.code, refused.tag], query).toEqual([status, code, null])
    }
    service.importPublished([row('org/b', 'Both', 0.6, { subset: 'de', datasetRevision: 'y' })])
    expect((await compare('a=org/a&b=b')).body.tasks[0]).toMatchObject({ entryCount: 2, a: 0.7, b: 0.5 })
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
