import { parseTrecRun, type TrecRun } from '@sweepboard/metrics'
import { describe, expect, it } from 'vitest'
import { formatTrecRun } from './named-run.ts'

const runOf = (query: string, ...documentIds: string[]): TrecRun => ({
  runId: 'r',
  queries: new Map([[query, { documentIds, scores: Float64Array.from(documentIds, (_, i) => 1 - i / 8) }]]),
})
const format = (run: TrecRun) => formatTrecRun(run, { tag: 't', depth: 10 })

describe('a run written as a TREC file', () => {
  it('is read back as it was, whatever stands in its ids but white space', () => {
    const run = runOf('文档/q\u00a01', 'docs/../a.md', '"d"', 'é\u3000')
    expect(parseTrecRun(format(run), 'r').queries).toEqual(run.queries)
  })

  it.each([
    ['q', 'docs/a b.md'],
    ['q 1', 'd'],
    ['q', ''],
    ['q', 'd\t1'],
  ])('is refused where the ids %j, %j would part into fields', (query, document) => {
    expect(() => format(runOf(query, 'fine', document))).toThrow(expect.objectContaining({ code: 'SB-FILE-010' }))
  })
})
