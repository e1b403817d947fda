import { accessSync, constants, mkdirSync, statfsSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { folderHolder, Ledger } from '@sweepboard/ledger'
import { checkRedis } from '@sweepboard/queue'
import type { Command } from 'commander'
import { type CommonOptions, codeVersion, dataFolder } from '../context.ts'
import { commandHolder } from '../folder-source.ts'
import { printJson, printResult, toFailure } from '../output.ts'
import { addRedisOptions, type RedisOptions, readRedis } from '../redis-options.ts'
import { findService } from '../service-address.ts'

interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warning' | 'error'
  readonly message: string
  readonly fix: string | null
}

export function add(program: Command): void {
  const command = program
    .command('doctor')
    .description(
      'What this machine has and lacks: Node, data folder, disk, Redis. Each finding with its fix; exit 1 when something is wrong.',
    )
  addRedisOptions(command)
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExamples:\n  sweepboard doctor\n  sweepboard doctor --redis redis://127.0.0.1:6379')
    .action(doctor)
}

async function doctor(options: CommonOptions & RedisOptions): Promise<void> {
  const findings: Finding[] = [
    { check: 'node', state: 'ok', message: `${process.version} at ${process.execPath}`, fix: null },
    { check: 'sweepboard', state: 'ok', message: codeVersion(), fix: null },
    {
      check: 'machine',
      state: 'ok',
      message: `${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(1)} GiB memory`,
      fix: null,
    },
    checkData(dataFolder(options)),
  ]
  const link = readRedis(options, process.env)
  if (link !== null) {
    const redis = await checkRedis(link.url, { tls: link.tls })
    if (redis.length === 0)
      findings.push({ check: 'redis', state: 'ok', message: 'reachable, noeviction, append-only file', fix: null })
    findings.push(
      ...redis.map(({ code, severity, message, fix }) => ({
        check: 'redis',
        state: severity,
        message: `${code}: ${message}`,
        fix,
      })),
    )
  } else
    findings.push({
      check: 'redis',
      state: 'ok',
      message: 'not needed to run here; pass --redis URL to check one for a fleet',
      fix: null,
    })
  if (findings.some((finding) => finding.state === 'error')) process.exitCode = 1
  if (options.json) return printJson(findings)
  printResult(
    findings
      .map(
        ({ check, state, message, fix }) => `${state.padEnd(7)} ${check}: ${message}${fix ? `\n        What to do: ${fix}` : ''}`,
      )
      .join('\n'),
  )
}

function checkData(folder: string): Finding {
  const check = 'data folder'
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
    const { bavail, bsize } = statfsSync(folder)
    const freeGiB = (bavail * bsize) / 2 ** 30
    if (freeGiB < 1)
      return {
        check,
        state: 'warning',
        message: `${folder} has ${freeGiB.toFixed(2)} GiB free`,
        fix: 'Free some space: a full disk stops the slots.',
      }
    const holder = folderHolder(folder)
    if (holder !== null) {
      const url = findService(folder)
      return { check, state: 'ok', message: `${folder} is held by ${holder}${url ? `, --to ${url}` : ''}`, fix: null }
    }
    Ledger.open({ folder, holder: commandHolder() }).close()
    return { check, state: 'ok', message: `${folder}, ${freeGiB.toFixed(0)} GiB free`, fix: null }
  } catch (thrown) {
    const error = toFailure(thrown)
    return { check, state: 'error', message: error.message, fix: error.fix }
  }
}
