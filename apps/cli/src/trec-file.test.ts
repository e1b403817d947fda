import { evaluateTrec, parseTrecQrels, parseTrecRun } from '@sweepboard/metrics'
import { describe, expect, it } from 'vitest'
import { asMeasureError } from './trec-file.ts'

function refusal(...measures: string[]): unknown {
  try {
    return evaluateTrec(parseTrecRun('', 'run'), parseTrecQrels('q1 0 d1 1', 'qrels'), measures)
  } catch (thrown) {
    return asMeasureError(thrown)
  }
}

describe('measures that trec_eval does not have', () => {
  it.each([
    ['mapp', 'map'],
    ['recal.5', 'recall.5'],
    ['ndcg_at_10', 'ndcg_cut.10'],
    ['precision@3', 'P.3'],
    ['zzzzzzzzzz', undefined],
  ])('%s: did you mean %s', (name, suggestion) => {
    const known = expect.stringContaining('ndcg_cut[.K]')
    expect(refusal('map', name)).toMatchObject({ code: 'SB-SCORE-006', details: { unknown: name, known, suggestion } })
  })
  it('leaves other failures as they are', () => {
    const other = new RangeError('another')
    expect(asMeasureError(other)).toBe(other)
  })
})
