import { type Config, configKey, SweepError } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { type Matrix, MissingChunks, readPerQuery, readRun, scoreGroup } from '../src/index.ts'
import { FULL_COSINE, MemoryStore, plainJudgments, storedWork } from './memory-store.ts'

const { fround } = Math
const WHERE = { host: 'h1', code: 'c1' }

function grid(rowCount: number, dim: number, seed: number): Matrix {
  const values = new Float32Array(rowCount * dim)
  let state = seed
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    values[i] = (state / 2 ** 32) * 2 - 1
  }
  return { values, rowCount, dim }
}

const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`)
const group = (queries: Matrix, documents: Matrix, configs: readonly Config[] = [FULL_COSINE]) => ({
  queries,
  documents,
  configs,
  judgments: plainJudgments({
    queryIds: ids('q', queries.rowCount),
    documentIds: ids('d', documents.rowCount),
    qrels: ids('q', queries.rowCount).map((_, i) => [[`d${i}`, 1] as [string, number]]),
  }),
})

/** A config's score in plain float64, int8 codes in float32 as defined: slice, normalise, quantise, product. */
function plainScores(config: Config, queries: Matrix, documents: Matrix): (q: number, d: number) => number {
  const dim = config.dimensions ?? queries.dim
  const row = ({ values, dim: full }: Matrix, i: number) => Array.from(values.subarray(i * full, i * full + dim))
  const unit = (x: number[]) => x.map((value) => value / Math.hypot(...x))
  const prepared = (m: Matrix, i: number) => (config.similarity === 'cosine' ? unit(row(m, i)) : row(m, i))
  const all = Array.from({ length: documents.rowCount }, (_, d) => prepared(documents, d))
  const [min, max] = [Math.min, Math.max].map((pick) =>
    Array.from({ length: dim }, (_, i) => pick(...all.map((x) => x[i] as number))),
  )
  const code = (x: number[]) =>
    x.map((v, i) => {
      const [low, high] = [min?.[i] as number, max?.[i] as number]
      return Math.max(-128, Math.min(127, Math.trunc(fround(fround(fround(v - low) / fround(fround(high - low) / 255)) - 128))))
    })
  const final = (m: Matrix, i: number) => {
    if (config.precision === 'float32') return prepared(m, i)
    return config.similarity === 'cosine' ? unit(code(prepared(m, i))) : code(prepared(m, i))
  }
  if (config.precision === 'binary') {
    return (q, d) => {
      const [a, b] = [row(queries, q), row(documents, d)]
      return 1 - (2 * a.filter((x, i) => x > 0 !== (b[i] as number) > 0).length) / dim
    }
  }
  return (q, d) => final(queries, q).reduce((sum, x, i) => sum + x * (final(documents, d)[i] as number), 0)
}

describe('scoreGroup', () => {
  it('scores every config of a group in one pass: each block read once, each run as plain arithmetic gives it', async () => {
    const configs: Config[] = [null, 12, 5].flatMap((dimensions) =>
      (['float32', 'int8', 'binary'] as const).flatMap((precision) =>
        (['cosine', 'dot'] as const).map((similarity) => ({ dimensions, precision, similarity })),
      ),
    )
    const [queries, documents] = [grid(7, 24, 1), grid(90, 24, 2)]
    const store = new MemoryStore()
    const work = await storedWork(store, { ...group(queries, documents, configs), chunkRows: 20 })
    const { results, failures } = await scoreGroup(work, store, WHERE)
    expect(failures).toEqual([])
    expect(results.map(({ config }) => config)).toEqual(configs.map(configKey))
    for (const { digest } of [...work.queries.chunks, ...work.documents.chunks]) expect(store.reads.get(digest)).toBe(1)
    for (const [i, config] of configs.entries()) {
      const result = results[i]
      expect(result?.evidence).toMatchObject({ host: 'h1', code: 'c1', blockCount: 6, blockReads: 6 })
      expect(result?.evidence.calibration).toBe(
        config.precision === 'int8' ? 'per-dimension min/max of the first 90 documents' : null,
      )
      const { lists } = readRun(await store.get(result?.run ?? ''))
      const plain = plainScores(config, queries, documents)
      const off = lists.flatMap(({ documentIds, scores }, q) =>
        documentIds.map((id, at) => {
          const want = plain(q, Number(id.slice(1)))
          return Math.abs((scores[at] as number) - want) / Math.max(1, Math.abs(want))
        }),
      )
      expect(off).toHaveLength(7 * 90)
      // a normalised value on the edge between two int8 codes may fall to either side
      expect(Math.max(...off), JSON.stringify(config)).toBeLessThan(
        config.precision === 'int8' && config.similarity === 'cosine' ? 5e-3 : 2e-6,
      )
      expect(lists.every(({ scores }) => scores.every((score, at) => at === 0 || score <= (scores[at - 1] as number)))).toBe(true)
    }
  })

  it('gives a config the same numbers alone and beside others', async () => {
    const [queries, documents] = [grid(5, 16, 3), grid(60, 16, 4)]
    const int8: Config = { dimensions: 8, precision: 'int8', similarity: 'cosine' }
    const store = new MemoryStore()
    const alone = await scoreGroup(await storedWork(store, group(queries, documents)), store, WHERE)
    const both = await scoreGroup(await storedWork(store, group(queries, documents, [int8, FULL_COSINE])), store, WHERE)
    expect(both.results[1]?.run).toBe(alone.results[0]?.run)
    expect(both.results[1]?.perQuery).toBe(alone.results[0]?.perQuery)
  })

  it('lets ids share a row, ties broken by id in code-point order, and keeps per-query scores', async () => {
    const store = new MemoryStore()
    const documents = { values: Float32Array.of(1, 0, 0, 1), rowCount: 2, dim: 2 }
    const queries = { values: Float32Array.of(1, 0), rowCount: 1, dim: 2 }
    const judgments = {
      ...plainJudgments({
        queryIds: ['q', 'r'],
        documentIds: ['a', '\u{1f600}', '\uffee', 'z'],
        qrels: [[['a', 1]], [['\u{1f600}', 1]]],
      }),
      queryRows: [0, 0],
      documentRows: [0, 0, 0, 1],
    }
    const { results } = await scoreGroup(
      await storedWork(store, { queries, documents, judgments, configs: [FULL_COSINE] }),
      store,
      WHERE,
    )
    const run = readRun(await store.get(results[0]?.run ?? ''))
    expect(run.queryIds).toEqual(['q', 'r'])
    for (const { documentIds, scores } of run.lists) {
      expect(documentIds).toEqual(['\u{1f600}', '\uffee', 'a', 'z'])
      expect([...scores]).toEqual([1, 1, 1, 0])
    }
    const { queryIds, values } = readPerQuery(await store.get(results[0]?.perQuery ?? ''))
    expect(queryIds).toEqual(['q', 'r'])
    expect([...(values.mrr_at_10 as Float64Array)]).toEqual([1 / 3, 1])
    expect(results[0]?.mainScore).toBe(results[0]?.metrics.ndcg_at_10)
  })

  it('names every missing or damaged chunk of both sides at once', async () => {
    const store = new MemoryStore()
    const work = await storedWork(store, { ...group(grid(4, 8, 5), grid(50, 8, 6)), chunkRows: 10 })
    const [q, d2, d4] = [work.queries.chunks[0], work.documents.chunks[2], work.documents.chunks[4]]
    store.files.delete(q?.digest ?? '')
    store.files.delete(d2?.digest ?? '')
    store.files.set(d4?.digest ?? '', Uint8Array.of(1, 2, 3))
    const error = await scoreGroup(work, store, WHERE).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(MissingChunks)
    expect((error as MissingChunks).missing).toEqual([
      { encoding: 1, n: 0, digest: q?.digest },
      { encoding: 2, n: 2, digest: d2?.digest },
      { encoding: 2, n: 4, digest: d4?.digest },
    ])
  })

  it('fails a config that wants more dimensions than there are, and no other', async () => {
    const store = new MemoryStore()
    const wide: Config = { ...FULL_COSINE, dimensions: 99 }
    const { results, failures } = await scoreGroup(
      await storedWork(store, group(grid(2, 8, 1), grid(9, 8, 2), [wide, FULL_COSINE])),
      store,
      WHERE,
    )
    expect(failures).toMatchObject([{ config: configKey(wide), code: 'SB-SCORE-002' }])
    expect(results.map(({ config }) => config)).toEqual([configKey(FULL_COSINE)])
  })

  for (const [name, code, spoil] of [
    [
      'a query vector that is not finite',
      'SB-SCORE-001',
      (input: ReturnType<typeof group>) => {
        input.queries.values[3] = Number.NaN
      },
    ],
    [
      'a document vector that is not finite',
      'SB-SCORE-001',
      (input: ReturnType<typeof group>) => {
        input.documents.values[3] = Number.POSITIVE_INFINITY
      },
    ],
    [
      'judgments that name a row beyond the text set',
      'SB-SCORE-002',
      (input: ReturnType<typeof group>) => {
        input.judgments.documentRows[0] = 9
      },
    ],
    [
      'judgments with a document id twice',
      'SB-SCORE-002',
      (input: ReturnType<typeof group>) => {
        input.judgments.documentIds[1] = 'd0'
      },
    ],
    [
      'judgments with a query id twice',
      'SB-SCORE-002',
      (input: ReturnType<typeof group>) => {
        input.judgments.queryIds[1] = 'q0'
      },
    ],
  ] as const) {
    it(`fails all configs on ${name}`, async () => {
      const store = new MemoryStore()
      const input = group(grid(2, 8, 1), grid(9, 8, 2))
      spoil(input)
      const { results, failures } = await scoreGroup(await storedWork(store, input), store, WHERE)
      expect(results).toEqual([])
      expect(failures).toMatchObject([{ config: configKey(FULL_COSINE), code }])
    })
  }

  it('refuses sides of different size', async () => {
    const store = new MemoryStore()
    const { failures } = await scoreGroup(await storedWork(store, group(grid(2, 8, 1), grid(9, 6, 2))), store, WHERE)
    expect(failures).toMatchObject([
      { code: 'SB-SCORE-002', message: expect.stringContaining('documents have 6 dimensions, queries 8') },
    ])
  })

  it('stops when cancelled, and reports progress until then', async () => {
    const store = new MemoryStore()
    const work = await storedWork(store, group(grid(2, 8, 1), grid(9, 8, 2), [FULL_COSINE, { ...FULL_COSINE, dimensions: 4 }]))
    const controller = new AbortController()
    let steps = 0
    const io = {
      get: store.get.bind(store),
      put: store.put.bind(store),
      signal: controller.signal,
      onProgress: () => {
        if (++steps === 2) controller.abort()
      },
    }
    const error = await scoreGroup(work, io, WHERE).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(SweepError)
    expect((error as SweepError).code).toBe('SB-CORE-004')
    expect(steps).toBe(2)
  })
})
