import {
  type Config,
  configKey,
  type Digest,
  type Judgments,
  type PairsWork,
  type RerankWork,
  readPairSet,
  SweepError,
  sha256,
  writePairSet,
  writeTextSet,
  writeVectors,
} from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { findPairs, readRun, rerankGroup, type ScoreIo, writeRun } from '../src/index.ts'
import { rerankList } from '../src/rerank-group.ts'

const LEASE = `j${'0'.repeat(20)}`
const WHERE = { host: 'h', code: 'c' }

function memoryIo(): ScoreIo & { readonly put: (bytes: Uint8Array) => Promise<Digest> } {
  const files = new Map<Digest, Uint8Array<ArrayBuffer>>()
  return {
    async get(digest) {
      const bytes = files.get(digest)
      if (bytes === undefined) throw new SweepError('SB-ART-001', { digest })
      return bytes
    },
    async put(bytes) {
      const digest = sha256(bytes)
      files.set(digest, new Uint8Array(bytes))
      return digest
    },
  }
}

/** Queries 1 and 2 share a text, as do documents b and c. */
const JUDGMENTS: Judgments = {
  version: 1,
  queryIds: ['1', '2', '3'],
  queryRows: [0, 0, 1],
  documentIds: ['a', 'b', 'c', 'd'],
  documentRows: [0, 1, 1, 2],
  qrels: [[['a', 1]], [['d', 1]], [['b', 1]]],
  ignoreIdenticalIds: false,
  kinds: null,
}
const list = (documentIds: string[]) => ({ documentIds, scores: Float32Array.from(documentIds, (_, i) => 1 - i / 10) })
const RUN = { queryIds: ['1', '2', '3'], lists: [list(['d', 'b', 'a']), list(['b', 'c', 'a']), list(['c', 'd', 'b'])] }

async function stored() {
  const io = memoryIo()
  const queries = await io.put(writeTextSet(['q', 'qq']))
  const documents = await io.put(writeTextSet(['alpha', 'beta', 'delta']))
  const judgments = await io.put(Buffer.from(JSON.stringify(JUDGMENTS)))
  const run = await io.put(writeRun(RUN))
  return { io, queries, documents, judgments, run }
}
const pairsOf = async (io: ScoreIo, digest: Digest) => {
  const { queryRows, documentRows } = readPairSet(await io.get(digest))
  return Array.from(queryRows, (row, i) => [row, documentRows[i]])
}

describe('finding pairs', () => {
  it('takes the best documents of each query, each pair of texts once, in row order', async () => {
    const { io, run, ...work } = await stored()
    const asked: PairsWork = { kind: 'pairs', lease: LEASE, task: 't', ...work, runs: [{ run, depth: 2 }], known: [] }
    const found = await findPairs(asked, io)
    expect(await pairsOf(io, found.digest)).toEqual([
      [0, 1],
      [0, 2],
      [1, 1],
      [1, 2],
    ])
    expect(found).toMatchObject({ count: 4, bytes: 1 + 4 + 1 + 5 + 2 + 4 + 2 + 5, bounds: [[0, 4]] })
  })

  it('joins several runs at their own depths and leaves out what is known', async () => {
    const { io, run, ...work } = await stored()
    const known = await io.put(writePairSet({ ...work, queryRows: Uint32Array.of(0, 1), documentRows: Uint32Array.of(1, 1) }))
    const runs = [
      { run, depth: 1 },
      { run, depth: 3 },
    ]
    const found = await findPairs({ kind: 'pairs', lease: LEASE, task: 't', ...work, runs, known: [known] }, io)
    expect(await pairsOf(io, found.digest)).toEqual([
      [0, 0],
      [0, 2],
      [1, 2],
    ])
  })

  it('takes candidate lists where there is no run, and refuses a task without any', async () => {
    const { io, run: _, ...work } = await stored()
    const candidates = { ...JUDGMENTS, type: 'reranking', topRanked: [[3, 0], [], [1]] }
    const judgments = await io.put(Buffer.from(JSON.stringify(candidates)))
    const asked: PairsWork = { kind: 'pairs', lease: LEASE, task: 't', ...work, judgments, runs: [], known: [] }
    expect(await pairsOf(io, (await findPairs(asked, io)).digest)).toEqual([
      [0, 0],
      [0, 2],
      [1, 1],
    ])
    await expect(findPairs({ ...asked, judgments: work.judgments }, io)).rejects.toMatchObject({ code: 'SB-SCORE-002' })
  })

  it('refuses a run of other data', async () => {
    const { io, run: _, ...work } = await stored()
    const run = await io.put(writeRun({ queryIds: ['1'], lists: [list(['stranger'])] }))
    const asked: PairsWork = { kind: 'pairs', lease: LEASE, task: 't', ...work, runs: [{ run, depth: 2 }], known: [] }
    await expect(findPairs(asked, io)).rejects.toMatchObject({ code: 'SB-SCORE-002' })
  })
})

describe('a reranked list', () => {
  const scores: Record<string, number> = { a: 0.5, b: 0.9, c: 0.5, d: -3 }
  const of = (id: string) => scores[id] as number

  it('goes by score, then by id descending; the rest keeps its order behind', () => {
    const { documentIds, scores: shown } = rerankList(list(['a', 'b', 'c', 'e', 'f']), { depth: 3, tail: 'append' }, of)
    expect(documentIds).toEqual(['b', 'c', 'a', 'e', 'f'])
    expect([...shown]).toEqual([...shown].sort((x, y) => y - x))
    expect(new Set(shown.slice(2)).size).toBe(3)
  })

  it('drops the rest where it is told to, and takes a whole list without a depth', () => {
    expect(rerankList(list(['a', 'b', 'c']), { depth: 2, tail: 'drop' }, of).documentIds).toEqual(['b', 'a'])
    expect(rerankList(list(['d', 'b', 'a']), { depth: null, tail: 'append' }, of).documentIds).toEqual(['b', 'a', 'd'])
    expect(rerankList(list([]), { depth: 5, tail: 'append' }, of).documentIds).toEqual([])
  })

  it.each([0, 1e-6, 1, 12.5, -40, 3e4])('keeps 1,000 documents apart below a last score of %f', (last) => {
    const ids = Array.from({ length: 1000 }, (_, i) => `x${i}`)
    const { scores: shown } = rerankList(list(['a', ...ids]), { depth: 1, tail: 'append' }, () => last)
    expect(new Set(shown).size).toBe(1001)
  })
})

describe('scoring a child group', () => {
  const config = (depth: number): Config => ({
    dimensions: null,
    precision: 'float32',
    similarity: 'cosine',
    rerank: { model: 'r', revision: '1', depth, tail: 'append' },
  })

  async function work(values: readonly number[]) {
    const { io, queries, documents, judgments, run } = await stored()
    const queryRows = Uint32Array.of(0, 0, 0, 1, 1)
    const documentRows = Uint32Array.of(0, 1, 2, 1, 2)
    const textSet = await io.put(writePairSet({ queries, documents, queryRows, documentRows }))
    const digest = await io.put(writeVectors({ rowCount: 5, dim: 1, values: Float32Array.from(values) }))
    const pairs = [{ encoding: 1, textSet, count: 5, chunks: [{ n: 0, start: 0, end: 5, digest }] }]
    const configs = [config(1), config(3)].map((one) => ({ key: configKey(one), config: one }))
    const asked: RerankWork = {
      kind: 'rerank',
      lease: LEASE,
      group: 1,
      task: 't',
      mainScore: 'mrr_at_10',
      judgments,
      run,
      pairs,
      configs,
    }
    return { io, asked }
  }

  it('scores every depth from the same pair scores', async () => {
    const { io, asked } = await work([0.9, 0.2, 0.1, 0.3, 0.8])
    const { results, failures } = await rerankGroup(asked, io, WHERE)
    expect(failures).toEqual([])
    // Depth 1 leaves every list as it was; depth 3 lifts a for both queries of row 0, and d above b and c for row 1.
    expect(results.map(({ mainScore }) => mainScore)).toEqual([0.222222, 0.444444])
    const lists = async (i: number) => readRun(await io.get(results[i]?.run ?? '')).lists.map(({ documentIds }) => documentIds)
    expect(await lists(0)).toEqual(RUN.lists.map(({ documentIds }) => documentIds))
    expect(await lists(1)).toEqual([
      ['a', 'b', 'd'],
      ['a', 'c', 'b'],
      ['d', 'c', 'b'],
    ])
    expect(results[1]?.evidence).toMatchObject({ blockCount: 1, blockReads: 1 })
  })

  it('fails every config on a score that is not finite, and says which chunk is missing', async () => {
    const bad = await work([0.9, Number.NaN, 0.1, 0.3, 0.8])
    expect((await rerankGroup(bad.asked, bad.io, WHERE)).failures.map(({ code }) => code)).toEqual([
      'SB-SCORE-001',
      'SB-SCORE-001',
    ])
    const gone = await work([0.9, 0.2, 0.1, 0.3, 0.8])
    const [side] = gone.asked.pairs
    const lost = {
      ...gone.asked,
      pairs: [{ ...side, chunks: [{ n: 0, start: 0, end: 5, digest: sha256('lost') }] }],
    } as RerankWork
    await expect(rerankGroup(lost, gone.io, WHERE)).rejects.toMatchObject({ missing: [{ encoding: 1, n: 0 }] })
  })
})
