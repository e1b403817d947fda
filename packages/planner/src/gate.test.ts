import { describe, expect, it } from 'vitest'
import { compileGate, type GateCell, judgeGates, parseBound } from './gate.ts'

const cell = (over: Partial<GateCell> = {}): GateCell => ({
  model: 'org/model-8B',
  task: 'SciFact',
  metrics: { ndcg_at_10: 0.7, nauc: null },
  mainScore: 0.7,
  isDefaultConfig: true,
  published: null,
  ...over,
})
const judge = (spec: Parameters<typeof compileGate>[0], ...cells: GateCell[]) => judgeGates(compileGate(spec), cells)

describe('parseBound', () => {
  it.each([
    ['>= 0.835', { op: '>=', value: 0.835 }],
    ['<1', { op: '<', value: 1 }],
    ['0.5', { op: '>=', value: 0.5 }],
    ['> -0.1', { op: '>', value: -0.1 }],
    ['about 0.8', null],
    ['=> 1', null],
    ['', null],
  ])('%s', (text, expected) => {
    expect(parseBound(text)).toEqual(expected)
  })
})

describe('judgeGates', () => {
  it('compares with the bound as written, equality included only where it says so', () => {
    expect(judge({ ndcg_at_10: '>= 0.7' }, cell())[0]?.holds).toBe(true)
    expect(judge({ ndcg_at_10: '> 0.7' }, cell())[0]?.holds).toBe(false)
    expect(judge({ ndcg_at_10: '<= 0.7' }, cell())[0]?.holds).toBe(true)
    expect(judge({ ndcg_at_10: '< 0.7' }, cell())[0]?.holds).toBe(false)
  })

  it('looks at default configs of the models and tasks it names, and at all of those', () => {
    const weak = cell({ metrics: { ndcg_at_10: 0.1 } })
    expect(judge({ model: '*-8B', ndcg_at_10: 0.5 }, cell(), { ...weak, model: 'org/model-4B' })[0]?.holds).toBe(true)
    expect(judge({ task: 'SciFact', ndcg_at_10: 0.5 }, cell(), { ...weak, isDefaultConfig: false })[0]?.holds).toBe(true)
    expect(judge({ ndcg_at_10: 0.5 }, cell(), weak)[0]).toMatchObject({
      holds: false,
      message: expect.stringContaining('is 0.1'),
    })
  })

  it('does not hold for want of a cell, of the metric, of a defined value or of a published result', () => {
    expect(judge({ task: 'Other', ndcg_at_10: 0.1 }, cell())[0]?.message).toContain('no cell matches')
    expect(judge({ mrr_at_10: 0.1 }, cell())[0]?.message).toContain('has no mrr_at_10')
    expect(judge({ nauc: 0.1 }, cell())[0]?.message).toContain('is undefined')
    expect(judge({ published: 'within 0.015' }, cell())[0]?.message).toContain('no published result')
    expect(judge({ published: 'within 1' }, cell({ published: 0.7, mainScore: null }))[0]?.holds).toBe(false)
  })

  it('published within a distance, on both sides', () => {
    for (const [published, holds] of [
      [0.71, true],
      [0.69, true],
      [0.72, false],
      [0.68, false],
    ] as const)
      expect(judge({ published: 'within 0.015' }, cell({ published }))[0]?.holds, `${published}`).toBe(holds)
  })
})
