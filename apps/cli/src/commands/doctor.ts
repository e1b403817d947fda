import { accessSync, constants, mkdirSync } from 'node:fs'
import { folderHolder, Ledger } from '@sweepboard/ledger'
import { checkRedis } from '@sweepboard/queue'
import type { Command } from 'commander'
import { checkClock } from '../check-clock.ts'
import { checkDisk, readDisk } from '../check-disk.ts'
import { checkGpus } from '../check-gpu.ts'
import { checkHub } from '../check-hub.ts'
import { checkMachine } from '../check-machine.ts'
import { checkPrograms } from '../check-programs.ts'
import { checkQueue } from '../check-queue.ts'
import { checkSecrets } from '../check-secrets.ts'
import { checkToken } from '../check-token.ts'
import { type CommonOptions, codeVersion, dataFolder, readToken } from '../context.ts'
import { error, type Finding, ok } from '../finding.ts'
import { commandHolder } from '../folder-source.ts'
import { readHubSettings } from '../hub.ts'
import { printJson, printResult, toFailure, visible } from '../output.ts'
import { addRedisOptions, keysBegin, type RedisOptions, readRedis } from '../redis-options.ts'
import { findService } from '../service-address.ts'

interface DoctorOptions extends CommonOptions, RedisOptions {
  readonly secret: readonly string[]
  readonly offline?: boolean
}

export function add(program: Command): void {
  const command = program
    .command('doctor')
    .description(
      'What this machine has and lacks: Node, limits, disk, GPUs and CUDA, Redis, clock, tokens, hub, launchers. Each finding with its fix; exit 1 when something is wrong.',
    )
  addRedisOptions(command)
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'compare the clock with that of this service, ask how its queue is, and try the token there')
    .option('--token-file <file>', 'check that only its owner can read it (or SWEEPBOARD_TOKEN)')
    .option('--secret <files...>', 'check these files too', [])
    .option('--offline', 'do not ask the hub')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard doctor\n  sweepboard doctor --redis redis://127.0.0.1:6379\n  sweepboard doctor --to http://service:4400 --token-file write.token',
    )
    .action(doctor)
}

async function doctor(options: DoctorOptions): Promise<void> {
  const folder = dataFolder(options)
  const data = checkData(folder)
  const findings = [
    ok('sweepboard', codeVersion()),
    ...checkMachine(),
    data,
    ...(data.state === 'error' ? [] : checkDisk(readDisk(folder))),
    ...checkSecrets([options.tokenFile, options.redisPasswordFile, ...options.secret].filter((file) => file !== undefined)),
    ...(
      await Promise.all([
        checkGpus(process.env),
        checkLink(options),
        checkClock(options.to).then((clock) => [clock]),
        checkTokenOf(options),
        checkHub(readHubSettings({ offline: options.offline })),
        checkPrograms(),
      ])
    ).flat(),
  ]
  if (findings.some((finding) => finding.state === 'error')) process.exitCode = 1
  if (options.json) return printJson(findings)
  const lines = findings.map(({ check, state, message, fix }) => {
    const remedy = fix === null ? '' : `\n        What to do: ${fix}`
    return visible(`${state.padEnd(7)} ${check}: ${message}${remedy}`)
  })
  printResult(lines.join('\n'))
}

/** A token's file that cannot be read is a finding of `checkSecrets`. */
async function checkTokenOf(options: DoctorOptions): Promise<Finding[]> {
  try {
    return await checkToken(options.to, readToken(options))
  } catch {
    return []
  }
}

async function checkLink(options: DoctorOptions): Promise<Finding[]> {
  const check = 'redis'
  let link: ReturnType<typeof readRedis>
  try {
    link = readRedis(options, process.env)
  } catch (thrown) {
    const failure = toFailure(thrown)
    return [error(check, failure.message, failure.fix)]
  }
  if (link === null && options.to !== undefined) return [await checkQueue(options.to)]
  if (link === null) return [ok(check, 'not needed to run here; pass --redis URL to check one for a fleet')]
  const found = await checkRedis(link.url, { tls: link.tls, prefix: keysBegin(options) })
  if (found.length === 0) return [ok(check, 'reachable, 6.2 or newer, noeviction, append-only file, takes tickets')]
  return found.map(({ code, severity, message, fix }) => ({ check, state: severity, message: `${code}: ${message}`, fix }))
}

function checkData(folder: string): Finding {
  const check = 'data folder'
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
    const holder = folderHolder(folder)
    if (holder !== null) {
      const url = findService(folder)
      return ok(check, `${folder} is held by ${holder}${url ? `, --to ${url}` : ''}`)
    }
    Ledger.open({ folder, holder: commandHolder() }).close()
    return ok(check, folder)
  } catch (thrown) {
    const failure = toFailure(thrown)
    return error(check, failure.message, failure.fix)
  }
}
