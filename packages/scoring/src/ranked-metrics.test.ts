import { describe, expect, it } from 'vitest'
import { rankedScores } from './ranked-metrics.ts'

const list = (...documentIds: string[]) => ({ documentIds, scores: Float32Array.from(documentIds, (_, i) => 1 - i / 10) })
const judgments = (queryIds: string[]) => ({
  version: 1 as const,
  queryIds,
  queryRows: queryIds.map((_, i) => i),
  documentIds: ['a', 'b'],
  documentRows: [0, 1],
  qrels: queryIds.map(() => [['a', 1] as [string, number]]),
  ignoreIdenticalIds: false,
  kinds: null,
})

describe('rankedScores', () => {
  it('adds the main score of tasks that group their queries', () => {
    const pair = judgments(['1_q1', '1_q2', '2_q1', '2_q2'])
    const lists = [list('a', 'b'), list('a', 'b'), list('a', 'b'), list('b', 'a')]
    expect(rankedScores(pair, lists, 'paired_accuracy').metrics.paired_accuracy).toBe(0.5)
    expect(rankedScores(pair, lists, 'robustness_at_10').metrics.robustness_at_10).toBe(0.815465) // (1 + 1 / log2(3)) / 2
    const { metrics } = rankedScores(pair, lists, 'max_over_subqueries_map_at_1000')
    expect(metrics.max_over_subqueries_map_at_1000).toBe(0.75) // in group 2 both are best once: a tie, b first
    expect(Object.keys(metrics)).toHaveLength(2 * 148)
  })

  it('adds p-MRR only where documents changed', () => {
    const changed = { ...judgments(['1-og', '1-changed']), topRanked: [[], []], type: 'instruction-reranking' as const }
    const lists = [list('a', 'b'), list('b', 'a')]
    expect(rankedScores({ ...changed, changed: [['1', ['a']]] }, lists, 'p-MRR').metrics['p-MRR']).toBe(0.5)
    expect(Object.keys(rankedScores({ ...changed, changed: [] }, lists, 'ndcg_at_10').metrics)).toHaveLength(148)
  })

  it('turns judgments the metrics refuse into SB-SCORE-002', () => {
    expect(() => rankedScores(judgments(['q', 'q']), [list('a'), list('a')], 'ndcg_at_10')).toThrow('SB-SCORE-002')
  })
})
