import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { keyOf, toSweepError } from '@sweepboard/contracts'
import { readSpec } from '@sweepboard/planner'
import { openSchedules, type RedisLink, type Schedule } from '@sweepboard/queue'
import type { Service } from '@sweepboard/results'
import { type ConsistencyEntry, consistencyEntries } from './consistency-entries.ts'

const BIN = fileURLToPath(new URL('../bin/sweepboard.mjs', import.meta.url))
/** What is kept of the words of a comparison that failed. */
const STDERR_TAIL = 2000

type Scheduled = Omit<ConsistencyEntry, 'everyMs'>

export interface ScheduleOptions {
  readonly redis: RedisLink
  readonly prefix: string
  readonly service: Pick<Service, 'ledger' | 'events'>
  /** Where comparisons are recorded: this service. */
  readonly url: string
  readonly writeToken: string | null
  readonly allowEnv: readonly string[]
  readonly log: (entry: Readonly<Record<string, unknown>>) => void
}

/**
 * Keeps the schedules of the sweeps of a service: those of the newest sweep of each name, unless it was cancelled. Each comparison is a
 * `sweepboard consistency` of its own beside the service, and records its row with it.
 */
export async function openConsistencySchedules(options: ScheduleOptions): Promise<{ close(): Promise<void> }> {
  const { redis, prefix, service, log } = options
  const report = (thrown: unknown) => log({ event: 'consistency', level: 'warning', message: toSweepError(thrown).message })
  const running = new AbortController()
  const schedules = await openSchedules({
    ...redis,
    prefix,
    run: (data) => compareInChild(JSON.parse(data) as Scheduled, options, running.signal),
    onError: report,
  })
  // One after the other, and one for all that happened meanwhile: two at once would undo each other's work.
  let last = Promise.resolve()
  let isWaiting = false
  const refresh = () => {
    if (isWaiting) return
    isWaiting = true
    last = last
      .then(() => {
        isWaiting = false
        return schedules.keep(wantedSchedules(service.ledger))
      })
      .catch(report)
  }
  const stop = service.events.subscribe(({ event }) => event === 'sweep' && refresh())
  refresh()
  return {
    close: async () => {
      stop()
      await last
      running.abort()
      await schedules.close()
    },
  }
}

/** Schedules that the sweeps of a ledger ask for. */
export function wantedSchedules(ledger: Pick<Service['ledger'], 'sweeps' | 'sweepSpec'>): Schedule[] {
  const newest = new Map<string, string>()
  // The newest comes first.
  for (const { id, name, state } of ledger.sweeps()) if (!newest.has(name)) newest.set(name, state === 'cancelled' ? '' : id)
  const found = [...newest.values()].filter((id) => id !== '').map((id) => ledger.sweepSpec(id))
  const schedules = found
    .filter((text) => text.includes('consistency')) // reading every sweep file ever sent would take long
    .flatMap((text) => consistencyEntries(readSpec(text, 'sweep')))
    .flatMap(({ everyMs, ...entry }) => {
      if (everyMs === null) return []
      return [{ name: `consistency-${keyOf({ ...entry, everyMs }).slice(0, 20)}`, everyMs, data: JSON.stringify(entry) }]
    })
  return [...new Map(schedules.map((one) => [one.name, one])).values()]
}

async function compareInChild(scheduled: Scheduled, options: ScheduleOptions, signal: AbortSignal): Promise<void> {
  const { pair, task, minCosine, minComposite } = scheduled
  const folder = mkdtempSync(join(tmpdir(), 'sweepboard-scheduled-'))
  try {
    const file = join(folder, 'pair.yaml')
    writeFileSync(file, JSON.stringify({ sweep: 'scheduled', tasks: [task ?? 'none'], models: pair })) // JSON is YAML
    const args = [BIN, 'consistency', file, '--json', '--to', options.url]
    if (task === undefined) args.push('--probe-set')
    if (minCosine !== undefined) args.push('--min-cosine', String(minCosine))
    if (minComposite !== undefined) args.push('--min-composite', String(minComposite))
    if (options.allowEnv.length > 0) args.push('--allow-env', ...options.allowEnv)
    const { writeToken } = options
    const env = writeToken === null ? process.env : { ...process.env, SWEEPBOARD_TOKEN: writeToken }
    const { exit, words } = await ended(args, env, signal)
    options.log({ event: 'consistency', model: pair[0].model, exit })
    // 1: compared and recorded, and it does not hold.
    if (exit !== 0 && exit !== 1) throw new Error(`${pair[0].model} could not be compared: ${words}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function ended(args: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<{ exit: number; words: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const stop = () => child.kill('SIGKILL')
    signal.addEventListener('abort', stop, { once: true })
    let words = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        words = (words + text).slice(-STDERR_TAIL)
      })
    child.on('error', reject)
    child.on('close', (code) => {
      signal.removeEventListener('abort', stop)
      resolve({ exit: code ?? -1, words })
    })
  })
}
