// Speed-up of real worker processes whose servers sleep a fixed time a text: `node start.mjs benchmarks/scaling/run.ts [1,2,4,8] [results.json]`.
// Then a sweep of five cells behind a long one on the same model. Start-up, loading and scoring are left out; ends 1 where a bound is not held.
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { CHUNK_TEXTS, type Request, ScalingFleet } from './fleet-run.ts'

const LEAST_SPEEDUP = 0.95
/** A job of 5 s. */
const TEXT_MS = 5
const ROUNDS = 8
/** Jobs of 1.5 s. */
const SMALL_TEXT_MS = 1.5

interface Row {
  readonly workers: number
  /** Work of the servers within the window, by their own logs: chunks end in batches, and too few of them to be counted. */
  readonly chunksPerSecond: number
  /** Time of the window in which a server had a request, by the servers' own logs. */
  readonly servedShare: number
  /** Median of the pauses of a server between two jobs, as a share of a job. */
  readonly gapShare: number
  readonly load: number
}

async function rowOf(workers: number): Promise<Row> {
  const fleet = await ScalingFleet.open(workers, TEXT_MS)
  try {
    const sweep = await fleet.submit([ROUNDS * workers])
    const from = await fleet.reached(sweep, workers + 1)
    const { total } = (await fleet.chunks(sweep)).chunks
    // The last jobs of a lane end one by one: what counts is while every worker has one.
    const last = total - 2 * workers
    const to = await fleet.reached(sweep, last)
    const window = [Date.now() - (to - from), Date.now()] as const
    const shares = served(fleet.requests(), window)
    const chunksPerSecond = (1000 * workers * shares.servedShare) / (CHUNK_TEXTS * TEXT_MS)
    return { workers, chunksPerSecond, ...shares, load: loadavg()[0] ?? 0 }
  } finally {
    await fleet.close()
  }
}

/** How much of a window servers with one place each had a request, and how long they had none where one job ended and another began. */
function served(servers: readonly Request[][], [from, to]: readonly [number, number]): Pick<Row, 'servedShare' | 'gapShare'> {
  const cut = (at: number) => Math.min(to, Math.max(from, at))
  const servedMs = servers.flat().reduce((sum, { begin, end }) => sum + cut(end) - cut(begin), 0)
  const gaps = servers
    .flatMap((own) => own.map((request, i) => ({ before: own[i - 1], request })))
    .flatMap(({ before, request }) => (before && before.chunk !== request.chunk ? [request.begin - before.end] : []))
    .sort((a, b) => a - b)
  const medianMs = gaps[Math.floor(gaps.length / 2)] ?? 0
  return { servedShare: servedMs / (to - from) / servers.length, gapShare: medianMs / (CHUNK_TEXTS * TEXT_MS) }
}

/** Five cells alone and behind a long sweep, on two workers that have the model loaded. */
async function smallBehindBig(): Promise<{ aloneSeconds: number; behindSeconds: number; jobSeconds: number; load: number }> {
  const fleet = await ScalingFleet.open(2, SMALL_TEXT_MS)
  try {
    await fleet.done(await fleet.submit([1]))
    const small = [6, 6, 6, 6, 6]
    const seconds = async () => {
      const sweep = await fleet.submit(small)
      const from = performance.now()
      return ((await fleet.done(sweep)) - from) / 1000
    }
    const aloneSeconds = await seconds()
    const big = await fleet.submit([150])
    await fleet.reached(big, 6)
    const behindSeconds = await seconds()
    return { aloneSeconds, behindSeconds, jobSeconds: (CHUNK_TEXTS * SMALL_TEXT_MS) / 1000, load: loadavg()[0] ?? 0 }
  } finally {
    await fleet.close()
  }
}

const sizes = (process.argv[2] ?? '1,2,4,8').split(',').map(Number)
const rows: Row[] = []
for (const workers of sizes) {
  const row = await rowOf(workers)
  rows.push(row)
  const speedup = row.chunksPerSecond / (rows[0]?.chunksPerSecond ?? 1)
  console.log(
    `${workers} workers: ${row.chunksPerSecond.toFixed(3)} chunks/s, ${speedup.toFixed(2)} x the first row, served ${(100 * row.servedShare).toFixed(1)} %, gap ${(100 * row.gapShare).toFixed(2)} % of a job (load average ${row.load.toFixed(1)})`,
  )
}
const fair = await smallBehindBig()
console.log(
  `five cells: alone ${fair.aloneSeconds.toFixed(1)} s, behind 150 chunks ${fair.behindSeconds.toFixed(1)} s = ${(fair.behindSeconds / fair.aloneSeconds).toFixed(2)} x (jobs of ${fair.jobSeconds.toFixed(1)} s, load average ${fair.load.toFixed(1)})`,
)
if (process.argv[3] !== undefined) writeFileSync(process.argv[3], JSON.stringify({ rows, fair }, null, 2))
const first = rows[0]
const isScaling = rows.every(
  (row) => first === undefined || row.chunksPerSecond >= (LEAST_SPEEDUP * row.workers * first.chunksPerSecond) / first.workers,
)
const isFair = fair.behindSeconds <= 2 * fair.aloneSeconds + fair.jobSeconds
process.exitCode = isScaling && isFair ? 0 : 1
