import type { Config } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { bytesForList } from './kernel-memory.ts'
import { Measuring } from './measuring.ts'
import type { Matrix } from './product.ts'
import { DocumentRows } from './ranked-list.ts'
import { RUN_DEPTH } from './row-ranking.ts'
import { readRun } from './run-file.ts'
import { search, searchAndMeasure } from './search.ts'
import { roomOf } from './top-lists.ts'
import { NEVER } from './top-rows.ts'

const [DOCUMENTS, QUERIES, DIM, DEPTH] = [7000, 5, 150, 400]

/** Small whole numbers, so that sums are exact in whatever order; scores rise, fall or neither over the documents. */
function grid(rowCount: number, slope: number): Matrix {
  const values = Float32Array.from({ length: rowCount * DIM }, (_, i) => {
    const [row, column] = [Math.floor(i / DIM), i % DIM]
    const noise = Math.imul(i + 1, 0x9e3779b1) >>> 28
    return noise - 8 + (column % 3 === 0 ? Math.round((slope * row) / rowCount) : 0)
  })
  return { values, rowCount, dim: DIM }
}

function plainScore(queries: Matrix, documents: Matrix, { dimensions, precision }: Config): (q: number, d: number) => number {
  const dim = dimensions ?? DIM
  return (q, d) => {
    let sum = 0
    for (let i = 0; i < dim; i++) {
      const [a, b] = [queries.values[q * DIM + i] as number, documents.values[d * DIM + i] as number]
      sum += precision === 'binary' ? (a > 0 === b > 0 ? 1 : -1) : a * b
    }
    return Math.fround(precision === 'binary' ? 1 - (dim - sum) / dim : sum)
  }
}

async function* blocksOf({ values, rowCount }: Matrix) {
  for (let firstRow = 0; firstRow < rowCount; firstRow += 3000) {
    const count = Math.min(3000, rowCount - firstRow)
    const own = values.slice(firstRow * DIM, (firstRow + count) * DIM)
    yield { firstRow, matrix: { values: own, rowCount: count, dim: DIM } }
  }
}

describe('search', () => {
  const configs: Config[] = [null, 128, 77, 64, 3].flatMap((dimensions) =>
    (['float32', 'binary'] as const).map((precision) => ({ dimensions, precision, similarity: 'dot' as const })),
  )
  for (const [name, slope, way] of [
    ['no order', 0, 1],
    ['the best last', 12, 1],
    ['the best first', -12, 1],
    ['no order, in two threads', 0, 2],
    ['the best last, in two threads', 12, 2],
    ['no order, with the lists of three configs in one memory', 0, 3],
  ] as const) {
    it(`equals a full sort by score, then priority, over several blocks: ${name}`, async () => {
      const [queries, documents] = [grid(QUERIES, 0), grid(DOCUMENTS, slope)]
      for (let i = 0; i < queries.values.length; i++) queries.values[i] = Math.abs(queries.values[i] as number)
      const priority = Uint32Array.from({ length: DOCUMENTS }, (_, row) => (row % 97 === 0 ? NEVER : (row * 3331) % DOCUMENTS))
      const sought = { queries, documents: blocksOf(documents), configs, depth: DEPTH, priority }
      const found = await search({
        ...sought,
        ...(way === 3 ? { listBytes: 3 * QUERIES * bytesForList(roomOf(DEPTH, DOCUMENTS)) } : { threads: way }),
      })
      const visible = Array.from(priority.keys()).filter((row) => priority[row] !== NEVER)
      for (const [i, config] of configs.entries()) {
        const scoreOf = plainScore(queries, documents, config)
        for (let q = 0; q < QUERIES; q++) {
          const scores = Float32Array.from({ length: DOCUMENTS }, (_, row) => scoreOf(q, row))
          const better = (a: number, b: number) =>
            (scores[b] as number) - (scores[a] as number) || (priority[a] as number) - (priority[b] as number)
          const own = found[i]?.found(q)
          const rows = Array.from(own?.rows ?? [])
          expect(rows.toSorted(better)).toEqual(visible.toSorted(better).slice(0, DEPTH))
          expect([...(own?.scores ?? [])]).toEqual(rows.map((row) => scores[row]))
        }
      }
    })
  }

  it('finds in two threads what it finds in one, int8 and cosine too', async () => {
    const cosine = [null, 64].flatMap((dimensions) =>
      (['float32', 'int8', 'binary'] as const).map((precision) => ({ dimensions, precision, similarity: 'cosine' as const })),
    )
    const [queries, documents] = [grid(QUERIES, 0), grid(DOCUMENTS, 3)]
    const priority = Uint32Array.from({ length: DOCUMENTS }, (_, row) => row)
    const listsOf = async (threads: 1 | 2) => {
      const sought = { queries, documents: blocksOf(documents), configs: cosine, depth: DEPTH, priority, threads }
      return (await search(sought)).map((config) =>
        Array.from({ length: QUERIES }, (_, q) => {
          const { rows, scores } = config.found(q)
          return Array.from(rows, (row, i) => [row, scores[i]]).sort(([a = 0], [b = 0]) => a - b)
        }),
      )
    }
    expect(await listsOf(2)).toEqual(await listsOf(1))
  })

  it('scores a config alone as beside others, and slices within rounding of normalised slices', async () => {
    const [rowCount, dim, depth] = [1000, 384, 1000]
    const side = (count: number, seed: number): Matrix => {
      const values = Float32Array.from({ length: count * dim }, (_, i) => Math.sin(seed + i * i) * (1 + (i % 13)))
      values.fill(0, dim, 2 * dim) // a row of zeros
      return { values, rowCount: count, dim }
    }
    const [queries, documents] = [side(QUERIES, 1), side(rowCount, 2)]
    const priority = Uint32Array.from({ length: rowCount }, (_, row) => row)
    const sizes = [null, 256, 128, 100, 64].map(
      (dimensions) => ({ dimensions, precision: 'float32', similarity: 'cosine' }) as const,
    )
    const scoresOf = async (own: readonly Config[], queryCount = QUERIES) => {
      async function* blocks() {
        yield { firstRow: 0, matrix: documents }
      }
      const found = await search({
        queries: { ...queries, rowCount: queryCount },
        documents: blocks(),
        configs: own,
        depth,
        priority,
      })
      return found.map((config) =>
        Array.from({ length: queryCount }, (_, q) => {
          const { rows, scores } = config.found(q)
          const byRow = new Float32Array(rowCount)
          rows.forEach((row, i) => {
            byRow[row] = scores[i] as number
          })
          return byRow
        }),
      )
    }
    const together = await scoresOf(sizes)
    for (const [i, config] of sizes.entries()) {
      expect(await scoresOf([config])).toEqual([together[i]])
      expect((await scoresOf([config], 1))[0]?.[0]).toEqual((await scoresOf(sizes, 1))[i]?.[0]) // one query, multiplied otherwise
      const size = config.dimensions ?? dim
      const row = (of: Matrix, at: number) => of.values.subarray(at * dim, at * dim + size)
      const length = (values: Float32Array) => Math.max(1e-12, Math.hypot(...values))
      for (const q of [0, 1, 4]) {
        for (const d of [0, 1, 2, 700]) {
          const [a, b] = [row(queries, q), row(documents, d)]
          const cosine = a.reduce((sum, value, c) => sum + (value / length(a)) * ((b[c] as number) / length(b)), 0)
          expect(together[i]?.[q]?.[d]).toBeCloseTo(cosine, 6)
        }
      }
    }
  })

  it('measures in two threads what it measures in one, to the last byte, search after search', async () => {
    const [queries, documents] = [grid(QUERIES, 0), grid(DOCUMENTS, 3)]
    const queryIds = Array.from({ length: QUERIES }, (_, i) => `q${i}`)
    const documentIds = Array.from({ length: DOCUMENTS + 100 }, (_, i) => (i < QUERIES ? `q${i}` : `d${i}`))
    const documentRows = documentIds.map((_, i) => i % DOCUMENTS) // some texts are two documents
    const qrels = queryIds.map((_, i) => documentIds.filter((_, d) => d % 7 === i).map((id, d): [string, number] => [id, d % 3]))
    const known = {
      version: 1 as const,
      queryIds,
      queryRows: [...queryIds.keys()],
      documentIds,
      documentRows,
      qrels,
      kinds: null,
    }
    const rows = new DocumentRows(documentIds, documentRows, DOCUMENTS)
    const measure = (threads: 1 | 2, own: readonly Config[]) => {
      const sought = { queries, documents: blocksOf(documents), configs: own, depth: RUN_DEPTH, priority: rows.priority, threads }
      return searchAndMeasure(sought, Measuring.of({ ...known, ignoreIdenticalIds: true }, rows, 'ndcg_at_10'), {
        io: {},
        use: async (found) =>
          Promise.all(
            found.map(async (config) => {
              const { metrics, mainScore, run, perQuery } = await config.measured()
              return { metrics, mainScore, run: Buffer.from(run), perQuery: Buffer.from(perQuery).toString('utf8') }
            }),
          ),
      })
    }
    for (const own of [configs, configs.slice(3)]) {
      const measured = await measure(2, own)
      expect(measured).toEqual(await measure(1, own))
      expect(readRun(measured.at(-1)?.run ?? new Uint8Array()).lists.map(({ scores }) => scores.length)).toEqual(
        queryIds.map(() => RUN_DEPTH - 1), // without the query's own document
      )
    }
  })

  it('fails in two threads as in one: a value that is not finite, in whichever block, and a job that is cancelled', async () => {
    const queries = grid(QUERIES, 0)
    const priority = Uint32Array.from({ length: DOCUMENTS }, (_, row) => row)
    const sought = { queries, configs, depth: DEPTH, priority, threads: 2 as const }
    for (const row of [10, 3010, 6010]) {
      const documents = grid(DOCUMENTS, 0)
      documents.values[row * DIM + 3] = Number.NaN
      await expect(search({ ...sought, documents: blocksOf(documents) })).rejects.toThrow(
        new RegExp(`^SB-SCORE-001.*document row ${row}\\b`),
      )
    }
    const signal = AbortSignal.abort()
    const stopped = search({ ...sought, documents: blocksOf(grid(DOCUMENTS, 0)) }, { signal })
    await expect(stopped).rejects.toMatchObject({ code: 'SB-CORE-004' })
  })
})
