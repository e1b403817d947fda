/**
 * What of a server's own rate comes through our engines: `node start.mjs benchmarks/client/throughput.ts [--peers /tmp/peers-venv]`. The raw
 * rate is that of a bare client under its best concurrency; then the engine alone, and a whole embedded run, with that concurrency, in three
 * rounds each. A stub of known rate by both dialects, and with `--peers` (a venv with Infinity) a real server. Ends with 1 below 0.95.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { askBare, askEngine, askSweep, type Dialect, type Target } from './clients.ts'
import { documentTexts } from './corpus.ts'
import { startInfinity } from './infinity-server.ts'
import { Meter } from './meter.ts'

const LEAST_RATIO = 0.95
const CONCURRENCIES = [1, 2, 4, 8, 16, 32, 64]
/** A larger one that brings less than this is not better. */
const WORTH = 1.02

const { values } = parseArgs({
  options: {
    places: { type: 'string', default: '16' },
    'word-micros': { type: 'string', default: '200' },
    dim: { type: 'string', default: '384' },
    documents: { type: 'string', default: '8000' },
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    'peer-documents': { type: 'string', default: '600' },
    peers: { type: 'string' },
    out: { type: 'string' },
  },
})

interface Row {
  readonly server: string
  readonly concurrency: number
  readonly raw: number
  readonly engine: number
  readonly sweep: number
  readonly mostAtOnce: number
  readonly load: number
}

const median = (all: readonly number[]) => all.toSorted((a, b) => a - b)[all.length >> 1] as number
const root = mkdtempSync(join(tmpdir(), 'sweepboard-client-'))
let seed = 1

async function measure(
  server: string,
  at: { port: number; dialect: Dialect; model: string; documents: number; ms: number },
): Promise<Row> {
  const meter = await Meter.before(at.port)
  const origin = `http://127.0.0.1:${meter.port}`
  const target: Target = { dialect: at.dialect, model: at.model, url: at.dialect === 'tei' ? origin : `${origin}/v1` }
  const rateOf = async (work: () => Promise<void>) => {
    meter.clear()
    await work()
    return meter.rate()
  }
  const texts = () => documentTexts(at.documents, seed++)
  const bare = (concurrency: number, ms = at.ms) => rateOf(() => askBare(target, { texts: texts(), concurrency, ms }))
  try {
    let best = { concurrency: 1, rate: await bare(1) }
    for (const concurrency of CONCURRENCIES.slice(1)) {
      const rate = await bare(concurrency)
      console.log(`${server}: bare client, ${concurrency} at once: ${Math.round(rate)} words/s`)
      if (rate > WORTH * best.rate) best = { concurrency, rate }
    }
    const { concurrency } = best
    const rounds = []
    for (let round = 0; round < Number(values.rounds); round += 1) {
      const raw = await bare(concurrency, 2 * at.ms)
      const engine = await rateOf(() => askEngine(target, { texts: texts(), concurrency }))
      const sweep = await rateOf(() =>
        askSweep(target, { documents: at.documents, queries: 64, seed: seed++, concurrency, root }),
      )
      rounds.push({ raw, engine, sweep, most: meter.most })
      console.log(
        `${server}: raw ${Math.round(raw)}, engine ${Math.round(engine)}, sweep ${Math.round(sweep)} words/s (load ${loadavg()[0]?.toFixed(1)})`,
      )
    }
    const raw = median(rounds.map((row) => row.raw))
    const engine = median(rounds.map((row) => row.engine)) / raw
    const sweep = median(rounds.map((row) => row.sweep)) / raw
    const mostAtOnce = Math.max(...rounds.map(({ most }) => most))
    return { server, concurrency, raw, engine, sweep, mostAtOnce, load: loadavg()[0] ?? 0 }
  } finally {
    meter.close()
  }
}

async function startStub(dialect: Dialect): Promise<{ child: ChildProcess; port: number }> {
  const numbers = [values.places, '2', values['word-micros'], values.dim]
  const child = fork(new URL('./stub-process.ts', import.meta.url), [dialect, ...numbers], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const port = await new Promise<number>((resolve) => child.stdout?.once('data', (text) => resolve(Number(text))))
  return { child, port }
}

const rows: Row[] = []
try {
  const dialects = (['openai', 'tei'] as const).filter((dialect) => values.only === undefined || values.only === dialect)
  for (const dialect of dialects) {
    const stub = await startStub(dialect)
    const known = Math.round((Number(values.places) * 1e6) / Number(values['word-micros']))
    console.log(`stub (${dialect}): ${values.places} places, at most ${known} words/s`)
    rows.push(
      await measure(`stub (${dialect})`, { ...stub, dialect, model: 'stub', documents: Number(values.documents), ms: 5000 }),
    )
    stub.child.disconnect()
  }
  if (values.peers !== undefined) {
    const infinity = await startInfinity(values.peers)
    try {
      rows.push(
        await measure('Infinity', { ...infinity, dialect: 'openai', documents: Number(values['peer-documents']), ms: 15_000 }),
      )
    } finally {
      await infinity.stop()
    }
  }
} finally {
  rmSync(root, { recursive: true, force: true })
}
for (const { server, concurrency, raw, engine, sweep, mostAtOnce, load } of rows)
  console.log(
    `${server}: ${Math.round(raw)} words/s raw with ${concurrency} at once; engine ${engine.toFixed(3)}, sweep ${sweep.toFixed(3)} of it, at most ${mostAtOnce} at once (load ${load.toFixed(1)})`,
  )
if (values.out !== undefined) writeFileSync(values.out, JSON.stringify(rows, null, 2))
process.exitCode = rows.every(({ engine, sweep }) => Math.min(engine, sweep) >= LEAST_RATIO) ? 0 : 1
