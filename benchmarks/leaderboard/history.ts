/**
 * A history of 100,000 imported MTEB files: minutes to import it, and the service's time for leaderboards over it.
 * Run: node start.mjs benchmarks/leaderboard/history.ts FOLDER_OF_RESULTS [files] [work folder] [datasets root]
 * With a datasets root a small sweep of our own is run first, so that published rows stand beside ours. The service's time is
 * from the request to the finished answer in its own process, without the wire; `cold` is the first answer after an import,
 * `fresh` one after a change of our own scores, `same` one for a state that was asked for before.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openLocalQueue } from '@sweepboard/queue'
import { createApp, Service } from '@sweepboard/results'
import { listBenchmarks } from '@sweepboard/tasks'
import { makeHistory } from './make-history.ts'

const REPEATS = 21
const BIN = fileURLToPath(new URL('../../apps/cli/bin/sweepboard.mjs', import.meta.url))
const [results, countText = '100000', given, datasets] = process.argv.slice(2)
if (results === undefined) throw new Error('name the folder of result files')
const work = given ?? mkdtempSync(join(tmpdir(), 'sweepboard-history-'))
const data = join(work, 'data')
mkdirSync(work, { recursive: true })

function command(...args: string[]): string {
  const { status, stdout } = spawnSync(process.execPath, [BIN, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`sweepboard ${args.join(' ')} ended with ${status}`)
  return stdout
}

if (!existsSync(join(data, 'ledger.db'))) {
  if (datasets !== undefined) {
    const spec = join(work, 'ours.yaml')
    writeFileSync(
      spec,
      'sweep: ours\ntasks: [XQuADRetrieval]\nmodels: [mteb/baseline-random-encoder]\nmatrix: { dimensions: [full, 128, 64] }\n',
    )
    command('run', spec, '--no-serve', '--data', data, '--datasets', datasets)
  }
  const history = join(work, 'history')
  const modelCount = makeHistory(results, history, Number(countText))
  const startedAt = performance.now()
  const told = command('import', history, '--data', data, '--json')
  const minutes = (performance.now() - startedAt) / 60_000
  const { files, rows, skipped } = JSON.parse(told) as { files: number; rows: number; skipped: unknown[] }
  console.log(
    `imported ${files} files of ${modelCount} models, ${rows} scores, ${skipped.length} left out, in ${minutes.toFixed(1)} min`,
  )
  rmSync(history, { recursive: true })
}
console.log(`ledger: ${(statSync(join(data, 'ledger.db')).size / 1e9).toFixed(2)} GB`)

const openedAt = performance.now()
const service = await Service.open({
  folder: data,
  holder: 'benchmarks/leaderboard',
  openQueue: async () => ({ queue: openLocalQueue(), join: { kind: 'local' } }),
  version: '0',
  beatMs: 5000,
  tickMs: 1000,
  readableRoots: [],
  log: () => undefined,
})
const app = createApp(service, {
  tokens: { read: null, write: null },
  webFolder: null,
  bodyLimitBytes: 1e6,
  artifactLimitBytes: 1e6,
})
console.log(`service opened in ${(performance.now() - openedAt).toFixed(0)} ms`)

interface Answer {
  readonly ms: number
  readonly bytes: number
  readonly status: number
  readonly tag: string | null
}

async function ask(query: string, tag?: string): Promise<Answer> {
  const headers: Record<string, string> = { host: '127.0.0.1', ...(tag === undefined ? {} : { 'if-none-match': tag }) }
  const startedAt = performance.now()
  const response = await app.request(`/api/v1/leaderboard?${query}`, { headers })
  const bytes = (await response.arrayBuffer()).byteLength
  return { ms: performance.now() - startedAt, bytes, status: response.status, tag: response.headers.get('etag') }
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number
const tasksOf = (benchmark: string) => (listBenchmarks()[benchmark]?.tasks ?? []).map((task) => ['tasks', task])
const named = (tasks: string[][]) => String(new URLSearchParams(tasks))
const boards: readonly (readonly [string, string])[] = [
  ['one task', named([['tasks', 'SciFact']])],
  ['four tasks', named(['SciFact', 'ArguAna', 'NFCorpus', 'FiQA2018'].map((task) => ['tasks', task]))],
  ['MTEB(eng, v2)', named(tasksOf('MTEB(eng, v2)'))],
  ['MTEB(Multilingual, v2)', named(tasksOf('MTEB(Multilingual, v2)'))],
  ['every task imported', named(service.boards.published.tasks().map((task) => ['tasks', task]))],
  ['ours and published beside it', ''],
]
console.log('board                          rows   bytes     cold ms  fresh ms  same ms  304 ms')
for (const [name, query] of boards) {
  service.boards.published.forget(service.boards.published.tasks())
  const cold = await ask(query)
  const fresh: number[] = []
  const same: number[] = []
  const unchanged: number[] = []
  for (let i = 0; i < REPEATS; i++) {
    service.boards.forget()
    fresh.push((await ask(query)).ms)
    same.push((await ask(query)).ms)
    const answer = await ask(query, cold.tag ?? '')
    if (answer.status !== 304) throw new Error(`wanted 304, got ${answer.status}`)
    unchanged.push(answer.ms)
  }
  const rows = service.leaderboard({ tasks: new URLSearchParams(query).getAll('tasks'), sweep: null, published: true }).rows
    .length
  const shown = [cold.ms, median(fresh), median(same), median(unchanged)].map((ms) => ms.toFixed(2).padStart(8)).join(' ')
  console.log(`${name.padEnd(30)} ${String(rows).padStart(4)} ${String(cold.bytes).padStart(8)} ${shown}`)
}
await service.stop()
if (given === undefined) rmSync(work, { recursive: true })
