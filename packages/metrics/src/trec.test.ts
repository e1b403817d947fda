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
