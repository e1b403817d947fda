import { resolve } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import { checkRedis, openBullQueue, openLocalQueue, type RedisLink } from '@sweepboard/queue'
import { assertSafeToListen, createApp, listen, openCrashPoint, Service, ServiceMetrics } from '@sweepboard/results'
import type { Command } from 'commander'
import { openConsistencySchedules } from '../consistency-schedules.ts'
import { type CommonOptions, dataFolder, readSecret, secretOf, VERSION } from '../context.ts'
import { commandHolder } from '../folder-source.ts'
import { readHubSettings } from '../hub.ts'
import { addLogOptions, type LogOptions, logView, tellNotes, tellUser, withNotes } from '../log-options.ts'
import { portNumber, wholeNumber } from '../number-option.ts'
import { printEvent } from '../output.ts'
import {
  addRedisOptions,
  isPasswordInArgument,
  keysBegin,
  type RedisOptions,
  readRedis,
  readWorkersRedis,
  secretsOf,
} from '../redis-options.ts'
import { openRunLog } from '../run-log.ts'
import { announceService, nameService } from '../service-address.ts'
import { untilSignal } from '../signals.ts'
import { buildWeb } from '../web.ts'

interface ServeOptions extends CommonOptions, RedisOptions, LogOptions {
  readonly json?: boolean
  readonly redisForWorkers?: string
  readonly redisForWorkersPasswordFile?: string
  /** False where `--no-metrics` was given. */
  readonly metrics?: boolean
  readonly metricsTokenFile?: string
  readonly host: string
  readonly port: string
  readonly writeTokenFile?: string
  readonly readTokenFile?: string
  readonly datasets?: string
  readonly beat: string
  readonly maxArtifact: string
  readonly artifacts?: string
  readonly allowEnv: readonly string[]
}

export function add(program: Command): void {
  const command = program
    .command('serve')
    .description(
      'The results service and the board. With --redis it hands work to workers on every host; without it only shows what is there.',
    )
  addRedisOptions(command)
    .option('--redis-for-workers <url>', 'how workers reach Redis, where it is not the address above')
    .option('--redis-for-workers-password-file <file>', 'password of that user (variable: see below)')
    .option('--host <address>', 'address to listen on; beyond loopback tokens are required', '127.0.0.1')
    .option('--port <n>', 'port; 0 takes any free one', portNumber(0), '4400')
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--write-token-file <file>', 'token of workers and submitters (or SWEEPBOARD_WRITE_TOKEN)')
    .option(
      '--read-token-file <file>',
      'token of readers (or SWEEPBOARD_READ_TOKEN); without one whoever reaches the service may read',
    )
    .option('--datasets <root>', 'folder whose tasks the service may read itself')
    .option('--beat <ms>', 'heartbeat period of workers', wholeNumber(50), '5000')
    .option('--max-artifact <bytes>', 'largest artifact accepted', wholeNumber(1), String(2 ** 31))
    .option(
      '--artifacts <dir>',
      'folder for artifacts in place of the one in the data folder, from now on; other hosts may mount it',
    )
    .option('--allow-env <names...>', 'environment variables that scheduled comparisons may read for API keys', [])
    .option('--metrics-token-file <file>', 'token for /metrics alone; the read token does as well')
    .option('--no-metrics', 'no /metrics for Prometheus')
    .option('--json', 'NDJSON events')
  addLogOptions(command)
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard serve\n  sweepboard serve --redis redis://127.0.0.1:6379 --host 0.0.0.0 \\\n    --write-token-file write.token --read-token-file read.token\n  sweepboard serve --redis rediss://sweepboard@redis.example:6379 \\\n    --redis-password-file redis.password --redis-ca ca.pem\n\nThe password of workers may stand in SWEEPBOARD_REDIS_FOR_WORKERS_PASSWORD.',
    )
    .action(serve)
}

async function serve(options: ServeOptions): Promise<void> {
  const tokens = {
    write: options.writeTokenFile ? readSecret(options.writeTokenFile) : secretOf(process.env.SWEEPBOARD_WRITE_TOKEN),
    read: options.readTokenFile ? readSecret(options.readTokenFile) : secretOf(process.env.SWEEPBOARD_READ_TOKEN),
  }
  assertSafeToListen(options.host, tokens)
  const metricsToken = options.metricsTokenFile ? readSecret(options.metricsTokenFile) : null
  const redis = readRedis(options, process.env)
  const forWorkers = readWorkersRedis(options, redis, process.env)
  const { notes } = await withNotes(async (note) => {
    for (const [flag, url] of [
      ['--redis', options.redis],
      ['--redis-for-workers', options.redisForWorkers],
    ] as const)
      if (isPasswordInArgument(url))
        note(`${flag} holds a password, which every user of this machine can read: use ${flag}-password-file`)
    if (redis) await refuseUnfitRedis({ ...redis, prefix: keysBegin(options) }, note)
  })
  const folder = dataFolder(options)
  const log = openRunLog(folder, {
    view: logView(options, process.stderr.isTTY),
    secrets: [
      tokens.write,
      tokens.read,
      metricsToken,
      ...secretsOf(redis),
      ...secretsOf(forWorkers),
      ...options.allowEnv.map((name) => process.env[name]),
    ],
  })
  tellNotes(log, options, notes)
  const holder = commandHolder()
  const service = await nameService(folder, () =>
    Service.open({
      folder,
      holder,
      openQueue: async (ledgerId) => {
        if (!redis) return { queue: openLocalQueue(), join: { kind: 'local' } }
        const prefix = keyPrefix(options, ledgerId)
        const { url, tls = {} } = forWorkers ?? redis
        const { ca, serverName, checkName } = tls
        return {
          queue: await openBullQueue({ ...redis, prefix }),
          join: { kind: 'redis', url, prefix, tls: { ca, serverName, checkName } },
        }
      },
      version: VERSION,
      ...(options.artifacts && { artifacts: resolve(options.artifacts) }),
      beatMs: Number(options.beat),
      tickMs: Math.min(1000, Number(options.beat) / 2),
      hub: readHubSettings(),
      readableRoots: options.datasets ? [resolve(options.datasets)] : [],
      log: log.write,
      point: openCrashPoint(process.env.SWEEPBOARD_CRASH_AT),
    }),
  )
  try {
    const app = createApp(service, {
      tokens,
      metrics: options.metrics === false ? undefined : { of: new ServiceMetrics(service), token: metricsToken },
      webFolder: await buildWeb(folder, (note) => tellNotes(log, options, [note])),
      bodyLimitBytes: 64 * 2 ** 20,
      artifactLimitBytes: Number(options.maxArtifact),
    })
    const asked = untilSignal() // from before the address is announced: whoever reads it may end us at once
    const listening = await listen(app, { host: options.host, port: Number(options.port), next: false })
    const announced = announceService(folder, { holder, url: listening.url })
    service.start()
    if (options.json) printEvent({ event: 'listening', url: listening.url, ledger: service.ledger.id })
    const without = redis ? '' : '   (no --redis: no worker can join)'
    tellUser(log, options, `Board and API: ${listening.url}   data: ${folder}${without}`)
    if (tokens.read !== null && tokens.write === null)
      tellNotes(log, options, [
        'there is a read token and no write token: nobody can submit, control or join (--write-token-file)',
      ])
    const schedules = redis
      ? await openConsistencySchedules({
          redis,
          prefix: keyPrefix(options, service.ledger.id),
          service,
          url: listening.url,
          writeToken: tokens.write,
          allowEnv: options.allowEnv,
          log: log.write,
        })
      : null
    await asked
    await schedules?.close()
    announced.remove()
    await listening.close()
  } finally {
    await service.stop()
    log.close()
  }
}

function keyPrefix(options: ServeOptions, ledgerId: string): string {
  return `${keysBegin(options)}${ledgerId}`
}

async function refuseUnfitRedis(
  { url, tls, prefix }: RedisLink & { readonly prefix: string },
  note: (text: string) => void,
): Promise<void> {
  const findings = await checkRedis(url, { tls, prefix })
  const refused = findings.find((finding) => finding.severity === 'error')
  for (const finding of findings) if (finding !== refused) note(`redis: ${finding.message}\n  What to do: ${finding.fix}`)
  if (refused) throw Object.assign(new SweepError(refused.code), { message: `${refused.code}: ${refused.message}` })
}
