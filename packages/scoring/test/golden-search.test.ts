import type { Similarity } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { readRun, scoreGroup } from '../src/index.ts'
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
import { MemoryStore, plainJudgments, storedWork } from './memory-store.ts'

const WHERE = { host: 'test', code: 'test' }
const NAUC_TOLERANCE = 1e-4
/** By case: tolerance of run scores (`tolerance` in each case), and whether the entry is exact in nauc too. */
const CASES = {
  hand: { score: () => () => 1e-7, exact: true },
  'exact-grid': { score: () => () => 0, exact: true },
  'duplicates-at-the-cut': { score: () => () => 0, exact: true },
  'duplicates-chunked': { score: () => () => 0, exact: true },
  'identical-ids': { score: summationTolerance, exact: false },
  realistic: { score: summationTolerance, exact: false },
} as const

describe.skipIf(!goldenIsThere)('golden/evaluators/retrieval-vectors (skipped without ../shared)', () => {
  for (const [name, tolerance] of Object.entries(CASES)) {
    it(`${name}: mteb's runs and entries from the vectors`, async () => {
      const golden = readCase(`retrieval-vectors/${name}`)
      const store = new MemoryStore()
      const similarities = Object.keys(golden.expected) as Similarity[]
      const work = await storedWork(store, {
        queries: matrixOf(golden, golden.queries),
        documents: matrixOf(golden, golden.docs),
        judgments: plainJudgments({
          queryIds: golden.queryIds,
          documentIds: golden.docIds,
          qrels: qrelsOf(golden),
          ignoreIdenticalIds: golden.ignoreIdenticalIds,
        }),
        configs: similarities.map((similarity) => ({ dimensions: null, precision: 'float32', similarity })),
        chunkRows: 170,
      })
      const { results, failures } = await scoreGroup(work, store, WHERE)
      expect(failures).toEqual([])
      for (const [i, similarity] of similarities.entries()) {
        const result = results[i]
        expectEntry(result?.metrics ?? {}, golden, { similarity, naucTolerance: tolerance.exact ? 0 : NAUC_TOLERANCE })
        const wanted = expectedRun(golden, similarity)
        if (wanted === undefined) continue
        const { lists } = readRun(await store.get(result?.run ?? ''))
        expectCloseRun(lists, wanted, tolerance.score(similarity))
        if (name === 'duplicates-chunked' || name === 'exact-grid' || name === 'hand') {
          expect(lists.map(({ documentIds }) => documentIds)).toEqual(wanted.map(({ documentIds }) => documentIds))
        }
      }
    })
  }

  it('identical-ids: each query loses its own document and nothing fills the place', async () => {
    const golden = readCase('retrieval-vectors/identical-ids')
    const store = new MemoryStore()
    const work = await storedWork(store, {
      queries: matrixOf(golden, golden.queries),
      documents: matrixOf(golden, golden.docs),
      judgments: plainJudgments({
        queryIds: golden.queryIds,
        documentIds: golden.docIds,
        qrels: qrelsOf(golden),
        ignoreIdenticalIds: true,
      }),
      configs: [{ dimensions: null, precision: 'float32', similarity: 'cosine' }],
    })
    const { results } = await scoreGroup(work, store, WHERE)
    const { queryIds, lists } = readRun(await store.get(results[0]?.run ?? ''))
    expect(lists.map(({ documentIds }) => documentIds.length)).toEqual(queryIds.map(() => 999))
    expect(lists.some(({ documentIds }, i) => documentIds.includes(queryIds[i] as string))).toBe(false)
  })
})
