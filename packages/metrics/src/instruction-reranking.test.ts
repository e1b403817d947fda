import { describe, expect, it } from 'vitest'
import { nestEntry, scoreInstructionReranking } from './instruction-reranking.ts'

const list = (...ids: string[]) => ({
  documentIds: ids,
  scores: Float64Array.from(ids, (_, i) => ids.length - i),
})

describe('scoreInstructionReranking', () => {
  const queryIds = ['q-og', 'q-changed']
  const qrels = queryIds.map(() => new Map([['a', 1]]))

  it('is above 0 when the document that became irrelevant falls, below when it rises', () => {
    const score = (...runs: ReturnType<typeof list>[]) =>
      scoreInstructionReranking({ queryIds, qrels, runs, changed: new Map([['q', ['b']]]) }).metrics['p-MRR']
    expect(score(list('b', 'a'), list('a', 'b'))).toBe(0.5)
    expect(score(list('a', 'b'), list('b', 'a'))).toBe(-0.5)
    expect(score(list('b', 'a', 'c'), list('a'))).toBe(0.5) // absent: rank 2 of a list of one
  })

  it('is undefined when no base query has both runs', () => {
    const runs = [list('a'), list('a')]
    const { metrics } = scoreInstructionReranking({ queryIds, qrels, runs, changed: new Map([['other', ['a']]]) })
    expect(metrics['p-MRR']).toBeNull()
    expect(metrics['og.map_at_1']).toBe(1)
  })
})

it('nestEntry makes objects of dotted keys', () => {
  expect(nestEntry({ 'p-MRR': 1, 'og.a': 2, 'og.b': 3, main_score: 4 })).toEqual({
    'p-MRR': 1,
    og: { a: 2, b: 3 },
    main_score: 4,
  })
})
