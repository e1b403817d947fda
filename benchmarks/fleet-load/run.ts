// 1,000 slots on paper: `node start.mjs benchmarks/fleet-load/run.ts [slots=1000] [slots a host=1] [seconds=60] [results.json]`.
// Fake workers speak the real protocol over HTTP to a real service with a real Redis, and sleep where a worker computes (30 s a chunk).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { openHttpStore } from '@sweepboard/artifacts'
import { openBullQueue } from '@sweepboard/queue'
import { startRedis } from '@sweepboard/test-kit'
import { api, Fleet, type SweepState, submit } from '../../apps/cli/test/fleet-kit.ts'
import { writeTask } from '../../apps/cli/test/fleet-task.ts'
import { openHttpLink, ServiceClient } from '../../apps/results/src/index.ts'
import { FakeHost } from './fake-host.ts'
import { Meter } from './meter.ts'
import { measureRedis } from './redis-memory.ts'

const BEAT_MS = 5000
const CHUNK_MS = 30_000
const CHUNK_TEXTS = 1024
/** Lanes, each a model of its own. */
const MODELS = 40
/** Below what a chunk has, so that a lease is one chunk. */
const TOKENS_PER_SECOND = (CHUNK_TEXTS * 3) / (CHUNK_MS / 1000)

const [slots, slotsPerHost, seconds] = [
  Number(process.argv[2] ?? 1000),
  Number(process.argv[3] ?? 1),
  Number(process.argv[4] ?? 60),
]
const { redis, reason } = await startRedis({ own: true })
if (!redis) throw new Error(`no Redis ${reason}`)
const fleet = new Fleet()
const probeFile = fleet.path('loop.jsonl')
const hosts: FakeHost[] = []
try {
  writeFileSync(probeFile, '')
  const probe = new URL('loop-probe.mjs', import.meta.url)
  probe.searchParams.set('file', probeFile)
  const env = { NODE_OPTIONS: `--import=${probe}` }
  const { url, program } = await fleet.serve(fleet.path('service'), { redis: redis.url, beatMs: BEAT_MS, env })
  await submitWork(url)
  const emptyRedis = await measureRedis(redis.url)
  const meter = new Meter()
  await startHosts(url, meter)
  await warm()
  const row = await measure({ url, pid: program.pid, meter })
  const redisRow = await measureRedis(redis.url)
  const report = {
    slots,
    hosts: hosts.length,
    lanes: MODELS,
    seconds,
    ...row,
    redis: { ...redisRow, bytesPerSlot: Math.round((redisRow.usedBytes - emptyRedis.usedBytes) / slots) },
    errors: Object.fromEntries(meter.errors),
    loadAverage: loadavg()[0],
  }
  print(report)
  if (process.argv[5] !== undefined) writeFileSync(process.argv[5], JSON.stringify(report, null, 2))
} finally {
  await Promise.race([Promise.all(hosts.map((host) => host.close())), sleep(10_000)])
  await fleet.close()
  await redis.stop()
}
process.exit()

/** One task and 40 models: every model is a lane, and its chunks are its own. */
async function submitWork(url: string): Promise<void> {
  const chunks = Math.ceil((slots * (seconds + 150)) / (CHUNK_MS / 1000) / MODELS)
  mkdirSync(fleet.folder, { recursive: true })
  writeTask(fleet.folder, 'T', { documents: chunks * CHUNK_TEXTS, queries: 4, words: 2, seed: 1 })
  const models = Array.from({ length: MODELS }, (_, i) => {
    const revision = String(i + 1).padStart(40, '0')
    const recipe = '{ pooling: mean, normalize: true, similarity: cosine, dimensions: 4 }'
    return `  - { model: org/stub, revision: "${revision}", recipe: ${recipe}, engine: { launch: { name: stub, device: cpu } } }`
  })
  const spec = fleet.path('sweep.yaml')
  writeFileSync(spec, `sweep: fleet-load\ntasks: [./T]\nmodels:\n${models.join('\n')}\n`)
  const sweep = await submit(fleet, spec, url)
  const { chunks: planned } = await api<SweepState>(url, `/sweeps/${sweep}`)
  console.error(`submitted ${planned.total} chunks`)
}

async function startHosts(url: string, meter: Meter): Promise<void> {
  const link = openHttpLink(new ServiceClient({ url, token: null }))
  const { ledger, queue: told } = await link.join()
  if (told.kind !== 'redis') throw new Error('the service has no Redis')
  const queue = await openBullQueue({ url: told.url, prefix: told.prefix })
  const store = openHttpStore({ url, token: null })
  const known = { ledger, link, store, queue, meter, beatMs: BEAT_MS, chunkMs: CHUNK_MS, tokensPerSecond: TOKENS_PER_SECOND }
  for (let i = 0; i * slotsPerHost < slots; i += 1) {
    const host = new FakeHost({ ...known, name: `fake-${i}`, slots: Math.min(slotsPerHost, slots - i * slotsPerHost) })
    hosts.push(host)
    void host.run()
  }
}

/** Two chunks of every slot: the first ones begin together, later ones spread. How many were committed by then is said. */
async function warm(): Promise<void> {
  await sleep(2 * CHUNK_MS)
  console.error(`warm after ${(2 * CHUNK_MS) / 1000} s: ${commits()} commits by ${slots} slots`)
}

function commits(): number {
  return hosts.reduce((sum, host) => sum + host.commits, 0)
}

async function measure({ url, pid, meter }: { url: string; pid: number; meter: Meter }) {
  const own = monitorEventLoopDelay({ resolution: 5 })
  own.enable()
  const [from, at, cpu, done] = [performance.now(), Date.now(), cpuSeconds(pid), commits()]
  meter.start()
  await sleep(seconds * 1000)
  meter.stop()
  const took = (performance.now() - from) / 1000
  const loop = readFileSync(probeFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { at: number; p50: number; p99: number; worst: number; utilization: number })
    .filter((line) => line.at >= at)
  const mean = (of: (line: (typeof loop)[number]) => number) => loop.reduce((sum, line) => sum + of(line), 0) / loop.length
  const live = (await api<unknown[]>(url, '/hosts')).length
  return {
    liveHosts: live,
    commitsPerSecond: (commits() - done) / took,
    cpuShare: (cpuSeconds(pid) - cpu) / took,
    loopMs: { p50: mean(({ p50 }) => p50), p99: mean(({ p99 }) => p99), worst: Math.max(...loop.map(({ worst }) => worst)) },
    loopUtilization: mean(({ utilization }) => utilization),
    serviceRssBytes: residentBytes(pid),
    calls: meter.rows(took),
    /** Of the program that plays the fleet: what it adds to the latencies. */
    ownLoopMs: { p50: own.percentile(50) / 1e6 - 5, p99: own.percentile(99) / 1e6 - 5 },
  }
}

/** User and system time of a process with all its threads. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function residentBytes(pid: number): number {
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

type Report = Awaited<ReturnType<typeof measure>> & {
  hosts: number
  redis: Awaited<ReturnType<typeof measureRedis>> & { bytesPerSlot: number }
  errors: Record<string, number>
  loadAverage: number | undefined
}

function print(report: Report): void {
  const { calls, redis: memory, loopMs, ownLoopMs } = report
  const ms = (value: number) => `${value.toFixed(1)} ms`
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`
  console.log(
    `${slots} slots on ${report.hosts} hosts (${report.liveHosts} live), ${MODELS} lanes, ${seconds} s, load average ${report.loadAverage?.toFixed(1)}`,
  )
  for (const { name, perSecond, p50, p99, worst } of calls)
    console.log(`${name}: ${perSecond.toFixed(1)}/s, p50 ${ms(p50)}, p99 ${ms(p99)}, worst ${ms(worst)}`)
  console.log(
    `service: ${percent(report.cpuShare)} of one core, ${(report.serviceRssBytes / 1e6).toFixed(0)} MB; loop late p50 ${ms(loopMs.p50)}, p99 ${ms(loopMs.p99)}, worst ${ms(loopMs.worst)}`,
  )
  console.log(`this program's loop, part of the latencies: late p50 ${ms(ownLoopMs.p50)}, p99 ${ms(ownLoopMs.p99)}`)
  console.log(
    `Redis: ${(memory.usedBytes / 1e6).toFixed(1)} MB, of which ${(memory.clientBytes / 1e6).toFixed(1)} MB for ${memory.clients} connections and ${(memory.dataBytes / 1e6).toFixed(2)} MB data in ${memory.keys} keys; ${memory.bytesPerSlot} bytes a slot more than without the fleet`,
  )
  for (const [words, count] of Object.entries(report.errors)) console.log(`error x ${count}: ${words}`)
}
