/**
 * What a sweep's matrix costs after encoding: 7 dimensions x 3 precisions of one group against one config of it, through
 * the whole score job (reading the stored chunks, search, metrics, runs and per-query scores written).
 * Run: node benchmarks/sweep-cost/scoring.ts [documents] [dim] [queries] [rounds]
 * Seeded random vectors in a folder store, chunks of 256 rows. Rounds alternate between both jobs; one more of each is profiled, for
 * where the time goes. Wanted: at most 2 x.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFolderStore } from '@sweepboard/artifacts'
import { type Config, configKey, type ScoreWork, sha256, writeVectors } from '@sweepboard/contracts'
import { type ScoreIo, scoreGroup } from '@sweepboard/scoring'
import { median } from '../encode/corpus.ts'
import { randomRows } from '../search/corpus.ts'
import { secondsByPart } from './profile.ts'

const LIMIT = 2
const CHUNK_ROWS = 256
const PARTS = [2, 4, 8, 16, 32, 64].map((part) => 1 / part)
const [documents = 100_000, dim = 1024, queries = 256, rounds = 3] = process.argv.slice(2, 6).map(Number)
const folder = mkdtempSync(join(tmpdir(), 'sweepboard-sweep-cost-'))
const store = openFolderStore(folder)
/** As the scoring child of a worker has it. */
const io: ScoreIo = { get: store.get, put: store.put, release: (memory) => void memory.transfer(0) }

type Side = ScoreWork['queries']
interface Cost {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly searchSeconds: number
  readonly metricSeconds: number
  /** Of all runs, per-query scores and metrics: to be compared before and after a change. */
  readonly outputs: string
}

try {
  const sides = { queries: await stored(1, queries), documents: await stored(2, documents), judgments: await judged() }
  const one: Config[] = [{ dimensions: null, precision: 'float32', similarity: 'cosine' }]
  const all = [null, ...PARTS.map((part) => Math.round(dim * part))].flatMap((dimensions) =>
    (['float32', 'int8', 'binary'] as const).map((precision) => ({ dimensions, precision, similarity: 'cosine' as const })),
  )
  const costs: { one: Cost; all: Cost }[] = []
  for (let round = 0; round < rounds; round++) {
    const pair = { one: await cost(one, sides), all: await cost(all, sides) }
    costs.push(pair)
    console.log(`round ${round + 1}, load ${loadavg()[0]?.toFixed(1)}: ${told(pair.one)} | ${told(pair.all)}`)
  }
  console.log(`outputs of one config ${costs[0]?.one.outputs}, of ${all.length} ${costs[0]?.all.outputs}`)
  const ratio = (member: Exclude<keyof Cost, 'outputs'>) =>
    median(costs.map((pair) => pair.all[member] / pair.one[member])).toFixed(2)
  console.log(
    `${documents} x ${dim}, ${queries} queries, ${all.length} configs against 1, ${cpus().length} x ${cpus()[0]?.model}`,
  )
  console.log(
    `time ${ratio('seconds')} x, CPU ${ratio('cpuSeconds')} x, search alone ${ratio('searchSeconds')} x; wanted ${LIMIT} x`,
  )
  const parts = { one: await secondsByPart(() => cost(one, sides)), all: await secondsByPart(() => cost(all, sides)) }
  console.log(`main thread, seconds of one config | of ${all.length}, load ${loadavg()[0]?.toFixed(1)}:`)
  for (const [part, seconds] of parts.all) console.log(`${part}: ${parts.one.get(part)?.toFixed(2)} | ${seconds.toFixed(2)}`)
  process.exitCode = Number(ratio('seconds')) <= LIMIT ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}

async function cost(
  configs: readonly Config[],
  sides: Awaited<{ queries: Side; documents: Side; judgments: string }>,
): Promise<Cost> {
  const [began, cpu] = [performance.now(), process.cpuUsage()]
  const { results, failures } = await scoreGroup(
    {
      kind: 'score',
      lease: `j${'0'.repeat(20)}`,
      group: 1,
      task: 'SweepCost',
      mainScore: 'ndcg_at_10',
      ...sides,
      configs: configs.map((config) => ({ key: configKey(config), config })),
      similarity: 'cosine',
    },
    io,
    { host: 'benchmark', code: 'benchmark' },
  )
  if (results.length !== configs.length) throw new Error(JSON.stringify(failures))
  const { user, system } = process.cpuUsage(cpu)
  const sum = (member: 'searchSeconds' | 'metricSeconds') => results.reduce((total, { evidence }) => total + evidence[member], 0)
  return {
    seconds: (performance.now() - began) / 1000,
    cpuSeconds: (user + system) / 1e6,
    searchSeconds: sum('searchSeconds'),
    metricSeconds: sum('metricSeconds'),
    outputs: sha256(JSON.stringify(results.map(({ config, metrics, run, perQuery }) => [config, metrics, run, perQuery]))).slice(
      0,
      16,
    ),
  }
}

function told({ seconds, cpuSeconds, searchSeconds, metricSeconds }: Cost): string {
  const [total, cpu, search, metrics] = [seconds, cpuSeconds, searchSeconds, metricSeconds].map((one) => one.toFixed(2))
  return `${total} s (CPU ${cpu} s, search ${search} s, metrics ${metrics} s)`
}

/** A side's chunks, written to the store. */
async function stored(encoding: number, count: number): Promise<Side> {
  const chunks: Side['chunks'][number][] = []
  for (let start = 0; start < count; start += CHUNK_ROWS) {
    const end = Math.min(count, start + CHUNK_ROWS)
    const digest = await store.put(writeVectors(randomRows(end - start, dim, encoding * 100_000 + chunks.length)))
    chunks.push({ n: chunks.length, start, end, digest })
  }
  return { encoding, textSet: sha256(`set ${encoding}`), count, chunks }
}

/** One relevant document a query. */
async function judged(): Promise<string> {
  const queryIds = Array.from({ length: queries }, (_, i) => `q${i}`)
  const documentIds = Array.from({ length: documents }, (_, i) => `d${i}`)
  const rows = { queryRows: [...queryIds.keys()], documentRows: [...documentIds.keys()] }
  const qrels = queryIds.map((_, i) => [[`d${i}`, 1]])
  const judgments = { version: 1, queryIds, documentIds, ...rows, qrels, ignoreIdenticalIds: false, kinds: null }
  return store.put(new Uint8Array(Buffer.from(JSON.stringify(judgments))))
}
