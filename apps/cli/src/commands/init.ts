import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import { expandBraces, type NamedModel } from '@sweepboard/planner'
import type { Command } from 'commander'
import type { CommonOptions } from '../context.ts'
import { findModel } from '../find-model.ts'
import { type Candidate, candidatesFor, describeMachine, type Judged, launcherOn, writeFirstSpec } from '../first-spec.ts'
import { readHubSettings } from '../hub.ts'
import { loadSweep } from '../load-sweep.ts'
import { LOCAL_REDIS, lookAtMachine, type Machine } from '../machine.ts'
import { printJson, printNote, printResult } from '../output.ts'
import { fitOf, type PlanSlots } from '../plan-slots.ts'
import { writeWhole } from '../write-file.ts'

interface InitOptions extends CommonOptions {
  readonly output: string
  readonly models: string[]
  readonly force?: boolean
}

export function add(program: Command): void {
  program
    .command('init')
    .description(
      'Look at this machine (GPUs, memory, Redis, servers, installed programs, model folders) and write a first sweep file for it.',
    )
    .option('-o, --output <file>', 'sweep file to write', 'sweep.yaml')
    .option('--models <names...>', 'models to write instead of what is found; braces make several', [])
    .option('--force', 'write over a file that is there')
    .option('--json', 'one JSON document: what was found, what was written, what to run')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard init && sweepboard run sweep.yaml\n  sweepboard init --models "Qwen/Qwen3-Embedding-{0.6B,4B,8B}" -o qwen.yaml',
    )
    .action(init)
}

async function init(options: InitOptions): Promise<void> {
  const file = options.output
  if (existsSync(file) && !options.force) throw new SweepError('SB-FILE-009', { file })
  printNote('looking at this machine')
  const hub = readHubSettings({ offline: true })
  const onNote = (note: string) => printNote(`note: ${note}`)
  const { machine, places } = await lookAtMachine({ cwd: process.cwd(), cacheFolder: hub.cacheDir, env: process.env, onNote })
  const models: Judged[] = []
  for (const candidate of candidatesFor(machine, options.models.flatMap(expandBraces))) {
    printNote(`looking at ${candidate.model}`)
    models.push({ ...candidate, trouble: await troubleOf(candidate, { machine, places, specDir: dirname(resolve(file)) }) })
  }
  const running = models.filter(({ trouble }) => trouble === null)
  for (const { model, trouble } of models) if (trouble !== null) printNote(`note: ${model} is left out: ${trouble}`)
  if (running.length === 0) throw new SweepError('SB-SPEC-006', { model: options.models.join(', ') })
  const fleet = fleetCommands(machine, file)
  writeWhole(file, writeFirstSpec(machine, models, { file, fleet }))
  // What was written is read as `plan` reads it: a file that it refuses would be a mistake of this command.
  await loadSweep(file, { hub, readEnv: () => undefined, fingerprints: async () => [] })
  const here = `npx sweepboard run ${file}`
  if (options.json) return printJson({ file, machine, models, commands: [here, ...fleet] })
  printResult(
    [
      `This machine: ${describeMachine(machine)}.`,
      `Servers: ${machine.servers.map(({ server, model, url }) => `${server} with ${model} at ${url}`).join('; ') || 'none found'}.`,
      `Programs that can serve models: ${machine.launchers.join(', ') || 'none found'}. Redis at ${LOCAL_REDIS}: ${machine.hasRedis ? 'yes' : 'no'}.`,
      `Wrote ${file}: ${running.map(({ model }) => model).join(', ')}.`,
      'Next:',
      `  ${here}`,
      'Or with a service, and a worker on this and every other host:',
      ...fleet.map((command) => `  ${command}`),
    ].join('\n'),
  )
}

/** Why a model cannot be served here, as `plan` would say it; null where it can. */
async function troubleOf(
  candidate: Candidate,
  at: { machine: Machine; places: PlanSlots; specDir: string },
): Promise<string | null> {
  const { machine, places, specDir } = at
  const named = { model: candidate.model, engine: candidate.engine } as NamedModel
  const place = { specDir, readEnv: () => undefined, fingerprints: async () => [], instructions: new Map() }
  try {
    const { model } = await findModel(named, null, place)
    return fitOf(model.load, places).reason
  } catch (thrown) {
    if (!(thrown instanceof SweepError)) throw thrown
    const isPlainFolder = candidate.engine === undefined && launcherOn(machine) === null
    const hint = isPlainFolder ? '; a program such as vllm could serve it' : ''
    return `${thrown.message.replace(/\s+/g, ' ')}${hint}`
  }
}

/** From the first to the last, each in a terminal of its own where it goes on running. */
function fleetCommands({ hasRedis, slots }: Machine, file: string): string[] {
  return [
    ...(hasRedis ? [] : ['redis-server --maxmemory-policy noeviction --appendonly yes']),
    `npx sweepboard serve --redis ${LOCAL_REDIS}`,
    `npx sweepboard worker --join http://127.0.0.1:4400 --slots ${slots}`,
    `npx sweepboard submit ${file} --to http://127.0.0.1:4400`,
  ]
}
