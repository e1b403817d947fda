import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256 } from '@sweepboard/contracts'
import { expect, it, onTestFinished } from 'vitest'
import { Ledger, openReadOnly } from '../src/index.ts'
import {
  claimOf,
  commitAll,
  endOf,
  FULL,
  group,
  leaseAll,
  load,
  prepared,
  resultOf,
  SHORT,
  scoreNext,
  submit,
  task,
} from './fixture.ts'

const MODEL = load('a')
const MINE = task('mine')
const OTHER = task('other')

/** Scores the next ready group, its first config with per-query scores and the others without. */
function scoreFirstByQuery(ledger: Ledger, sweep: string, perQuery: string): void {
  const [next] = ledger.scorableGroups(sweep, 1)
  if (next === undefined) throw new Error('nothing to score')
  const lease = ledger.leaseScore({ sweep, ...next, cost: 0.2 })
  ledger.claim(claimOf(lease))
  const results = next.configs.map(({ key }, i) => ({ ...resultOf(key, 0.5), perQuery: i === 0 ? perQuery : null }))
  ledger.end(endOf(ledger, lease, { results }), () => true)
}

it('gives the scored cells of one task that have per-query scores, of all sweeps or of one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const ledger = Ledger.open({ folder, holder: 'a test' })
  submit(ledger, 's1', [group(MODEL, MINE, { configs: [FULL, SHORT] })])
  ledger.prepared(prepared(MINE, ['q', 1], ['d', 1]))
  commitAll(ledger, leaseAll(ledger, 's1', MODEL))
  const perQuery = sha256('per query')
  scoreFirstByQuery(ledger, 's1', perQuery)
  submit(ledger, 's2', [group(MODEL, OTHER)])
  ledger.prepared(prepared(OTHER, ['q', 1], ['d', 1]))
  scoreNext(ledger, 's2', 0.4)

  const reader = openReadOnly(folder, 'a reader')
  const cells = reader.taskCells('mine', null)
  expect(cells).toMatchObject([
    { task: 'mine', model: 'a', perQuery, judgments: sha256('judgments mine'), limit: null, mainScore: 0.5 },
  ])
  expect(reader.taskCells('mine', 's1')).toEqual(cells)
  expect(reader.taskCells('mine', 's2')).toEqual([])
  expect(reader.taskCells('other', null)).toEqual([])
  reader.close()
  ledger.close()
})

it('gives the scored cells and imported scores of models, how a cell came about, and which models there are', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const ledger = Ledger.open({ folder, holder: 'a test' })
  for (const [sweep, ref, mainScore] of [
    ['s1', MINE, 0.5],
    ['s2', { ...MINE, limit: 3 }, 0.9],
  ] as const) {
    submit(ledger, sweep, [group(MODEL, ref, { configs: [FULL, SHORT] })])
    ledger.prepared(prepared(ref, ['q', 1], [sweep, 1]))
    commitAll(ledger, leaseAll(ledger, sweep, MODEL))
    scoreNext(ledger, sweep, mainScore)
  }
  submit(ledger, 's3', [group(MODEL, MINE)])
  const row = { revision: 'r', task: 'mine', subset: 'default', split: 'test', metrics: {}, languages: [] }
  const file = { mtebVersion: null, datasetRevision: 'd', evaluationTime: null, origin: 'f.json' }
  ledger.importPublished(['a', 'b'].map((model) => ({ model, mainScore: 0.4, ...row, ...file })))

  const reader = openReadOnly(folder, 'a reader')
  expect(reader.modelNames()).toEqual(['a', 'b'])
  const cells = reader.modelCells(['a'])
  expect(cells.map(({ mainScore, limit, isShown }) => [mainScore, limit, isShown])).toEqual([
    [0.5, null, true],
    [0.5, null, true],
    [0.9, 3, false],
    [0.9, 3, false],
  ])
  expect(cells[0]?.data).not.toBe(cells[2]?.data)
  expect(reader.modelCells(['a'], 'mine')).toEqual(cells)
  expect(reader.modelCells(['a'], 'other')).toEqual([])
  expect(reader.modelCells(['b'])).toEqual([])
  const [first, , limited] = cells.map(({ group }) => group) as [number, number, number]
  const sweeps = reader.firstSweeps([first, limited])
  expect(sweeps.map(({ group, id }) => [group, id])).toEqual([
    [first, 's1'],
    [first, 's1'],
    [limited, 's2'],
    [limited, 's2'],
  ])
  expect(sweeps.map(({ configKey }) => configKey).sort()).toEqual(cells.map(({ configKey }) => configKey).sort())
  const origin = reader.cellsOrigin([first, limited], cells[0]?.configKey ?? '')
  expect(origin).toMatchObject({ load: MODEL.identity, codes: ['c'], recipe: { dimensions: 16 } })
  expect(reader.publishedOf(['b'])).toMatchObject([{ model: 'b', revision: 'r', mainScore: 0.4, datasetRevision: 'd' }])
  expect(reader.publishedOf(['a', 'b'], 'other')).toEqual([])
  reader.close()
  ledger.close()
})
