/**
 * Peak memory of a whole score job over 1,000,000 documents of 256 dimensions: judgments, search, metrics, artifacts.
 * Run: node benchmarks/search/memory.ts [documents] [dim] [queries]. Exits 1 when the peak is not below 1 GB (10^9 bytes).
 * The chunks are made when they are asked for (1 MiB each), so the corpus lies neither in memory nor on disk.
 */
import { configKey, sha256, writeVectors } from '@sweepboard/contracts'
import { type ScoreIo, scoreGroup } from '@sweepboard/scoring'
import { randomRows } from './corpus.ts'

const LIMIT_BYTES = 1e9
const CHUNK_ROWS = 1024
const [documentCount = 1_000_000, dim = 256, queryCount = 256] = process.argv.slice(2, 5).map(Number)

const made = new Map<string, () => Uint8Array<ArrayBuffer>>()
const io: ScoreIo = {
  get: async (digest) => {
    const make = made.get(digest)
    if (!make) throw new Error(`no such artifact: ${digest}`)
    return make()
  },
  put: async (bytes) => sha256(bytes),
}
const judgments = sha256('judgments')
made.set(judgments, () => {
  const queryIds = Array.from({ length: queryCount }, (_, i) => `q${i}`)
  const documentIds = Array.from({ length: documentCount }, (_, i) => `d${i}`)
  const qrels = queryIds.map((_, i) => [[`d${i}`, 1]])
  const rows = { queryRows: [...queryIds.keys()], documentRows: [...documentIds.keys()] }
  return new Uint8Array(
    Buffer.from(JSON.stringify({ version: 1, queryIds, documentIds, ...rows, qrels, ignoreIdenticalIds: false, kinds: null })),
  )
})
const config = { dimensions: null, precision: 'float32', similarity: 'cosine' } as const
const began = performance.now()
const { results } = await scoreGroup(
  {
    kind: 'score',
    lease: `j${'0'.repeat(20)}`,
    group: 1,
    task: 'Memory',
    mainScore: 'ndcg_at_10',
    judgments,
    queries: side(1, queryCount),
    documents: side(2, documentCount),
    configs: [{ key: configKey(config), config }],
    similarity: 'cosine',
  },
  io,
  { host: 'benchmark', code: 'benchmark' },
)
const evidence = results[0]?.evidence
const peak = evidence?.peakMemoryBytes ?? Number.POSITIVE_INFINITY
console.log(`${documentCount} x ${dim} documents, ${queryCount} queries, ${((performance.now() - began) / 1000).toFixed(1)} s`)
console.log(
  `search ${evidence?.searchSeconds.toFixed(1)} s, metrics ${evidence?.metricSeconds.toFixed(1)} s, blocks ${evidence?.blockReads} of ${evidence?.blockCount}`,
)
console.log(`peak ${(peak / 1e6).toFixed(0)} MB, limit ${LIMIT_BYTES / 1e6} MB: ${peak < LIMIT_BYTES ? 'held' : 'NOT held'}`)
process.exitCode = peak < LIMIT_BYTES ? 0 : 1

function side(encoding: number, count: number) {
  const chunks = Array.from({ length: Math.ceil(count / CHUNK_ROWS) }, (_, n) => {
    const [start, end] = [n * CHUNK_ROWS, Math.min(count, (n + 1) * CHUNK_ROWS)]
    const digest = sha256(`${encoding}/${n}`)
    made.set(digest, () => {
      const { values } = randomRows(end - start, dim, encoding * 100_000 + n)
      return writeVectors({ rowCount: end - start, dim, values })
    })
    return { n, start, end, digest }
  })
  return { encoding, textSet: sha256(`set ${encoding}`), count, chunks }
}
