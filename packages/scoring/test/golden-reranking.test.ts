import type { Similarity } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { type Matrix, readRun } from '../src/index.ts'
import {
  expectCloseRun,
  expectEntry,
  expectedRun,
  goldenIsThere,
  matrixOf,
  qrelsOf,
  readCase,
  summationTolerance,
} from './golden-case.ts'
import { type Entry, expectSameEntry, matrixIn, readGolden, scoreStored } from './golden-files.ts'
import { MemoryStore, plainJudgments } from './memory-store.ts'

const CASES = {
  'v2-hand': { score: () => () => 1e-7, nauc: 0 },
  'v2-exact-grid': { score: () => () => 0, nauc: 0 },
  'v2-realistic': { score: summationTolerance, nauc: 1e-4 },
} as const

describe.skipIf(!goldenIsThere)('golden/evaluators/reranking/v2-*, as a score job (skipped without ../shared)', () => {
  it.each(Object.entries(CASES))('%s: runs and entries', async (name, tolerance) => {
    const golden = readCase(`reranking/${name}`)
    const similarities = Object.keys(golden.expected) as Similarity[]
    const candidates = new Map(golden.topRanked)
    const { queryIds, docIds } = golden
    const store = new MemoryStore()
    const { results } = await scoreStored(store, {
      queries: matrixOf(golden, golden.queries),
      documents: matrixOf(golden, golden.docs),
      judgments: {
        ...plainJudgments({ queryIds, documentIds: docIds, qrels: qrelsOf(golden) }),
        type: 'reranking',
        topRanked: queryIds.map((id) => (candidates.get(id) ?? []).map((document) => docIds.indexOf(document))),
      },
      mainScore: 'map_at_1000',
      configs: similarities.map((similarity) => ({ dimensions: null, precision: 'float32', similarity })),
    })
    for (const [i, similarity] of similarities.entries()) {
      const { lists } = readRun(await store.get(results[i]?.run ?? ''))
      expectCloseRun(lists, expectedRun(golden, similarity) ?? [], tolerance.score(similarity))
      expectEntry(results[i]?.metrics ?? {}, golden, { similarity, naucTolerance: tolerance.nauc })
      expect(results[i]?.mainScore).toBe(golden.expected[similarity]?.entry.map_at_1000)
    }
  })
})

interface V1Case {
  readonly vectors: Record<string, number[]>
  readonly samples: Record<string, { query: string | string[]; positive: string[]; negative: string[] }[]>
  readonly expected: Record<string, Entry>
}

/** The recorded numbers are unrounded, a result has 6 decimals. */
const HALF_STEP = 5.0001e-7

/** Texts `rq<i>`, `rd<j>`, `gq<i>`, `gd<j>` are rows of the v2 cases, the others stand in the JSON. */
function vectorsOf(golden: V1Case, texts: readonly string[]): Matrix {
  const sources = new Map<string, Matrix>()
  for (const [letter, name] of [
    ['r', 'v2-realistic'],
    ['g', 'v2-exact-grid'],
  ] as const) {
    const { queries, docs } = readCase(`reranking/${name}`)
    sources.set(`${letter}q`, matrixIn(`reranking/${name}`, queries))
    sources.set(`${letter}d`, matrixIn(`reranking/${name}`, docs))
  }
  const rows = texts.map((text) => {
    const source = sources.get(text.slice(0, 2))
    if (source === undefined) return golden.vectors[text] as number[]
    const row = Number(text.slice(2))
    return source.values.subarray(row * source.dim, (row + 1) * source.dim)
  })
  const dim = rows[0]?.length ?? 0
  return { values: Float32Array.from(rows.flatMap((row) => [...row])), rowCount: rows.length, dim }
}

describe.skipIf(!goldenIsThere)('golden/evaluators/reranking/v1, from the vectors (skipped without ../shared)', () => {
  it.each([
    ['hand', HALF_STEP],
    ['realistic', 1e-6],
    ['listQueries', 1e-6],
    ['exactGrid', HALF_STEP],
  ])('%s: map, mrr and nAUC within %f', async (name, largest) => {
    const golden = readGolden<V1Case>('reranking/v1.json')
    const samples = (golden.samples[name] ?? []).map((sample) => ({ ...sample, queries: [sample.query].flat() }))
    const queryTexts = [...new Set(samples.flatMap(({ queries }) => queries))]
    const documentTexts = [...new Set(samples.flatMap(({ positive, negative }) => [...positive, ...negative]))]
    const documentRows = (texts: readonly string[]) => texts.map((text) => documentTexts.indexOf(text))
    const { results } = await scoreStored(new MemoryStore(), {
      queries: vectorsOf(golden, queryTexts),
      documents: vectorsOf(golden, documentTexts),
      judgments: {
        version: 1,
        type: 'reranking-v1',
        samples: samples.map(({ queries, positive, negative }) => ({
          queryRows: queries.map((text) => queryTexts.indexOf(text)),
          positiveRows: documentRows(positive),
          negativeRows: documentRows(negative),
        })),
      },
      mainScore: 'map',
      configs: [{ dimensions: null, precision: 'float32', similarity: 'cosine' }],
    })
    const wanted = golden.expected[name] ?? {}
    // The recorded mrr follows an unstable sort where a positive ties with a negative; ours has the positive first.
    const open = name === 'exactGrid' ? /mrr/ : /never/
    const tolerance = (key: string) => (open.test(key) ? 1 : largest)
    expectSameEntry(results[0], { ...wanted, main_score: wanted.map ?? '' }, tolerance)
    expect(results[0]?.metrics.mrr).toBeGreaterThanOrEqual((wanted.mrr as number) - largest)
  })
})
