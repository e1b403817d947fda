import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PlannedGroup, type PreparedTask, SweepError, sha256, taskKey } from '@sweepboard/contracts'
import { openLocalQueue } from '@sweepboard/queue'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { group, load, plan, prepared, task } from '../../../packages/ledger/test/fixture.ts'
import { createApp } from './app.ts'
import type { SubmittedSweep } from './plan-schema.ts'
import { Service } from './service.ts'
import { submitSweep } from './submit-client.ts'
import { SLICE_GROUPS } from './sweep-in-slices.ts'

const ID = 's0123456789ab'
const TASKS = Array.from({ length: 30 }, (_, i) => task(`t${i}`))
const MODELS = Array.from({ length: 9 }, (_, i) => load(`m${i}`))

let folder: string
let service: Service
/** Posts to the service's own routes; `lose` answers that were given and never arrived. */
let lose: (path: string, count: number) => boolean
let paths: string[]
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sweepboard-submit-'))
  const queue = openLocalQueue()
  service = await Service.open({
    folder,
    holder: 'a test',
    openQueue: async () => ({ queue, join: { kind: 'local' } }),
    version: '0',
    beatMs: 5000,
    tickMs: 1000,
    readableRoots: [],
    log: () => undefined,
  })
  lose = () => false
  paths = []
})
afterEach(async () => {
  await service.stop()
  rmSync(folder, { recursive: true, force: true })
})

const client = {
  post: async (path: string, body?: unknown): Promise<unknown> => {
    const app = createApp(service, {
      tokens: { read: null, write: null },
      webFolder: null,
      bodyLimitBytes: 1e7,
      artifactLimitBytes: 1,
    })
    paths.push(path)
    const answer = await app.request(`http://127.0.0.1/api/v1${path}`, {
      method: 'POST',
      headers: { host: '127.0.0.1' },
      body: JSON.stringify(body),
    })
    const said = (await answer.json()) as { code?: 'SB-ART-001'; message?: string }
    if (lose(path, paths.length)) throw new SweepError('SB-SERVE-004', { url: 'here', message: 'socket hang up' })
    if (said.code !== undefined) throw Object.assign(new SweepError(said.code), { message: said.message })
    return said
  },
}

/** A group as it travels: nothing beside what the schema names. */
const wire = (one: PlannedGroup): PlannedGroup => ({ ...one, sides: { query: one.sides.query, document: one.sides.document } })

/** A sweep of 270 groups over 30 tasks, each prepared with its artifacts stored. */
async function big(): Promise<SubmittedSweep> {
  const groups = TASKS.flatMap((one, i) => MODELS.map((model, j) => wire(group(model, one, { rank: i * MODELS.length + j }))))
  const ready: PreparedTask[] = []
  for (const { task: name, ...rest } of TASKS) {
    const [q, d, j] = await Promise.all(['q', 'd', 'j'].map((part) => service.store.put(new TextEncoder().encode(part + name))))
    const done = prepared({ task: name, ...rest }, [`q${name}`, 1], [`d${name}`, 2])
    const sets = { queries: { ...done.queries, digest: q as string }, documents: { ...done.documents, digest: d as string } }
    ready.push({ ...done, ...sets, judgments: j as string })
  }
  return { sweep: ID, name: 'big', spec: 'sweep: big', plan: plan('big', groups), prepared: ready, weight: 2 }
}

/** Everything the ledger says of the sweep. */
const seen = () => ({
  status: service.ledger.sweepStatus(ID),
  cells: service.cells(ID).map(({ group: _, ...cell }) => cell),
  backlogs: service.ledger.laneBacklogs(),
  unprepared: service.ledger.unpreparedTasks(),
})

describe('a big sweep', () => {
  it('sent in slices is the same sweep as sent whole', async () => {
    const sweep = await big()
    expect(await submitSweep(client, sweep)).toEqual({ sweep: ID })
    expect(paths).toEqual([...Array(Math.ceil(270 / SLICE_GROUPS)).fill('/groups'), '/sweeps/by-groups'])
    const inSlices = seen()
    await service.stop()
    rmSync(join(folder, 'ledger.db'))
    const queue = openLocalQueue()
    service = await Service.open({
      folder: `${folder}/other`,
      holder: 'a test',
      openQueue: async () => ({ queue, join: { kind: 'local' } }),
      version: '0',
      beatMs: 5000,
      tickMs: 1000,
      readableRoots: [],
      log: () => undefined,
    })
    await client.post('/sweeps', await big())
    const times = { createdAt: '', runMs: 0 }
    expect({ ...inSlices.status, ...times }).toEqual({ ...seen().status, ...times })
    expect(inSlices.status).toMatchObject({ state: 'running', cells: { total: 270 } })
    expect({ ...inSlices, status: null }).toEqual({ ...seen(), status: null })
    expect(inSlices.unprepared).toEqual([])
  })

  it.each([
    ['a load key that names no lane', ['model', 'load', 'key'], 'a/b'],
    ["another model's load key", ['model', 'load', 'key'], sha256('another load')],
    ['the key of other results', ['key'], sha256('another group')],
    ['the row of another recipe', ['model', 'recipeKey'], sha256('another row')],
    ['a file outside its folder', ['model', 'load', 'open', 'file'], '../../etc/passwd'],
    ['a file of its own choice', ['model', 'load', 'open', 'file'], '/etc/passwd'],
  ])('is refused with %s, whole or in slices', async (_what, path, value) => {
    const sweep = structuredClone(await big()) as unknown as { plan: { groups: Record<string, unknown>[] } }
    const at = path
      .slice(0, -1)
      .reduce((object, name) => object[name] as Record<string, unknown>, sweep.plan.groups[1] as Record<string, unknown>)
    at[path.at(-1) as string] = value
    const refused = { code: 'SB-SERVE-005', message: expect.stringContaining(path.join('.')) }
    await expect(client.post('/sweeps', sweep)).rejects.toMatchObject(refused)
    await expect(client.post('/groups', { groups: sweep.plan.groups, prepared: [] })).rejects.toMatchObject(refused)
    expect(service.ledger.sweeps()).toEqual([])
  })

  it('comes to nothing before its wants are there', async () => {
    const sweep = await big()
    const groupsOnly = { post: async (path: string, body?: unknown) => (path === '/groups' ? client.post(path, body) : fail()) }
    await expect(submitSweep(groupsOnly, sweep, [])).rejects.toThrow('SB-SERVE-004')
    expect(service.ledger.sweeps()).toEqual([])
    expect(service.ledger.laneBacklogs()).toEqual([])
    expect(service.ledger.unpreparedTasks()).toEqual([])
  })

  it('is refused where a group was not sent before, or what was prepared is not stored', async () => {
    const sweep = await big()
    const skips = { post: async (path: string, body?: unknown) => (path === '/groups' ? {} : client.post(path, body)) }
    await expect(submitSweep(skips, sweep)).rejects.toMatchObject({ code: 'SB-SERVE-005' })
    const [first, ...rest] = sweep.prepared
    const absent = [{ ...(first as PreparedTask), judgments: sha256('absent') }, ...rest]
    await expect(submitSweep(client, { ...sweep, prepared: absent })).rejects.toMatchObject({ code: 'SB-ART-001' })
    expect(service.ledger.sweeps()).toEqual([])
  })
})

describe('an answer that never came', () => {
  it('is asked for again with the same id: one sweep, whatever was lost', async () => {
    const sweep = await big()
    lose = (_, count) => count % 2 === 1
    expect(await submitSweep(client, sweep, [1, 1])).toEqual({ sweep: ID })
    expect(paths.length).toBe(2 * (Math.ceil(270 / SLICE_GROUPS) + 1))
    expect(service.ledger.sweeps()).toMatchObject([{ id: ID, cells: { total: 270 } }])
  })

  it('of a small sweep too; a service that stays away is an error, and repeating later is no second sweep', async () => {
    const [one] = TASKS
    const small = { ...(await big()), plan: plan('small', [wire(group(MODELS[0] as never, one as never))]), prepared: [] }
    lose = () => true
    await expect(submitSweep(client, small, [1, 1])).rejects.toMatchObject({ code: 'SB-SERVE-004' })
    expect(paths).toEqual(['/sweeps', '/sweeps', '/sweeps'])
    lose = () => false
    expect(await submitSweep(client, small)).toEqual({ sweep: ID })
    expect(service.ledger.sweeps()).toHaveLength(1)
    expect(taskKey(one as never)).toBe(service.ledger.unpreparedTasks()[0]?.key)
  })
})

function fail(): never {
  throw new SweepError('SB-SERVE-004', { url: 'here', message: 'gone' })
}
