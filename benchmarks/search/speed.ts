/**
 * Our exact search beside numpy and faiss flat: cosine, float32, top 1,000, same seeded rows, normalising included.
 * Run: node benchmarks/search/speed.ts [documents] [queries] [dim] [repeats] [python]
 * `python` needs numpy, and faiss-cpu for the third column. Prints medians, ratios, and how many rows agree.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Matrix, search, type VectorBlock } from '@sweepboard/scoring'
import { randomRows } from './corpus.ts'

const DEPTH = 1000
const [documentCount = 100_000, queryCount = 256, dim = 384, repeats = 5] = process.argv.slice(2, 6).map(Number)
const python = process.argv[6] ?? 'python3'

interface Timing {
  readonly name: string
  readonly version: string
  readonly seconds: readonly number[]
}

const folder = mkdtempSync(join(tmpdir(), 'sweepboard-search-'))
try {
  const queries = randomRows(queryCount, dim, 1)
  const documents = randomRows(documentCount, dim, 2)
  writeFileSync(join(folder, 'queries.f32'), new Uint8Array(queries.values.buffer))
  writeFileSync(join(folder, 'documents.f32'), new Uint8Array(documents.values.buffer))
  const ours = await timed(queries, documents)
  const script = fileURLToPath(new URL('peers.py', import.meta.url))
  const args = [script, folder, dim, DEPTH, repeats, cpus().length].map(String)
  const peers = spawnSync(python, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  const timings = [
    ours.timing,
    ...(peers.stdout ?? '')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Timing),
  ]
  console.log(
    `${documentCount} documents x ${queryCount} queries x ${dim} dimensions, top ${DEPTH}, ${cpus().length} x ${cpus()[0]?.model}`,
  )
  for (const { name, version, seconds } of timings) {
    const ratio = median(ours.timing.seconds) / median(seconds)
    const agreement = name === 'sweepboard' ? '' : `, same rows ${(100 * agreeing(ours.rows, readRows(name))).toFixed(3)} %`
    console.log(
      `${name} ${version}: median ${median(seconds).toFixed(3)} s of ${seconds.length}, ours/theirs ${ratio.toFixed(2)}${agreement}`,
    )
  }
} finally {
  rmSync(folder, { recursive: true })
}

async function timed(queries: Matrix, documents: Matrix): Promise<{ timing: Timing; rows: Set<number>[] }> {
  const seconds: number[] = []
  let rows: Set<number>[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    const began = performance.now()
    const priority = Uint32Array.from({ length: documents.rowCount }, (_, row) => row)
    const config = { dimensions: null, precision: 'float32', similarity: 'cosine' } as const
    const [found] = await search({ queries, documents: blocksOf(documents), configs: [config], depth: DEPTH, priority })
    const lists = Array.from({ length: queries.rowCount }, (_, query) => found?.found(query).rows ?? new Uint32Array())
    seconds.push((performance.now() - began) / 1000)
    rows = lists.map((list) => new Set(list))
  }
  return { timing: { name: 'sweepboard', version: `node ${process.version}`, seconds }, rows }
}

async function* blocksOf({ values, rowCount, dim: width }: Matrix): AsyncGenerator<VectorBlock> {
  for (let firstRow = 0; firstRow < rowCount; firstRow += 8192) {
    const rows = Math.min(8192, rowCount - firstRow)
    yield {
      firstRow,
      matrix: { values: values.subarray(firstRow * width, (firstRow + rows) * width), rowCount: rows, dim: width },
    }
  }
}

function readRows(name: string): Int32Array {
  return new Int32Array(new Uint8Array(readFileSync(join(folder, `${name}.i32`))).buffer)
}

function agreeing(ours: readonly Set<number>[], theirs: Int32Array): number {
  return theirs.reduce((sum, row, i) => sum + (ours[Math.floor(i / DEPTH)]?.has(row) ? 1 : 0), 0) / theirs.length
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return ((sorted[(sorted.length - 1) >> 1] ?? Number.NaN) + (sorted[sorted.length >> 1] ?? Number.NaN)) / 2
}
