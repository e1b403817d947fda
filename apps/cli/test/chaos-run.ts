import { cpSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type TestRedis, waitUntil } from '@sweepboard/test-kit'
import { ChaosActs } from './chaos-acts.ts'
import { aftermath } from './chaos-aftermath.ts'
import { noMounts } from './chaos-disk.ts'
import { type Blow, type BlowKind, drawBlows } from './chaos-draw.ts'
import { ChaosFleet, untilAnswers } from './chaos-fleet.ts'
import { differences, type Outcomes } from './chaos-harm.ts'
import type { ChaosReport, Struck } from './chaos-report.ts'
import { ChaosTally } from './chaos-tally.ts'
import { ProcessTrace } from './chaos-trace.ts'
import { ChaosWork } from './chaos-work.ts'
import { Fleet, submit, sweepState } from './fleet-kit.ts'
import { type EmbeddingsStub, startStub } from './fleet-stub.ts'

/** Far beyond what it takes: a machine with other work may need minutes for what takes seconds. */
const LIMIT_MS = 900_000
const NO_TARGET_MS = 20_000
/** How many times the least pause an event may wait for its share of the work. */
const PATIENCE = 3
const NEEDS_MOUNT: readonly BlowKind[] = [
  "a worker's disk is full",
  "the service's disk is full",
  "a worker's folder is read-only",
  "the service's artifacts are read-only",
]
const NEEDS_TIME: readonly BlowKind[] = ['SIGSTOP a worker past the lock', 'Redis away for 20 s']

export interface ChaosOptions {
  readonly redis: TestRedis
  readonly seed: number
  readonly events: number
  readonly tasks: number
  /** Least seconds between two events. */
  readonly seconds: number
  readonly isLong: boolean
  readonly only?: readonly string[]
  readonly infinity: { readonly program: string; readonly model: string } | null
  /** Folder that gets everything the run wrote; null = nothing is kept. */
  readonly keep: string | null
  readonly say: (line: string) => void
  /** Of an earlier seed, whose work was the same; made where absent. */
  readonly quiet?: Quiet | undefined
  readonly onQuiet?: (quiet: Quiet) => void
  /** The endpoint outside the fleet; one for this run where absent. Its URL is part of what is compared. */
  readonly stub?: EmbeddingsStub | undefined
  /** Ends the run: everything is taken down, then it rejects with the reason. */
  readonly signal?: AbortSignal
}

/** The same sweeps on an undisturbed run, then on a fleet under so many random events; compared, with all that must not be left. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const fleet = new Fleet()
  const stub = options.stub ?? (await startStub())
  const run = new ChaosRun(options, fleet, stub)
  try {
    return await Promise.race([run.all(), ...(options.signal ? [rejected(options.signal)] : [])])
  } finally {
    await run.close()
    if (options.keep !== null) cpSync(fleet.folder, options.keep, { recursive: true })
    await fleet.close()
    if (options.stub === undefined) await stub.close()
  }
}

/** What the board must be. */
export interface Quiet {
  readonly seconds: number
  readonly files: Outcomes
  readonly cells: Outcomes
}

class ChaosRun {
  readonly #options: ChaosOptions
  readonly #fleet: Fleet
  readonly #stub: EmbeddingsStub
  readonly #work: ChaosWork
  readonly #trace = new ProcessTrace()
  readonly #struck: Struck[] = []
  readonly #skipped: string[] = []
  readonly #over: Promise<void>[] = []
  #host: ChaosFleet | null = null
  #tally: ChaosTally | null = null
  #began = performance.now()
  #isOver = false

  constructor(options: ChaosOptions, fleet: Fleet, stub: EmbeddingsStub) {
    this.#options = options
    this.#fleet = fleet
    this.#stub = stub
    const { tasks, isLong, infinity } = options
    this.#work = new ChaosWork(fleet, { tasks, isLong, infinity, endpointUrl: stub.url })
  }

  async all(): Promise<ChaosReport> {
    const { say, seed } = this.#options
    this.#stub.refuseEvery = 0
    const quiet = this.#options.quiet ?? (await this.#quiet())
    this.#options.onQuiet?.(quiet)
    say(`seed ${seed}: ${quiet.cells.size} cells, quiet run ${quiet.seconds.toFixed(0)} s`)
    this.#stub.answered.clear()
    this.#stub.refuseEvery = 40
    const mounts = noMounts()
    if (mounts !== '') this.#skipped.push(...NEEDS_MOUNT.map((kind) => `${kind}: ${mounts}`))
    this.#began = performance.now()
    const host = await ChaosFleet.start({
      fleet: this.#fleet,
      redis: this.#options.redis,
      launchers: (worker) => this.#work.launchersOf(worker),
      isMounted: mounts === '',
    })
    this.#host = host
    const workers = host.workers.map(({ name }) => name)
    const tally = new ChaosTally(this.#work.tally, { workers, lanes: this.#work.lanes, endpoint: this.#stub.answered })
    this.#tally = tally
    const watching = this.#watch(host)
    const sweeps: string[] = []
    for (const spec of this.#work.specs) sweeps.push(await submit(this.#fleet, spec, host.url))
    await this.#disturb(host, sweeps, mounts === '')
    await Promise.all(this.#over)
    await this.#finish(host, sweeps)
    const seconds = this.#seconds()
    const harm = await this.#boardHarm(host, quiet)
    harm.push(...(await aftermath({ host, fleet: this.#fleet, redis: this.#options.redis, trace: this.#trace })))
    this.#isOver = true
    await watching
    tally.look(this.#seconds())
    return this.#report({ quiet, host, tally, seconds, harm })
  }

  async close(): Promise<void> {
    this.#isOver = true
    await Promise.allSettled(this.#over)
    await this.#fleet.endAll()
    if (this.#options.keep !== null) this.#host?.keep(this.#options.keep)
    this.#host?.close()
  }

  /** One process, servers without faults. */
  async #quiet(): Promise<Quiet> {
    const began = performance.now()
    const data = this.#fleet.path('quiet')
    for (const spec of this.#work.specs) {
      const how = ['--slots', '2xcpu,endpoint', '--threads', '1', '--launchers', this.#work.quietLaunchers]
      const { code, stderr } = await this.#fleet.run(['run', spec, '--no-serve', '--json', ...how, '--data', data])
      // One model's server never starts: its cells fail here as they must there.
      if (code !== 0 && code !== 1) throw new Error(`the quiet run ended with ${code}: ${stderr.slice(-2000)}`)
    }
    const seconds = (performance.now() - began) / 1000
    return { seconds, files: await this.#fleet.exported({ data }), cells: await this.#cells(['--data', data]) }
  }

  /** Cells of all sweeps by what they are of. */
  async #cells(from: readonly string[]): Promise<Map<string, unknown>> {
    const found = new Map<string, unknown>()
    for (const name of this.#work.specs.map((spec) => basename(spec, '.yaml'))) {
      const { stdout } = await this.#fleet.succeed(['status', name, ...from, '--json'])
      const { cellRows } = JSON.parse(stdout.replace(/\bNaN\b/g, '"NaN"')) as { cellRows: Record<string, unknown>[] }
      for (const { model, task, variant, state, config, metrics, failure } of cellRows) {
        const key = [name, model, task, variant, JSON.stringify(config)].join(' ')
        if (found.has(key)) throw new Error(`two cells ${key}`)
        found.set(key, { state, metrics, code: (failure as { code?: string } | null)?.code ?? null })
      }
    }
    return found
  }

  async #watch(host: ChaosFleet): Promise<void> {
    while (!this.#isOver) {
      this.#trace.look(host.pids, host.servers())
      this.#tally?.look(this.#seconds())
      await sleep(500)
    }
  }

  #isPermitted = (canMount: boolean) => (kind: BlowKind) => {
    const { only, isLong } = this.#options
    if (!canMount && NEEDS_MOUNT.includes(kind)) return false
    if (!isLong && NEEDS_TIME.includes(kind)) return false
    return only === undefined || only.some((word) => kind.includes(word))
  }

  /** One event after another; each waits for its share of the work, but not for ever: what an earlier one broke may be what holds it up. */
  async #disturb(host: ChaosFleet, sweeps: readonly string[], canMount: boolean): Promise<void> {
    const { events, seed, seconds, say } = this.#options
    const acts = new ChaosActs(host)
    const blows = drawBlows(seed, this.#isPermitted(canMount))
    for (let done = 0; done < events; ) {
      await this.#untilDue(host, sweeps, { share: (0.9 * done) / events, leastMs: 1000 * seconds })
      const blow = blows.next().value
      const hit = await this.#strike(acts, blow)
      const at = this.#seconds()
      say(`${at.toFixed(1).padStart(7)} s  ${hit ? `${done + 1}` : '-'}  ${blow.kind}: ${hit?.target ?? 'nothing there to hit'}`)
      if (!hit) continue
      done += 1
      const struck: Struck = { at, kind: blow.kind, target: hit.target, whose: hit.whose, until: null }
      this.#struck.push(struck)
      this.#over.push(
        hit.over
          .catch((error) => void host.surprises.push(`${blow.kind} (${blow.number}): ${error}`))
          .finally(() => {
            struck.until = this.#seconds()
          }),
      )
    }
  }

  async #strike(acts: ChaosActs, blow: Blow) {
    return waitUntil(() => acts.strike(blow), { deadlineMs: NO_TARGET_MS, everyMs: 250 }).catch(() => null)
  }

  async #untilDue(
    host: ChaosFleet,
    sweeps: readonly string[],
    { share, leastMs }: { share: number; leastMs: number },
  ): Promise<void> {
    await sleep(leastMs)
    const isReached = async () => (await this.#progress(host, sweeps)) >= share
    await waitUntil(isReached, { deadlineMs: PATIENCE * leastMs, everyMs: 300 }).catch(() => undefined)
  }

  async #progress(host: ChaosFleet, sweeps: readonly string[]): Promise<number> {
    const states = await Promise.all(sweeps.map((sweep) => sweepState(host.url, sweep)))
    const sum = (of: (state: (typeof states)[0]) => number) => states.reduce((all, state) => all + of(state), 0)
    // Encoding runs ahead of scoring.
    return (
      sum(({ cells, chunks }) => cells.scored + cells.failed + chunks.done) /
      sum(({ cells, chunks }) => cells.total + chunks.total)
    )
  }

  async #finish(host: ChaosFleet, sweeps: readonly string[]): Promise<void> {
    this.#options.say(`${this.#seconds().toFixed(1).padStart(7)} s  all events done, waiting for the end`)
    let last = ''
    await waitUntil(
      async () => {
        const states = await Promise.all(sweeps.map((sweep) => sweepState(host.url, sweep)))
        last = JSON.stringify(states)
        return states.every(({ state }) => state === 'done')
      },
      { deadlineMs: LIMIT_MS, everyMs: 300, what: 'the end of the sweeps' },
    ).catch((cause) => {
      throw new Error(`seed ${this.#options.seed}: the sweeps did not end: ${last}\n${host.surprises.join('\n')}`, { cause })
    })
  }

  async #boardHarm(host: ChaosFleet, quiet: Quiet): Promise<string[]> {
    await untilAnswers(host.url)
    const cells = await this.#cells(['--to', host.url])
    const files = await this.#fleet.exported({ url: host.url })
    return [...differences('cell', cells, quiet.cells), ...differences('export', files, quiet.files)]
  }

  #seconds(): number {
    return (performance.now() - this.#began) / 1000
  }

  #report(given: { quiet: Quiet; host: ChaosFleet; tally: ChaosTally; seconds: number; harm: readonly string[] }): ChaosReport {
    const { quiet, host, tally, seconds, harm } = given
    return {
      seed: this.#options.seed,
      cells: quiet.cells.size,
      failedCells: [...quiet.cells.values()].filter((cell) => (cell as { state: string }).state === 'failed').length,
      quietSeconds: quiet.seconds,
      seconds,
      events: this.#struck,
      skipped: this.#skipped,
      processes: this.#trace.count,
      texts: tally.texts,
      answers: tally.count,
      wasteByKind: tally.wasteByKind(this.#struck),
      ends: Object.fromEntries(host.ends),
      harm,
    }
  }
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}
