import { type Config, configKey, type DeriveWork } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { deriveGroup, readPerQuery, readRun, writeRun } from '../src/index.ts'
import { MemoryStore, plainJudgments } from './memory-store.ts'

const FULL: Config = { dimensions: null, precision: 'float32', similarity: 'cosine' }
const BM25 = { model: 'mteb/baseline-bm25s', revision: '0_3_0' }
const hybrid = (weight: number | 'rrf'): Config => ({ ...FULL, hybrid: { ...BM25, weight } })

type Lists = Readonly<Record<string, readonly (readonly [string, number])[]>>
const DENSE: Lists = {
  q1: [
    ['a', 0.9],
    ['b', 0.5],
    ['c', 0.1],
  ],
  q2: [['c', 0.4]],
}
const LEXICAL: Lists = {
  q1: [
    ['d', 8],
    ['b', 4],
    ['e', 0],
  ],
  q2: [
    ['b', 0],
    ['a', 0],
  ],
}

function run(lists: Lists) {
  return writeRun({
    queryIds: Object.keys(lists),
    lists: Object.values(lists).map((list) => ({
      documentIds: list.map(([id]) => id),
      scores: Float32Array.from(list, ([, score]) => score),
    })),
  })
}

async function derive(configs: readonly Config[], runs: readonly Lists[]) {
  const store = new MemoryStore()
  const judgments = plainJudgments({
    queryIds: ['q1', 'q2'],
    documentIds: ['a', 'b', 'c', 'd', 'e'],
    qrels: [
      [
        ['a', 1],
        ['d', 2],
        ['e', 0],
      ],
      [
        ['a', 1],
        ['gone', 1],
      ],
    ],
  })
  const work: DeriveWork = {
    kind: 'derive',
    lease: 'j00000000000000000000',
    group: 1,
    task: 'Golden',
    mainScore: 'ndcg_at_10',
    judgments: await store.put(Buffer.from(JSON.stringify(judgments))),
    runs: await Promise.all(runs.map((lists) => store.put(run(lists)))),
    configs: configs.map((config) => ({ key: configKey(config), config })),
  }
  const { results, failures } = await deriveGroup(work, store, { host: 'test', code: 'test' })
  const made = await Promise.all(
    results.map(async (result) => {
      const { lists } = readRun(await store.get(result.run ?? ''))
      const { values } = readPerQuery(await store.get(result.perQuery ?? ''))
      return { ...result, values, lists: lists.map(({ documentIds, scores }) => documentIds.map((id, i) => [id, scores[i]])) }
    }),
  )
  return { made, failures }
}

describe('cuts of a stored run', () => {
  it('end the lists and tell precision and recall there', async () => {
    const { made } = await derive(
      [
        { ...FULL, cut: { top: 2 } },
        { ...FULL, cut: { score: 0.5 } },
      ],
      [DENSE],
    )
    expect(made.map(({ lists }) => lists.map((list) => list.map(([id]) => id)))).toEqual([
      [['a', 'b'], ['c']],
      [['a', 'b'], []],
    ])
    // q1 keeps a of {a, d} among two, q2 nothing relevant of two.
    expect(made[0]?.metrics).toMatchObject({ precision_at_cut: 0.25, recall_at_cut: 0.25, kept_mean: 1.5 })
    expect(made[1]?.metrics).toMatchObject({ precision_at_cut: 0.25, recall_at_cut: 0.25, kept_mean: 1 })
    expect([...(made[0]?.values.precision_at_cut ?? [])]).toEqual([0.5, 0])
    expect(made[0]?.metrics.recall_at_1000).toBe(0.25)
    expect(made[0]?.mainScore).toBe(made[0]?.metrics.ndcg_at_10)
  })
})

describe('hybrids of two stored runs', () => {
  it('weighs scores scaled per query, what is missing as 0, lexical zeros as not found', async () => {
    const { made } = await derive([hybrid(0.25)], [DENSE, LEXICAL])
    const [first, second] = made[0]?.lists ?? []
    // Scaled: a 1, b 0.5, c 0; d 1, b 0 (e holds no token of the query).
    expect(first).toEqual([
      ['a', 0.75],
      ['b', 0.375],
      ['d', 0.25],
      ['c', 0],
    ])
    expect(second).toEqual([['c', 0.75]])
    expect(made[0]?.metrics).not.toHaveProperty('precision_at_cut')
  })

  it('adds reciprocal ranks', async () => {
    const { made } = await derive([hybrid('rrf')], [DENSE, LEXICAL])
    expect(made[0]?.lists[0]).toEqual([
      ['b', Math.fround(1 / 62 + 1 / 62)],
      ['d', Math.fround(1 / 61)],
      ['a', Math.fround(1 / 61)],
      ['c', Math.fround(1 / 63)],
    ])
  })

  it('makes one run for all weights, and fails a config it cannot make alone', async () => {
    const { made, failures } = await derive([hybrid(0.5), FULL], [DENSE, LEXICAL])
    expect(made).toHaveLength(1)
    expect(failures).toMatchObject([{ config: configKey(FULL), code: 'SB-SCORE-002' }])
  })
})
