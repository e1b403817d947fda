// How soon a sweep of thousands of cells has its first score: `node start.mjs benchmarks/scaling/first-cell.ts [workers]`. Ends 1 beyond the load
// time of a server and two minutes.
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { launchStubFile, startRedis, waitUntil } from '@sweepboard/test-kit'
import { Fleet, joined, submit, sweepState } from '../../apps/cli/test/fleet-kit.ts'
import { writeTask } from '../../apps/cli/test/fleet-task.ts'

const LOAD_MS = 10_000
const TEXT_MS = 5
const ALLOWED_MS = 120_000
const TASKS = 60
const MODELS = 6
/** Texts of a task: the first job takes 5 s. */
const DOCUMENTS = 1000

const workers = Number(process.argv[2] ?? 4)
const { redis, reason } = await startRedis({ own: true })
if (!redis) throw new Error(`no Redis ${reason}`)
const fleet = new Fleet()
try {
  const launchers = fleet.path('launchers.json')
  writeFileSync(launchers, launchStubFile({ stub: { textMs: TEXT_MS, loadMs: LOAD_MS, dim: 64 } }))
  const { url } = await fleet.serve(fleet.path('service'), { redis: redis.url })
  for (let i = 0; i < workers; i += 1) fleet.worker(url, `w${i}`, { args: ['--launchers', launchers] })
  await joined(url, workers)
  const tasks = Array.from({ length: TASKS }, (_, i) => `./${writeTaskOf(i)}`)
  const models = Array.from({ length: MODELS }, (_, i) => modelOf(i))
  const spec = fleet.path('thousands.yaml')
  const matrix = 'matrix: { dimensions: [16, 32, 64], precision: [float32, int8, binary] }'
  writeFileSync(spec, `sweep: thousands\ntasks: [${tasks.join(', ')}]\nmodels:\n${models.join('\n')}\n${matrix}\n`)
  const asked = performance.now()
  const sweep = await submit(fleet, spec, url)
  const accepted = performance.now()
  const { cells } = await sweepState(url, sweep)
  await waitUntil(async () => (await sweepState(url, sweep)).cells.scored > 0, {
    deadlineMs: 10 * ALLOWED_MS,
    what: 'the first score',
  })
  const seconds = (performance.now() - accepted) / 1000
  const planned = (accepted - asked) / 1000
  const load = loadavg()[0]?.toFixed(1)
  console.log(
    `${cells.total} cells, ${workers} workers, servers that load for ${LOAD_MS / 1000} s: first score ${seconds.toFixed(1)} s after the answer to \`submit\` (which took ${planned.toFixed(1)} s; load average ${load})`,
  )
  process.exitCode = seconds * 1000 <= LOAD_MS + ALLOWED_MS ? 0 : 1
} finally {
  await fleet.close()
  await redis.stop()
}

function writeTaskOf(i: number): string {
  writeTask(fleet.folder, `Task${i}`, { documents: DOCUMENTS, queries: 20, words: 8, seed: 11 + i })
  return `Task${i}`
}

function modelOf(i: number): string {
  const recipe = 'recipe: { pooling: mean, normalize: true, similarity: cosine, dimensions: 64 }'
  return `  - { model: org/stub-${i}, revision: "${'0'.repeat(40)}", ${recipe}, engine: { launch: { name: stub, device: cpu, concurrency: 1, batch: 64 } } }`
}
