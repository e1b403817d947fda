import { type Config, configKey, type ScoreWork, type TaskJudgments } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { type Matrix, MissingChunks, readPerQuery, readRun, scoreGroup, scorePairs, scoreTaskGroup } from '../src/index.ts'
import { scoreStored, storedTask, type TaskInput } from './golden-files.ts'
import { FULL_COSINE, MemoryStore, plainJudgments } from './memory-store.ts'

const WHERE = { host: 'test', code: 'test' }
const CONFIGS: Config[] = [null, 12, 5].flatMap((dimensions) =>
  (['float32', 'int8', 'binary'] as const).flatMap((precision) =>
    (['cosine', 'dot'] as const).map((similarity) => ({ dimensions, precision, similarity })),
  ),
)

function grid(rowCount: number, dim: number, seed: number): Matrix {
  const values = new Float32Array(rowCount * dim)
  let state = seed
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    values[i] = (state / 2 ** 32) * 2 - 1
  }
  return { values, rowCount, dim }
}

const places = (count: number) => Array.from({ length: count }, (_, i) => i)
const queries = grid(7, 24, 1)
const documents = grid(90, 24, 2)
const plain = plainJudgments({
  queryIds: places(7).map((i) => `q${i}`),
  documentIds: places(90).map((i) => `d${i}`),
  qrels: places(7).map((i) => [[`d${i}`, 1] as [string, number]]),
})
const pairs = places(90).map((i) => [i % 7, i, i % 3 === 0 ? 1 : 0] as [number, number, 0 | 1])
const JUDGMENTS: Record<string, { judgments: TaskJudgments; mainScore: string }> = {
  reranking: {
    judgments: { ...plain, type: 'reranking', topRanked: places(7).map(() => places(90)) },
    mainScore: 'map_at_1000',
  },
  'reranking-v1': {
    judgments: {
      version: 1,
      type: 'reranking-v1',
      samples: places(6).map((i) => ({ queryRows: [i, i + 1], positiveRows: [i], negativeRows: [i + 7, i + 80] })),
    },
    mainScore: 'map',
  },
  bitext: {
    judgments: { version: 1, type: 'bitext', firstRows: places(7), secondRows: places(90), gold: places(7) },
    mainScore: 'f1',
  },
  sts: { judgments: { version: 1, type: 'sts', pairs, minScore: 0, maxScore: 1 }, mainScore: 'cosine_spearman' },
  pairs: { judgments: { version: 1, type: 'pairs', pairs }, mainScore: 'max_ap' },
}

function input(type: string, changes: Partial<TaskInput> = {}): TaskInput {
  const { judgments, mainScore } = JUDGMENTS[type] as (typeof JUDGMENTS)[string]
  return { queries, documents, judgments, mainScore, configs: CONFIGS, chunkRows: 20, ...changes }
}

describe('scoreTaskGroup', () => {
  it.each(Object.keys(JUDGMENTS))('%s: every config in one pass, each block read once, numbers the same alone', async (type) => {
    const store = new MemoryStore()
    const work = await storedTask(store, input(type))
    const { results, failures } = await scoreTaskGroup(work, store, WHERE)
    expect(failures).toEqual([])
    expect(results.map(({ config }) => config)).toEqual(CONFIGS.map(configKey))
    for (const { digest } of [...work.queries.chunks, ...work.documents.chunks]) expect(store.reads.get(digest)).toBe(1)
    for (const [i, { evidence, metrics, mainScore }] of results.entries()) {
      expect(evidence).toMatchObject({ ...WHERE, blockCount: 6, blockReads: 6 })
      expect(evidence.calibration !== null).toBe(CONFIGS[i]?.precision === 'int8')
      expect(mainScore).toBe(metrics[work.mainScore])
      expect(mainScore).not.toBeNull()
    }
    const alone = await scoreStored(store, input(type, { configs: [CONFIGS[9] as Config] }))
    expect(alone.results[0]?.metrics).toEqual(results[9]?.metrics)
  })

  it('reranking over all documents is retrieval', async () => {
    const store = new MemoryStore()
    const searched = await scoreGroup(await storedTask(store, input('reranking', { judgments: plain })), store, WHERE)
    const { results } = await scoreStored(store, input('reranking'))
    for (const [i, { metrics, run }] of results.entries()) {
      const [ours, wanted] = [readRun(await store.get(run ?? '')), readRun(await store.get(searched.results[i]?.run ?? ''))]
      const scoreOf = (lists: typeof ours.lists, q: number) =>
        new Map(lists[q]?.documentIds.map((id, at) => [id, lists[q]?.scores[at] as number]))
      for (const q of places(7)) {
        const [own, want] = [scoreOf(ours.lists, q), scoreOf(wanted.lists, q)]
        expect(own.size).toBe(90)
        for (const [id, score] of own) expect(score).toBeCloseTo(want.get(id) as number, CONFIGS[i]?.precision === 'int8' ? 1 : 5)
      }
      expect(Object.keys(metrics)).toEqual(Object.keys(searched.results[i]?.metrics ?? {}))
    }
  })

  it('reranking drops the own id after the cut, keeps empty lists, and counts a candidate named twice once', async () => {
    const judgments: TaskJudgments = {
      ...plain,
      queryIds: ['d1', 'q1'],
      queryRows: [0, 0],
      qrels: [[['d2', 1]], [['d2', 1]]],
      ignoreIdenticalIds: true,
      type: 'reranking',
      topRanked: [[1, 2, 2, 3], []],
    }
    const store = new MemoryStore()
    const { results } = await scoreStored(store, input('reranking', { judgments, configs: [FULL_COSINE] }))
    const { lists } = readRun(await store.get(results[0]?.run ?? ''))
    expect(lists.map(({ documentIds }) => [...documentIds].sort())).toEqual([['d2', 'd3'], []])
    const { queryIds, values } = readPerQuery(await store.get(results[0]?.perQuery ?? ''))
    expect(queryIds).toEqual(['d1', 'q1'])
    expect(values.recall_at_1000?.[1]).toBe(0)
  })

  it('bitext takes the nearest, the first of equal texts, and tells right and wrong per sentence', async () => {
    const store = new MemoryStore()
    const side = { values: Float32Array.of(1, 0, 0, 1), rowCount: 2, dim: 2 }
    const judgments: TaskJudgments = {
      version: 1,
      type: 'bitext',
      firstRows: [0, 1, 0],
      secondRows: [1, 0, 0],
      gold: [1, 0, 2],
    }
    const { results } = await scoreStored(
      store,
      input('bitext', { queries: side, documents: side, judgments, configs: [FULL_COSINE] }),
    )
    expect(results[0]?.metrics.accuracy).toBe(0.666667)
    const { queryIds, values } = readPerQuery(await store.get(results[0]?.perQuery ?? ''))
    expect(queryIds).toEqual(['0', '1', '2'])
    expect([...(values.accuracy ?? [])]).toEqual([1, 1, 0])
  })

  it('pairs: a slice scores as vectors of that width, binary as signs', async () => {
    const sliced = ({ values, rowCount, dim }: Matrix, wanted: number): Matrix => ({
      values: Float32Array.from(
        { length: rowCount * wanted },
        (_, i) => values[Math.floor(i / wanted) * dim + (i % wanted)] as number,
      ),
      rowCount,
      dim: wanted,
    })
    const signs = (rows: Matrix): Matrix => ({ ...rows, values: rows.values.map((value) => (value > 0 ? 1 : -1)) })
    const metricsOf = async (changes: Partial<TaskInput>) =>
      (await scoreStored(new MemoryStore(), input('sts', changes))).results[0]?.metrics
    const [narrow, binary]: Config[] = [
      { ...FULL_COSINE, dimensions: 5 },
      { ...FULL_COSINE, dimensions: 5, precision: 'binary' },
    ]
    const [first, second] = [sliced(queries, 5), sliced(documents, 5)]
    expect(await metricsOf({ configs: [narrow as Config] })).toEqual(
      await metricsOf({ queries: first, documents: second, configs: [FULL_COSINE] }),
    )
    expect(await metricsOf({ configs: [binary as Config] })).toEqual(
      await metricsOf({ queries: signs(first), documents: signs(second), configs: [FULL_COSINE] }),
    )
  })

  it('instruction reranking adds p-MRR and both halves', async () => {
    const judgments: TaskJudgments = {
      ...plain,
      queryIds: ['t-og', 't-changed'],
      queryRows: [0, 1],
      documentIds: ['a', 'b'],
      documentRows: [0, 1],
      qrels: [[['a', 1]], [['b', 1]]],
      type: 'instruction-reranking',
      topRanked: [
        [0, 1],
        [0, 1],
      ],
      changed: [['t', ['a']]],
    }
    const side = { values: Float32Array.of(1, 0, 0, 1), rowCount: 2, dim: 2 }
    const { results } = await scoreStored(
      new MemoryStore(),
      input('reranking', { queries: side, documents: side, judgments, mainScore: 'p-MRR', configs: [FULL_COSINE] }),
    )
    expect(results[0]?.mainScore).toBe(0.5)
    const keys = Object.keys(results[0]?.metrics ?? {})
    expect(keys).toHaveLength(148 + 1 + 2 * 148)
    expect(keys.slice(148, 150)).toEqual(['p-MRR', 'og.ndcg_at_1'])
    expect(results[0]?.metrics['changed.map_at_1']).toBe(1)
  })

  it('passes retrieval on', async () => {
    const store = new MemoryStore()
    const work = await storedTask(store, input('reranking', { judgments: plain, mainScore: 'ndcg_at_10' }))
    const [ours, wanted] = [await scoreTaskGroup(work, store, WHERE), await scoreGroup(work, store, WHERE)]
    expect(ours.results.map(({ metrics }) => metrics)).toEqual(wanted.results.map(({ metrics }) => metrics))
  })
})

describe('scoreTaskGroup, what it refuses', () => {
  const wide: Config = { ...FULL_COSINE, dimensions: 25 }

  it.each(Object.keys(JUDGMENTS))('%s: a config wider than the vectors fails alone', async (type) => {
    const { results, failures } = await scoreStored(new MemoryStore(), input(type, { configs: [wide, FULL_COSINE] }))
    expect(results.map(({ config }) => config)).toEqual([configKey(FULL_COSINE)])
    expect(failures).toMatchObject([{ config: configKey(wide), code: 'SB-SCORE-002' }])
  })

  it.each(Object.keys(JUDGMENTS))('%s: vectors that are not finite or not of one width fail every config', async (type) => {
    const broken = { ...documents, values: documents.values.with(8, Number.NaN) }
    const notFinite = await scoreStored(new MemoryStore(), input(type, { documents: broken }))
    expect(notFinite.failures.map(({ code }) => code)).toEqual(CONFIGS.map(() => 'SB-SCORE-001'))
    const other = await scoreStored(new MemoryStore(), input(type, { documents: grid(90, 23, 1), configs: [FULL_COSINE] }))
    expect(other.failures).toMatchObject([{ code: 'SB-SCORE-002' }])
  })

  it.each([
    ['a row beyond the text set', { version: 1, type: 'sts', pairs: [[7, 0, 1]], minScore: 0, maxScore: 1 }],
    ['a document row beyond the text set', { version: 1, type: 'pairs', pairs: [[0, 90, 1]] }],
    ['an empty gold range', { version: 1, type: 'sts', pairs, minScore: 1, maxScore: 1 }],
    ['a gold place that is no sentence', { version: 1, type: 'bitext', firstRows: [0], secondRows: [0], gold: [1] }],
    ['lists of different number', { ...plain, type: 'reranking', topRanked: [] }],
    ['a candidate that is no document', { ...plain, type: 'reranking', topRanked: places(7).map(() => [90]) }],
    ['an unknown type', { version: 1, type: 'guessing' }],
  ])('%s', async (_, judgments) => {
    const type = (judgments as { type: string }).type
    const changes = { judgments: judgments as TaskJudgments, configs: [FULL_COSINE] }
    const { results, failures } = await scoreStored(new MemoryStore(), input(type in JUDGMENTS ? type : 'sts', changes))
    expect(results).toEqual([])
    expect(failures).toMatchObject([{ code: 'SB-SCORE-002' }])
  })

  it('a main score that the type does not have', async () => {
    const { failures } = await scoreStored(new MemoryStore(), input('sts', { mainScore: 'ndcg_at_10', configs: [FULL_COSINE] }))
    expect(failures).toMatchObject([{ code: 'SB-SCORE-002', message: expect.stringContaining('no metric is called ndcg_at_10') }])
  })

  it.each(Object.keys(JUDGMENTS))('%s: absent chunks of both sides are named, and no cell fails', async (type) => {
    const store = new MemoryStore()
    const work: ScoreWork = await storedTask(store, input(type))
    const lost = [work.queries.chunks[0], work.documents.chunks[2], work.documents.chunks[4]]
    for (const chunk of lost) store.files.delete(chunk?.digest ?? '')
    const error = await scoreTaskGroup(work, store, WHERE).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(MissingChunks)
    expect((error as MissingChunks).missing.map(({ encoding, n }) => [encoding, n])).toEqual([
      [1, 0],
      [2, 2],
      [2, 4],
    ])
  })

  it('a job that was cancelled', async () => {
    const store = new MemoryStore()
    const work = await storedTask(store, input('sts'))
    const cancelled = Object.assign(store, { signal: AbortSignal.abort() })
    await expect(scoreTaskGroup(work, cancelled, WHERE)).rejects.toThrow('SB-CORE-004')
  })
})

it('scorePairs: short rows are zero to scikit-learn, and equal rows give exactly 1', () => {
  const first = { values: Float32Array.of(1e-7, 0, 0.3, 0.7, 0, 0), rowCount: 3, dim: 2 }
  const { cosine, similarity } = scorePairs({ first, second: first, firstRows: [0, 1, 2, 0], secondRows: [0, 1, 2, 1] }, 'cosine')
  expect([...cosine.subarray(0, 3)]).toEqual([1, 1, 1])
  expect(similarity[2]).toBe(0)
  // a row of length 1e-7 stays as it is: its distance from a unit row is 1 but for the last digits
  expect(cosine[3]).toBeCloseTo(0.5, 6)
  expect(similarity[3]).toBeCloseTo(0.39391929, 6)
})
