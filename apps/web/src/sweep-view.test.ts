import type { CellView } from '@sweepboard/ledger'
import { describe, expect, it } from 'vitest'
import { groupFailures, toMatrix } from './sweep-view.ts'

const POISON = { code: 'SB-VEC-002', kind: 'invalid', message: 'a vector with NaN', fix: 'run it in float32' } as const

/** A cell with what the matrix reads. */
function cell(given: Partial<Omit<CellView, 'config'>> & { dimensions?: number }): CellView {
  const { dimensions = null, ...rest } = given
  const config = { dimensions, precision: 'float32', similarity: 'cosine' }
  return {
    model: 'm',
    revision: '1',
    variant: '',
    task: 'A',
    state: 'waiting',
    mainScore: null,
    failure: null,
    config,
    ...rest,
  } as CellView
}

describe('matrix', () => {
  it('keeps plan order and shows the worst state of a cell first', () => {
    const { tasks, rows } = toMatrix([
      cell({ task: 'B', state: 'scored', mainScore: 0.5 }),
      cell({ task: 'B', dimensions: 64 }),
      cell({ task: 'A', state: 'scored', mainScore: 0.25 }),
      cell({ model: 'k', task: 'B', state: 'stale', failure: POISON }),
      cell({ model: 'k', task: 'B', dimensions: 64, state: 'failed', failure: POISON }),
    ])
    expect(tasks).toEqual(['B', 'A'])
    expect(rows.map((row) => [row.model, row.scored, row.total])).toEqual([
      ['m', 2, 3],
      ['k', 0, 2],
    ])
    expect(rows.map((row) => tasks.map((task) => row.cells.get(task)?.state))).toEqual([
      ['partial', 'scored'],
      ['failed', undefined],
    ])
  })
  it('scores a cell by its full vectors, over subsets only when all have one', () => {
    const scored = { state: 'scored', mainScore: 0.5 } as const
    const score = (cells: CellView[]) => toMatrix(cells).rows[0]?.cells.get('A')?.score
    expect(score([cell(scored), cell({ state: 'scored', mainScore: 0.1, dimensions: 64 })])).toBe(0.5)
    expect(score([cell(scored), cell({ subset: 'zh', state: 'scored', mainScore: 0.3 })])).toBe(0.4)
    expect(score([cell(scored), cell({ subset: 'zh' })])).toBeNull()
  })
})

describe('failures', () => {
  it('groups cells of one cause and leaves out what was scored since', () => {
    const groups = groupFailures([
      cell({ state: 'failed', failure: POISON }),
      cell({ task: 'B', state: 'stale', failure: POISON }),
      cell({ task: 'C', state: 'scored', failure: POISON }),
      cell({ task: 'D', state: 'failed', failure: { ...POISON, message: 'another' } }),
    ])
    expect(groups.map((group) => [group.code, group.message, group.cells.map((one) => one.task)])).toEqual([
      ['SB-VEC-002', 'a vector with NaN', ['A', 'B']],
      ['SB-VEC-002', 'another', ['D']],
    ])
  })
})
