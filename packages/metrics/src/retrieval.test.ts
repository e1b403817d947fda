import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { scoreRetrieval } from './retrieval.ts'
import type { RetrievalInput } from './retrieval-input.ts'

const golden = new URL('../../../../shared/golden/evaluators/retrieval-metrics/', import.meta.url)
type Scored = [documentId: string, score: number][]
interface GoldenCase {
  case: string
  kValues: number[]
  flags: { ignore_identical_ids?: boolean; skip_first_result?: boolean }
  qrels: [string, [string, number][]][]
  run: [string, Scored][]
  expected: {
    entry: Record<string, number | 'NaN'>
    entryBeforeFileRounding: Record<string, number | 'NaN'>
    perQuery: (Record<string, number[]> & { confidence: [number, number, number] })[]
  }
}
const SPELLINGS = { ndcg: 'ndcg', map: 'map', recall: 'recall', P: 'precision', success: 'hit_rate', mrr: 'mrr' }

const names = existsSync(golden) ? readdirSync(golden).filter((name) => name !== 'extras.json' && name !== 'rounding.json') : []

describe.skipIf(names.length === 0)('scoreRetrieval meets MTEB 2.20 (needs ../shared/golden)', () => {
  it('on 39 runs', () => expect(names.length).toBe(39))

  it.each(names)('%s', (name) => {
    const wanted = JSON.parse(readFileSync(new URL(name, golden), 'utf8')) as GoldenCase
    const scores = scoreRetrieval(inputOf(wanted))
    const { entry, entryBeforeFileRounding, perQuery } = wanted.expected
    const withMain = { ...scores.metrics, main_score: scores.metrics.ndcg_at_10 as number | null }
    expect(Object.entries(withMain)).toEqual(Object.entries(fromGolden(entry)))
    expect({ ...scores.unrounded, main_score: scores.unrounded.ndcg_at_10 }).toMatchObject(fromGolden(entryBeforeFileRounding))
    // The tolerance allows 1e-12 for log2; V8's log2 agrees with glibc's to the last bit up to 1,374.
    for (const [theirs, ours] of Object.entries(SPELLINGS)) {
      for (const [i, k] of wanted.kValues.entries()) {
        expect([...(scores.perQuery[`${ours}_at_${k}`] as Float64Array)]).toEqual(perQuery.map((query) => query[theirs]?.[i]))
      }
    }
    const { max, std, diff1 } = scores.confidence
    expect(perQuery.map((_, i) => [max[i], std[i], diff1[i]])).toEqual(perQuery.map((query) => query.confidence))
  })
})

// What the caller does before scoring, as MTEB does it.
function inputOf({ flags, qrels, run, kValues }: GoldenCase): RetrievalInput {
  const judged = new Map(qrels.map(([query, grades]) => [query, new Map(grades)]))
  const results = run.map(([query, list]): [string, Scored] => {
    if (flags.skip_first_result) return [query, list.toSorted((a, b) => b[1] - a[1]).slice(1)]
    return [query, flags.ignore_identical_ids ? list.filter(([id]) => id !== query) : list]
  })
  return {
    kValues,
    queryIds: results.map(([query]) => query),
    qrels: results.map(([query]) => judged.get(query) ?? new Map()),
    runs: results.map(([, list]) => ({
      documentIds: list.map(([id]) => id),
      scores: Float64Array.from(list, ([, score]) => score),
    })),
  }
}

function fromGolden(entry: Record<string, number | 'NaN'>): Record<string, number | null> {
  return Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, value === 'NaN' ? null : value]))
}

const oneQuery = (scores: Record<string, number>, grades: Record<string, number>): RetrievalInput => ({
  queryIds: ['q'],
  qrels: [new Map(Object.entries(grades))],
  runs: [{ documentIds: Object.keys(scores), scores: Float64Array.from(Object.values(scores)) }],
})

describe('scoreRetrieval', () => {
  it('gives the first row of the protocol, section 8', () => {
    const { perQuery } = scoreRetrieval(oneQuery({ d1: 0.5, d2: 0.5, d3: 0.9, d5: 0.5 }, { d1: 2, d2: 1, d3: 0, d4: 1 }))
    const found = Object.fromEntries(Object.entries(perQuery).map(([key, values]) => [key, Number(values[0]?.toFixed(7))]))
    expect(found).toMatchObject({ ndcg_at_3: 0.159697, ndcg_at_5: 0.4348079, map_at_3: 0.1111111, map_at_5: 0.2777778 })
    expect(found).toMatchObject({ recall_at_5: 0.6666667, precision_at_3: 0.3333333, precision_at_5: 0.4 })
    expect(found).toMatchObject({ hit_rate_at_1: 0, hit_rate_at_3: 1, mrr_at_10: 0.3333333 })
  })

  it('ranks alike whether scores come as float32 or float64, in whatever order', () => {
    const scores = Float32Array.of(0.1, 0.7, 0.7, 0.3)
    const ids = ['a', 'b', 'c', 'd']
    const backwards = { documentIds: ids.toReversed(), scores: scores.toReversed() }
    const lists = [{ documentIds: ids, scores }, { documentIds: ids, scores: Float64Array.from(scores) }, backwards]
    const all = lists.map((list) => scoreRetrieval({ queryIds: ['q'], qrels: [new Map([['b', 1]])], runs: [list] }).metrics)
    expect(all[0]?.mrr_at_10).toBe(0.5)
    expect(all[1]).toEqual(all[0])
    expect(all[2]).toEqual(all[0])
  })

  it('writes the cut-offs asked for, accuracy only with 1', () => {
    const { metrics } = scoreRetrieval({ ...oneQuery({ a: 1 }, { a: 1 }), kValues: [2, 7] })
    expect(Object.keys(metrics).filter((key) => !key.startsWith('nauc'))).toEqual(
      ['ndcg', 'map', 'recall', 'precision', 'mrr', 'hit_rate'].flatMap((family) => [`${family}_at_2`, `${family}_at_7`]),
    )
    expect(metrics.precision_at_7).toBe(0.14286)
  })

  it('gives null everywhere for no query', () => {
    const { metrics } = scoreRetrieval({ queryIds: [], qrels: [], runs: [] })
    expect(Object.keys(metrics).length).toBe(148)
    expect(new Set(Object.values(metrics))).toEqual(new Set([null]))
  })

  it('gives 0 for a query without judgements and for an empty list', () => {
    for (const input of [oneQuery({ a: 1 }, {}), oneQuery({}, { a: 1 })]) {
      const { perQuery, confidence } = scoreRetrieval(input)
      expect(
        Object.values(perQuery)
          .flatMap((values) => [...values])
          .every((value) => value === 0),
      ).toBe(true)
      expect(confidence.std[0]).toBe(0)
    }
  })

  it('keeps infinite scores in rank order', () => {
    const { metrics } = scoreRetrieval(oneQuery({ a: Number.NEGATIVE_INFINITY, b: 0, c: Number.POSITIVE_INFINITY }, { b: 1 }))
    expect(metrics.mrr_at_10).toBe(0.5)
    expect(metrics.ndcg_at_10).toBe(0.63093)
  })

  it('refuses bad input with every mistake', () => {
    const runs = [
      { documentIds: ['a', 'b', 'a'], scores: Float64Array.of(1, Number.NaN, 2) },
      { documentIds: ['a'], scores: Float64Array.of(1, 2) },
    ]
    const bad = { queryIds: ['q', 'q'], qrels: [new Map([['a', 0.5]]), new Map()], runs, kValues: [3, 1] }
    const mistakes = [
      { queryId: null, message: 'a query id occurs twice' },
      { queryId: null, message: 'the cut-offs 3, 1 are not ascending integers of at least 1' },
      { queryId: 'q', message: 'the score of document b is NaN' },
      { queryId: 'q', message: 'document a occurs more than once' },
      { queryId: 'q', message: 'document a is judged 0.5, which is no 32-bit integer' },
      { queryId: 'q', message: '1 document ids but 2 scores' },
    ]
    expect(() => scoreRetrieval(bad)).toThrow(expect.objectContaining({ name: 'MetricInputError', mistakes }))
    expect(() => scoreRetrieval({ ...bad, runs: [] })).toThrow(
      '2 query ids, 2 sets of judgements and 0 result lists do not match',
    )
  })
})
