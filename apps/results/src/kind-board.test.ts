import { sha256 } from '@sweepboard/contracts'
import type { TaskCell } from '@sweepboard/ledger'
import { describe, expect, it } from 'vitest'
import { readKindBoard } from './kind-board.ts'

const stored = new Map<string, Uint8Array>()
const put = (value: unknown) => {
  const bytes = Buffer.from(JSON.stringify(value))
  stored.set(sha256(bytes), bytes)
  return sha256(bytes)
}
const read = async (digest: string) => stored.get(digest) as Uint8Array
const hitsOf = (one: number[], three: number[], five: number[], queryIds = ['q1', 'q2', 'q3']) =>
  put({
    version: 1,
    queryIds,
    values: { ndcg_at_10: one, hit_rate_at_1: one, hit_rate_at_3: three, hit_rate_at_5: five },
  })
const judged = (kinds: string[] | null) =>
  put({
    version: 1,
    queryIds: ['q1', 'q2', 'q3'],
    queryRows: [0, 1, 2],
    documentIds: ['d1'],
    documentRows: [0],
    qrels: [[], [], []],
    ignoreIdenticalIds: false,
    kinds,
  })

function cell(model: string, over: Partial<TaskCell>): TaskCell {
  return {
    group: 1,
    model,
    revision: 'r',
    variant: '',
    recipeVariant: '',
    recipeKey: 'k',
    unclaimed: [],
    recipe: { similarity: 'cosine', dimensions: 8 },
    task: 'Mine',
    taskType: 'Retrieval',
    subset: 'default',
    split: 'test',
    mainScoreName: 'ndcg_at_10',
    configKey: 'c',
    config: { dimensions: null, precision: 'float32', similarity: 'cosine' },
    mainScore: 0.5,
    perQuery: hitsOf([1, 0, 0], [1, 1, 0], [1, 1, 1]),
    judgments: judged(['echo', 'promise', 'echo']),
    limit: null,
    ...over,
  }
}

const board = (...cells: TaskCell[]) =>
  readKindBoard({ taskCells: () => cells, tasksOfSweep: () => ['Mine'] }, read, { task: 'Mine', sweep: null })

describe('readKindBoard', () => {
  it('counts hits by kind, whatever the order of the queries in the scores', async () => {
    const { rows, cutoffs } = await board(cell('a/b', { perQuery: hitsOf([0, 1, 0], [1, 1, 0], [1, 1, 1], ['q2', 'q1', 'q3']) }))
    expect(cutoffs).toEqual([1, 3, 5])
    const [row] = rows
    expect(row?.all.rates.map(({ passed }) => passed)).toEqual([1, 2, 3])
    const passed = row?.kinds.map(({ kind, queryCount, rates }) => [kind, queryCount, ...rates.map((rate) => rate.passed)])
    expect(passed?.sort()).toEqual([
      ['echo', 2, 1, 1, 2],
      ['promise', 1, 0, 1, 1],
    ])
  })

  it('has the best first: at one, among equals at three, then by name', async () => {
    const { rows } = await board(
      cell('z/less-at-three', { perQuery: hitsOf([1, 0, 0], [1, 0, 0], [1, 1, 1]) }),
      cell('b/same', {}),
      cell('a/same', {}),
      cell('y/best', { perQuery: hitsOf([1, 1, 0], [1, 1, 0], [1, 1, 0]) }),
    )
    expect(rows.map(({ model }) => model)).toEqual(['y/best', 'a/same', 'b/same', 'z/less-at-three'])
  })

  it('refuses a task without kinds or without scores, and a damaged artifact', async () => {
    await expect(board(cell('a/b', { judgments: judged(null) }))).rejects.toMatchObject({ code: 'SB-SCORE-004' })
    await expect(board(cell('a/b', { judgments: put({ version: 1, type: 'sts', pairs: [] }) }))).rejects.toThrow('SB-SCORE-004')
    await expect(board()).rejects.toMatchObject({ code: 'SB-SCORE-004' })
    await expect(board(cell('a/b', { perQuery: put({ version: 1 }) }))).rejects.toMatchObject({ code: 'SB-ART-002' })
  })
})
