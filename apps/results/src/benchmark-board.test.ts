import type { BoardCell } from '@sweepboard/ledger'
import { describe, expect, it } from 'vitest'
import { findAggregate } from './aggregate-tasks.ts'
import { rankBenchmark, wantedOf } from './benchmark-board.ts'

const cell = (model: string, task: string, mainScore: number, over: Partial<BoardCell> = {}): BoardCell =>
  ({
    ...{ group: 1, model, revision: 'r', variant: '', recipeVariant: '', recipeKey: model, unclaimed: [] },
    recipe: { similarity: 'cosine', dimensions: 256 },
    ...{ task, taskType: 'STS', subset: 'default', split: 'test', mainScoreName: 'cosine_spearman', configKey: 'full' },
    ...{ config: { dimensions: null, precision: 'float32', similarity: 'cosine' }, mainScore },
    ...over,
  }) as BoardCell
const wanted = new Map([
  ['Two', { splits: ['test'], subsets: ['en', 'de'] }],
  ['One', { splits: ['dev', 'test'], subsets: ['default'] }],
])

describe('the board of a benchmark', () => {
  it('takes our cells of the entries wanted; one that lacks leaves the task without a score', () => {
    const cells = [
      cell('a', 'Two', 0.2, { subset: 'en' }),
      cell('a', 'Two', 0.4, { subset: 'de' }),
      cell('a', 'Two', 0.9, { subset: 'fr' }),
      cell('a', 'Two', 0.9, { subset: 'en', split: 'train' }),
      cell('a', 'One', 0.5),
      cell('a', 'One', 0.7, { split: 'dev' }),
      cell('b', 'Two', 0.8, { subset: 'en' }),
      cell('b', 'One', 0.8),
      cell('c', 'Other', 0.8),
    ]
    const { tasks, rows } = rankBenchmark(cells, null, wanted)
    expect(tasks).toEqual(['One', 'Two'])
    expect(rows.map(({ scored, rank }) => [scored.row.model, rank])).toEqual([
      ['a', 1],
      ['b', null],
    ])
    expect(rows[0]?.scored.row.scores.Two).toBeCloseTo(0.3, 12)
    expect(rows[0]?.scored.row).not.toHaveProperty('lacking')
    expect(rows[1]?.scored.row).toMatchObject({
      scores: {},
      lacking: { Two: { count: 1, of: 2, entries: ['test/de'] }, One: { count: 1, of: 2, entries: ['dev/default'] } },
    })
  })

  it('tells two configs of one model apart, and makes an aggregate of its components', () => {
    const short = { configKey: 'short', config: { dimensions: 8, precision: 'float32', similarity: 'cosine' } } as const
    const half = [cell('a', 'Two', 0.2, { subset: 'en' }), cell('a', 'Two', 0.4, { subset: 'de', ...short })]
    const { rows } = rankBenchmark(half, null, wanted)
    expect(rows.map(({ scored }) => scored.row.lacking?.Two?.entries)).toEqual([['test/de'], ['test/en']])
    const { components = [] } = findAggregate('CQADupstackRetrieval') ?? {}
    const cells = components.map((task, i) => cell('a', task, i / 20))
    const english = wantedOf('MTEB(eng, v1)')
    const board = rankBenchmark(cells, null, english)
    expect(board.rows[0]?.scored.row.scores).toEqual({ CQADupstackRetrieval: expect.closeTo(5.5 / 20, 12) })
  })

  it('knows benchmarks by name, alias and type, and no others', () => {
    expect(wantedOf('MTEB(eng, v2)').size).toBe(41)
    expect(wantedOf('MTEB(eng, v2)').get('STS17')).toEqual({ splits: ['test'], subsets: ['en-en'] })
    expect(wantedOf('MMTEB').get('FloresBitextMining')?.subsets).toHaveLength(41_412)
    expect(wantedOf('CMTEB:Retrieval').size).toBe(8)
    for (const name of ['MTEB(eng, v3)', 'SciFact', 'STS*', '', 'MTEB(eng, v2):Nothing'])
      expect(() => wantedOf(name)).toThrow('SB-SPEC-012')
    expect(() => wantedOf('MTEB(eng, v3)')).toThrow('did you mean "MTEB(eng, v2)"')
  })
})
