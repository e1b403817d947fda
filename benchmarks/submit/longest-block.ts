// How long a big submit keeps the service from answering anybody else:
// `node start.mjs benchmarks/submit/longest-block.ts [groups] [--whole]`, `--whole` in one request instead of slices.
// The service runs in this process, the submitter in a thread of its own; figures are of the service's event loop and of a reader.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { openLocalQueue } from '@sweepboard/queue'
import { createApp, listen, Service } from '@sweepboard/results'

const groups = Number(process.argv[2] ?? 20_000)
const folder = mkdtempSync(join(tmpdir(), 'sweepboard-submit-'))
const queue = openLocalQueue()
const service = await Service.open({
  folder,
  holder: 'a benchmark',
  openQueue: async () => ({ queue, join: { kind: 'local' } }),
  version: '0',
  beatMs: 5000,
  tickMs: 1000,
  readableRoots: [],
  log: () => undefined,
})
const app = createApp(service, {
  tokens: { read: null, write: null },
  webFolder: null,
  bodyLimitBytes: 256 * 2 ** 20,
  artifactLimitBytes: 1,
})
const at = await listen(app, { host: '127.0.0.1', port: 4970, next: true })
service.start()
const loop = monitorEventLoopDelay({ resolution: 1 })
loop.enable()
const submitter = new Worker(new URL('./submitter.ts', import.meta.url), {
  workerData: { url: at.url, groups, whole: process.argv.includes('--whole') },
})
submitter.on('message', (told: Record<string, unknown>) => {
  if (told.state === 'ready') {
    loop.reset()
    submitter.postMessage('go')
    return
  }
  console.log(
    JSON.stringify({ ...told, longestBlockMs: Math.round(loop.max / 1e6), running: service.ledger.runningSweeps().length }),
  )
})
await new Promise((resolve, reject) => submitter.once('exit', resolve).once('error', reject))
await at.close()
await service.stop()
rmSync(folder, { recursive: true, force: true })
