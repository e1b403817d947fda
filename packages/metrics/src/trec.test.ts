import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { evaluateTrec, type TrecOptions } from './trec.ts'
import { parseTrecQrels, parseTrecRun } from './trec-format.ts'

const golden = new URL('../../../../shared/golden/trec_eval/', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, golden), 'utf8')

const OURS =
  /^(num_q|num_ret|num_rel|num_rel_ret|map|gm_map|Rprec|bpref|recip_rank|ndcg|(P|recall|ndcg_cut|map_cut|success)_\d+|iprec_at_recall_[\d.]+)$/
const ALL_MEASURES = [
  ...['num_ret', 'num_rel', 'num_rel_ret', 'map', 'gm_map', 'Rprec', 'bpref', 'recip_rank', 'ndcg'],
  ...['iprec_at_recall', 'P', 'recall', 'ndcg_cut', 'map_cut', 'success'],
]
const PARAMETERS = ['iprec_at_recall..10,.20,.25,.75,.50', 'P.5,7,3', 'recall.20,2000', 'ndcg_cut.10,20', 'success.2,5,20']

interface Case {
  expected: string
  qrels: string
  run: string
  lines: number
  measures?: string[]
  options?: TrecOptions
}
const cases: Case[] = [
  { expected: 'out.test', qrels: 'qrels.test', run: 'results.test', lines: 29 },
  { expected: 'out.test', qrels: 'qrels.test.with-comments', run: 'results.test', lines: 29 },
  { expected: 'out.comment.test', qrels: 'qrels.comment.test', run: 'results.comment.test', lines: 29 },
  { expected: 'out.test.a', qrels: 'qrels.test', run: 'results.test', lines: 60 },
  { expected: 'out.test.aq', qrels: 'qrels.test', run: 'results.test', lines: 234 },
  { expected: 'out.test.aqc', qrels: 'qrels.test', run: 'results.trunc', lines: 234, options: { complete: true } },
  {
    expected: 'out.test.aqcM',
    qrels: 'qrels.test',
    run: 'results.trunc',
    lines: 234,
    options: { complete: true, maxDocuments: 100 },
  },
  { expected: 'out.test.aql', qrels: 'qrels.rel_level', run: 'results.test', lines: 234, options: { relevanceLevel: 2 } },
  { expected: 'out.test.meas_params', qrels: 'qrels.test', run: 'results.test', lines: 60, measures: PARAMETERS },
]

describe.skipIf(!existsSync(golden))('evaluateTrec prints what trec_eval prints (needs ../shared/golden)', () => {
  it.each(cases)('$expected from $qrels and $run', ({ expected, qrels, run, measures = ALL_MEASURES, options = {}, lines }) => {
    const parsedQrels = parseTrecQrels(read(qrels), qrels)
    const parsedRun = parseTrecRun(read(run), run)
    for (const scorePrecision of ['float32', 'float64'] as const) {
      const { perQuery, all } = evaluateTrec(parsedRun, parsedQrels, measures, { ...options, scorePrecision })
      const compared = read(expected)
        .split('\n')
        .map((line) => line.trim().split(/\s+/) as [string, string, string])
        .filter(([key]) => OURS.test(key) && (measures === ALL_MEASURES || key !== 'ndcg_cut_23'))
      const found = compared.map(([key, query, text]) => [
        key,
        query,
        print((query === 'all' ? all : perQuery.get(query))?.[key], text),
      ])
      expect(found).toEqual(compared)
      expect(compared.length).toBe(lines)
    }
  })
})

// trec_eval prints counts as integers and everything else with four digits
function print(value: number | undefined, like: string): string {
  return like.includes('.') ? String(value?.toFixed(4)) : String(value)
}

describe('evaluateTrec', () => {
  const qrels = parseTrecQrels('q1 0 a 1\nq1 0 b 0\nq2 0 a 2\nq3 0 a 0', 'qrels')

  it('leaves out queries of one file unless the average is complete', () => {
    const run = parseTrecRun('q1 Q0 b 1 2 r\nq1 Q0 a 2 1 r\nq9 Q0 a 1 1 r', 'run')
    expect(evaluateTrec(run, qrels, ['map', 'num_rel']).all).toEqual({ num_q: 1, map: 0.5, num_rel: 1 })
    const complete = evaluateTrec(run, qrels, ['map', 'num_rel'], { complete: true })
    expect(complete.all).toEqual({ num_q: 3, map: 0.5 / 3, num_rel: 2 })
    expect([...complete.perQuery.keys()]).toEqual(['q1', 'q2', 'q3'])
  })

  it('scores a query without a relevant document 0 and a run without a common query as well', () => {
    const measures = ['map', 'ndcg', 'Rprec', 'bpref', 'recip_rank', 'gm_map', 'recall.5']
    const { all } = evaluateTrec(parseTrecRun('q3 Q0 a 1 1 r', 'run'), qrels, measures)
    expect(all).toEqual({
      num_q: 1,
      map: 0,
      ndcg: 0,
      Rprec: 0,
      bpref: 0,
      recip_rank: 0,
      gm_map: expect.closeTo(0.00001, 12),
      recall_5: 0,
    })
    expect(evaluateTrec(parseTrecRun('', 'run'), qrels, ['map', 'gm_map']).all).toEqual({ num_q: 0, map: 0, gm_map: 0 })
  })

  it('breaks float32 ties by id only in float32', () => {
    const run = parseTrecRun('q1 Q0 a 1 0.300000002 r\nq1 Q0 b 2 0.3 r', 'run')
    expect(evaluateTrec(run, qrels, ['recip_rank']).all.recip_rank).toBe(0.5)
    expect(evaluateTrec(run, qrels, ['recip_rank'], { scorePrecision: 'float64' }).all.recip_rank).toBe(1)
  })

  it('names every unknown measure', () => {
    const unknown = ['mapp', 'P.0', 'P.x', 'map.5', 'constructor', 'iprec_at_recall.2']
    expect(() => evaluateTrec(parseTrecRun('', 'run'), qrels, ['map', ...unknown])).toThrow(
      `no such measure: ${unknown.join(', ')}; known are`,
    )
  })
})
