import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { assertSameFolder, openFolderStore, openHttpStore } from '@sweepboard/artifacts'
import { type ArtifactStore, type JoinAnswer, SweepError } from '@sweepboard/contracts'
import { readLaunchers, weightsUnder } from '@sweepboard/models'
import { openBullQueue } from '@sweepboard/queue'
import { openHttpLink, ServiceClient } from '@sweepboard/results'
import { findSlots, startWorker, WorkerMetrics } from '@sweepboard/worker'
import { type Command, InvalidArgumentError } from 'commander'
import { type CommonOptions, codeVersion, readSecret, readToken, VERSION } from '../context.ts'
import { addLogOptions, type LogOptions, logView, tellNotes, tellUser, withNotes } from '../log-options.ts'
import { type MetricsServer, serveMetrics } from '../metrics-server.ts'
import { byteSize, duration, JOB_LIMIT_HELP, portNumber, wholeNumber } from '../number-option.ts'
import { printEvent } from '../output.ts'
import { addClientCertificate, type RedisOptions, readClientCertificate, secretsOf } from '../redis-options.ts'
import { openRunLog } from '../run-log.ts'
import { untilSignal } from '../signals.ts'
import { SLOTS_HELP } from '../slots-help.ts'

interface WorkerCommandOptions extends CommonOptions, LogOptions, Pick<RedisOptions, 'redisCert' | 'redisKey'> {
  readonly json?: boolean
  readonly metricsPort?: string
  readonly metricsHost: string
  readonly metricsTokenFile?: string
  readonly join: string
  readonly slots: string
  readonly models?: string
  readonly launchers?: string
  readonly allowEnv: string[]
  readonly threads?: string
  readonly jobLimit?: number
  readonly artifacts?: string
  readonly cacheSize?: number
  readonly name: string
}

export function add(program: Command): void {
  const command = program
    .command('worker')
    .description('Join a service and compute. Needs one URL and one token; everything else comes from the service.')
    .requiredOption('--join <url>', 'the service')
    .option('--token-file <file>', 'file with the write token (or SWEEPBOARD_TOKEN)')
    .option('--slots <list>', SLOTS_HELP, 'auto')
    .option('--data <dir>', 'folder of this worker (default ./.sweepboard-worker); one process a folder')
    .option('--models <root>', 'folder with model folders, found by their digest')
    .option('--launchers <file>', 'file with what this host says of launchers: programs, arguments, commands of its own')
    .option('--allow-env <names...>', 'environment variables that may be read for API keys', [])
    .option('--artifacts <dir>', "the service's artifact folder, mounted here: artifacts then do not travel over HTTP")
    .option(
      '--cache-size <size>',
      'most bytes of artifacts kept here, e.g. 20GiB (default: a quarter of the free disk, at most 100GiB)',
      byteSize,
    )
    .option('--threads <n>', 'threads of one CPU slot', wholeNumber(1))
    .option('--job-limit <time>', JOB_LIMIT_HELP, duration)
    .option('--name <name>', 'how the board calls this host', hostName, hostname())
    .option('--metrics-port <n>', 'serve GET /metrics for Prometheus there; 0 takes any free one', portNumber(0))
    .option('--metrics-host <address>', 'address of it; beyond loopback a token is required', '127.0.0.1')
    .option('--metrics-token-file <file>', 'token that a reader of the metrics must send')
    .option('--json', 'NDJSON events')
  addLogOptions(addClientCertificate(command))
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard worker --join http://service:4400 --slots 2xcpu \\\n    --token-file write.token\n  SILICONFLOW_KEY=... sweepboard worker --join http://service:4400 \\\n    --slots endpoint --allow-env SILICONFLOW_KEY\n  sweepboard worker --join http://service:4400 --slots cuda:0,cuda:1+2,cpu',
    )
    .action(worker)
}

async function worker(options: WorkerCommandOptions): Promise<void> {
  const token = readToken(options)
  const folder = resolve(options.data ?? '.sweepboard-worker')
  const { value: found, notes } = await withNotes((note) =>
    findSlots(options.slots, { visible: process.env.CUDA_VISIBLE_DEVICES, onNote: (text) => note(`note: ${text}`) }),
  )
  const { slots, gpus } = found
  const log = openRunLog(folder, {
    view: logView(options, process.stderr.isTTY),
    secrets: [token, ...options.allowEnv.map((name) => process.env[name])],
  })
  tellNotes(log, options, notes)
  const metrics = new WorkerMetrics({ version: VERSION })
  const modelsRoot = options.models ? resolve(options.models) : undefined
  const ending = new AbortController()
  const signal = untilSignal().then((name) => {
    ending.abort()
    return name
  })
  // Before joining: a port that is taken must not cost a lease. A worker that waits for its service has nothing to show yet: 500.
  let isJoined = false
  const scraped = await openMetrics(async () => (isJoined ? metrics.text() : Promise.reject(new Error('not joined'))), options)
  const running = await startWorker({
    link: metrics.meter(openHttpLink(new ServiceClient({ url: options.join, token }))),
    queue: (join) => {
      if (join.queue.kind !== 'redis')
        throw new SweepError('SB-QUEUE-001', { url: options.join, message: 'the service runs without --redis' })
      const { url, prefix, tls } = join.queue
      log.hide(secretsOf({ url }))
      return openBullQueue({ url, prefix, tls: { ...tls, ...readClientCertificate(options) } })
    },
    store: openHttpStore({ url: options.join, token }),
    ...(options.artifacts && { openStore: openSharedStore(resolve(options.artifacts)) }),
    ...(options.cacheSize !== undefined && { cacheBytes: options.cacheSize }),
    folder: join(folder, 'worker'),
    slots,
    ...(gpus ? { gpus } : {}),
    allowEnv: options.allowEnv,
    readEnv: (name) => process.env[name],
    ...(modelsRoot ? { modelsRoot, weights: (await weightsUnder(modelsRoot)).map((found) => found.digest) } : {}),
    ...(options.launchers === undefined ? {} : { launchers: readLaunchers(options.launchers) }),
    hostname: options.name,
    version: VERSION,
    code: codeVersion(),
    ...(options.threads ? { threads: Number(options.threads) } : {}),
    ...(options.jobLimit !== undefined && { jobMs: options.jobLimit }),
    ...(process.env.SWEEPBOARD_CRASH_AT ? { crashAt: process.env.SWEEPBOARD_CRASH_AT } : {}),
    log: (event) => {
      log.write(event)
      metrics.heard(event)
      if (options.json) printEvent(event)
      else if (event.event === 'service-away' && event.what === 'join')
        tellUser(log, options, `${event.message}\nWaiting for it; Ctrl-C ends.`)
    },
    signal: ending.signal,
  }).catch(async (thrown) => {
    await scraped?.close()
    throw ending.signal.aborted ? new SweepError('SB-CORE-004', { what: `joining ${options.join}` }) : thrown
  })
  tellUser(
    log,
    options,
    `Joined ${options.join} as ${options.name} with slots ${slots.map(({ id }) => id).join(', ')}. Ctrl-C drains and ends.`,
  )
  metrics.watch(running)
  isJoined = true
  if (scraped !== null) tellUser(log, options, `Metrics: ${scraped.url}`)
  await signal
  await running.stop({ drain: true })
  await scraped?.close()
  log.close()
}

/** As beats carry it: the service would refuse each of them over a longer one. */
function hostName(text: string): string {
  const name = text.trim()
  if (name === '' || name.length > 200 || /\p{C}/u.test(name))
    throw new InvalidArgumentError('It must be 1 to 200 characters that print.')
  return name
}

async function openMetrics(text: () => Promise<string>, options: WorkerCommandOptions): Promise<MetricsServer | null> {
  if (options.metricsPort === undefined) return null
  const token = options.metricsTokenFile ? readSecret(options.metricsTokenFile) : null
  return serveMetrics(text, { host: options.metricsHost, port: Number(options.metricsPort), token })
}

/** The folder that the service and this host share. Throws `SB-ART-007` where this one is not it. */
function openSharedStore(folder: string): (join: JoinAnswer) => Promise<ArtifactStore> {
  return async ({ ledger, store }) => {
    if (store === undefined) throw new SweepError('SB-ART-007', { folder, message: 'the service could not mark its folder' })
    await assertSameFolder(folder, { ledger, mark: store.mark })
    return openFolderStore(folder)
  }
}
