import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { scoreRetrieval } from './retrieval.ts'
import type { RetrievalInput } from './retrieval-input.ts'
import { maxOverSubqueries, pairedAccuracy, robustnessAt10 } from './subqueries.ts'

const golden = new URL('../../../../shared/golden/evaluators/retrieval-metrics/extras.json', import.meta.url)
type Nested = Record<string, Record<string, number>>
interface Extra<Expected> {
  qrels: Nested
  run: Nested
  expected: Expected
}
interface Extras {
  pairedAccuracy: Extra<number>
  robustnessAt10: Extra<number>
  maxOverSubqueries: Extra<Record<string, number | 'NaN'>>
}

// The ids of these cases do not look like integers, so the objects keep their order.
function inputOf({ qrels, run }: Extra<unknown>): RetrievalInput {
  const queryIds = Object.keys(run)
  return {
    queryIds,
    qrels: queryIds.map((query) => new Map(Object.entries(qrels[query] ?? {}))),
    runs: queryIds.map((query) => {
      const found = run[query] ?? {}
      return { documentIds: Object.keys(found), scores: Float64Array.from(Object.values(found)) }
    }),
  }
}

describe.skipIf(!existsSync(golden))('scores of single tasks meet MTEB 2.20 (needs ../shared/golden)', () => {
  const extras = () => JSON.parse(readFileSync(golden, 'utf8')) as Extras

  it('pairedAccuracy (NevIR)', () => {
    const input = inputOf(extras().pairedAccuracy)
    const { recall_at_1 } = scoreRetrieval(input).perQuery
    expect(pairedAccuracy(input.queryIds, recall_at_1 as Float64Array)).toBe(extras().pairedAccuracy.expected)
  })

  it('robustnessAt10 (InstructIR)', () => {
    const input = inputOf(extras().robustnessAt10)
    const { ndcg_at_10 } = scoreRetrieval(input).perQuery
    expect(robustnessAt10(input.queryIds, ndcg_at_10 as Float64Array)).toBe(extras().robustnessAt10.expected)
  })

  it('maxOverSubqueries (MindSmallReranking)', () => {
    const { unrounded, queryIds, perQuery } = maxOverSubqueries(inputOf(extras().maxOverSubqueries))
    const expected = Object.entries(extras().maxOverSubqueries.expected)
    expect(Object.entries(unrounded)).toEqual(expected.map(([key, value]) => [key, value === 'NaN' ? null : value]))
    expect(queryIds).toEqual(['u1', 'u2'])
    expect([...(perQuery.max_over_subqueries_map_at_1 as Float64Array)]).toEqual([1, 0])
  })
})

it('pairedAccuracy names every query missing from its pair', () => {
  const mistakes = ['1_q2', '2_q1'].map((queryId) => ({ queryId, message: 'is missing from its pair' }))
  expect(() => pairedAccuracy(['1_q1', '2_q2'], Float64Array.of(1, 1))).toThrow(expect.objectContaining({ mistakes }))
})
