import { resolve } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import { checkRedis, openBullQueue, openLocalQueue } from '@sweepboard/queue'
import { assertSafeToListen, createApp, listen, openCrashPoint, Service } from '@sweepboard/results'
import type { Command } from 'commander'
import { openConsistencySchedules } from '../consistency-schedules.ts'
import { type CommonOptions, dataFolder, readSecret, VERSION } from '../context.ts'
import { commandHolder } from '../folder-source.ts'
import { readHubSettings } from '../hub.ts'
import { wholeNumber } from '../number-option.ts'
import { printEvent, printNote } from '../output.ts'
import { openRunLog } from '../run-log.ts'
import { announceService, nameService } from '../service-address.ts'
import { untilSignal } from '../signals.ts'
import { buildWeb } from '../web.ts'

interface ServeOptions extends CommonOptions {
  readonly redis?: string
  readonly host: string
  readonly port: string
  readonly writeTokenFile?: string
  readonly readTokenFile?: string
  readonly datasets?: string
  readonly beat: string
  readonly maxArtifact: string
  readonly allowEnv: readonly string[]
}

export function add(program: Command): void {
  program
    .command('serve')
    .description(
      'The results service and the board. With --redis it hands work to workers on every host; without it only shows what is there.',
    )
    .option('--redis <url>', 'redis://, rediss:// or unix:// address of the queue')
    .option('--host <address>', 'address to listen on; beyond loopback tokens are required', '127.0.0.1')
    .option('--port <n>', 'port; 0 takes any free one', wholeNumber(0), '4400')
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--write-token-file <file>', 'token of workers and submitters (or SWEEPBOARD_WRITE_TOKEN)')
    .option('--read-token-file <file>', 'token of readers (or SWEEPBOARD_READ_TOKEN)')
    .option('--datasets <root>', 'folder whose tasks the service may read itself')
    .option('--beat <ms>', 'heartbeat period of workers', wholeNumber(50), '5000')
    .option('--max-artifact <bytes>', 'largest artifact accepted', wholeNumber(1), String(2 ** 31))
    .option('--allow-env <names...>', 'environment variables that scheduled comparisons may read for API keys', [])
    .option('--json', 'NDJSON events')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard serve\n  sweepboard serve --redis redis://127.0.0.1:6379 --host 0.0.0.0 --write-token-file write.token --read-token-file read.token',
    )
    .action(serve)
}

async function serve(options: ServeOptions): Promise<void> {
  const tokens = {
    write: options.writeTokenFile ? readSecret(options.writeTokenFile) : (process.env.SWEEPBOARD_WRITE_TOKEN ?? null),
    read: options.readTokenFile ? readSecret(options.readTokenFile) : (process.env.SWEEPBOARD_READ_TOKEN ?? null),
  }
  assertSafeToListen(options.host, tokens)
  const { redis } = options
  if (redis) await refuseUnfitRedis(redis)
  const folder = dataFolder(options)
  const log = openRunLog(folder)
  const holder = commandHolder()
  const service = await nameService(folder, () =>
    Service.open({
      folder,
      holder,
      openQueue: async (ledgerId) => {
        if (!redis) return { queue: openLocalQueue(), join: { kind: 'local' } }
        const prefix = `sb-${ledgerId}`
        return { queue: await openBullQueue({ url: redis, prefix }), join: { kind: 'redis', url: redis, prefix } }
      },
      version: VERSION,
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
      webFolder: await buildWeb(),
      bodyLimitBytes: 64 * 2 ** 20,
      artifactLimitBytes: Number(options.maxArtifact),
    })
    const asked = untilSignal() // from before the address is announced: whoever reads it may end us at once
    const listening = await listen(app, { host: options.host, port: Number(options.port), next: false })
    const announced = announceService(folder, { holder, url: listening.url })
    service.start()
    if (options.json) printEvent({ event: 'listening', url: listening.url, ledger: service.ledger.id })
    else printNote(`Board and API: ${listening.url}   data: ${folder}${redis ? '' : '   (no --redis: no worker can join)'}`)
    const schedules = redis
      ? await openConsistencySchedules({
          redis,
          prefix: `sb-${service.ledger.id}`,
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

async function refuseUnfitRedis(url: string): Promise<void> {
  const findings = await checkRedis(url)
  for (const finding of findings) printNote(`redis: ${finding.message}\n  What to do: ${finding.fix}`)
  const refused = findings.find((finding) => finding.severity === 'error')
  if (refused) throw Object.assign(new SweepError(refused.code), { message: refused.message })
}
