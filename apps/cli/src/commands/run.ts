import { dirname, join, relative, resolve } from 'node:path'
import { type PreparedTask, SweepError } from '@sweepboard/contracts'
import { readLaunchers } from '@sweepboard/models'
import type { FoundSlots } from '@sweepboard/worker'
import type { Command } from 'commander'
import { showBoard } from '../board-table.ts'
import { checkConsistency } from '../consistency-of-sweep.ts'
import { type CommonOptions, dataFolder } from '../context.ts'
import { type Embedded, failUnservable, findSlotsHere, openEmbedded } from '../embedded.ts'
import { describeCells } from '../failures.ts'
import { fingerprintsIn } from '../folder-source.ts'
import { readHubSettings } from '../hub.ts'
import { type LoadedSweep, loadSweep } from '../load-sweep.ts'
import { duration, JOB_LIMIT_HELP, portNumber, wholeNumber } from '../number-option.ts'
import { printEvent, printNote, printResult } from '../output.ts'
import { slotsHere } from '../plan-slots.ts'
import { describeData, prepareTasks } from '../prepare-tasks.ts'
import { formatSeconds, ProgressPrinter } from '../progress.ts'
import { openRunLog } from '../run-log.ts'
import { onInterrupt } from '../signals.ts'
import { SLOTS_HELP } from '../slots-help.ts'
import { isStoppedByBudget, stateWords } from '../state-words.ts'
import { tellingWaits } from '../telling-waits.ts'
import { followSweep, toProgress } from '../wait.ts'

interface RunOptions extends CommonOptions {
  readonly datasets?: string
  readonly slots: string
  readonly port: string
  readonly threads?: string
  readonly jobLimit?: number
  readonly launchers?: string
  readonly allowEnv: string[]
  readonly serve: boolean
  readonly offline?: boolean
}

export function add(program: Command): void {
  program
    .command('run')
    .argument('<spec>', 'sweep file (YAML)')
    .description(
      'Plan a sweep, run it on this machine to the end, and show the board. Starting it again resumes: finished work is kept.',
    )
    .option('--datasets <root>', 'folder with <Task>/ or <Task>/<subset>/ in BEIR layout')
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--slots <list>', SLOTS_HELP, 'auto')
    .option('--threads <n>', 'threads of one CPU slot', wholeNumber(1))
    .option('--job-limit <time>', JOB_LIMIT_HELP, duration)
    .option('--port <n>', 'port of the board; the next free one is taken', portNumber(0), '4400')
    .option('--launchers <file>', 'file with what this host says of launchers: programs, arguments, commands of its own')
    .option('--allow-env <names...>', 'environment variables a spec may name for API keys', [])
    .option('--no-serve', 'end after the sweep even on a terminal')
    .option('--offline', 'no network but for endpoints the spec names: data from folders and the hub cache')
    .option('--json', 'NDJSON events, the last one {"event":"done",...}')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard run examples/first-sweep.yaml\n  sweepboard run sweep.yaml --datasets ~/beir --slots 2xcpu --json',
    )
    .action(run)
}

async function run(file: string, options: RunOptions): Promise<void> {
  const asJson = options.json === true
  const allowed = new Set(options.allowEnv)
  const folder = dataFolder(options)
  let found: FoundSlots | null = null
  const sweep = await loadSweep(file, {
    ...(options.datasets ? { datasets: options.datasets } : {}),
    hub: readHubSettings(options),
    readEnv: (name) => (allowed.has(name) ? process.env[name] : undefined),
    fingerprints: () => fingerprintsIn(folder),
    slots: async () => {
      found = await findSlotsHere(options.slots)
      return slotsHere(found)
    },
  })
  for (const warning of sweep.warnings) printNote(`note: ${warning}`)
  const log = openRunLog(folder)
  const embedded = await openEmbedded({
    folder,
    slots: found ?? options.slots,
    port: Number(options.port),
    allowEnv: options.allowEnv,
    hub: readHubSettings(options),
    log: tellingWaits(log.write, printNote),
    ...(options.threads ? { threads: Number(options.threads) } : {}),
    ...(options.jobLimit !== undefined && { jobMs: options.jobLimit }),
    ...(options.launchers === undefined ? {} : { launchers: readLaunchers(options.launchers) }),
  })
  const interrupt = new AbortController()
  let isComputing = false
  onInterrupt(() => {
    if (isComputing)
      printNote(
        'ending after the chunks in hand, what is finished is kept; one whose server does not answer is let go after 20 s; Ctrl-C again ends at once',
      )
    interrupt.abort()
  })
  try {
    if (!asJson) printNote('reading the data')
    const prepared = await prepareTasks(sweep.plan, {
      file,
      artifactFolder: join(folder, 'artifacts'),
      hub: readHubSettings(options),
      signal: interrupt.signal,
    })
    for (const note of describeData(sweep.plan, prepared)) printNote(`note: ${note}`)
    const isTerminal = process.stdout.isTTY === true && options.serve && !asJson
    const board = isTerminal ? await embedded.serveBoard() : null
    const isConsistent = await checkConsistency(sweep, {
      specDir: dirname(resolve(file)),
      readEnv: (name) => (allowed.has(name) ? process.env[name] : undefined),
      fingerprints: () => fingerprintsIn(folder),
      datasets: options.datasets,
      hub: readHubSettings(options),
      threads: options.threads ? Number(options.threads) : undefined,
      signal: interrupt.signal,
      asJson,
      record: (row) => embedded.service.ledger.recordConsistency(row),
    })
    isComputing = true
    await runToEnd(embedded, { sweep, prepared, asJson, isConsistent, interrupt: interrupt.signal })
    isComputing = false
    if (interrupt.signal.aborted) throw new SweepError('SB-CORE-004', { what: `sweep ${sweep.spec.sweep}` })
    if (!asJson) {
      const data = relative(process.cwd(), folder) || '.'
      printResult(
        board
          ? `Board: ${board.url} (Ctrl-C ends)`
          : `Board: npx sweepboard serve --data ${data}  then http://127.0.0.1:${options.port}`,
      )
      printResult('Next: edit a copy of the sweep file and run it again; what is already encoded is not encoded twice.')
    }
    if (board) await new Promise<void>((resolve) => interrupt.signal.addEventListener('abort', () => resolve(), { once: true }))
  } finally {
    await embedded.stop()
    log.close()
  }
}

interface RunParts {
  readonly sweep: LoadedSweep
  readonly prepared: readonly PreparedTask[]
  readonly asJson: boolean
  /** Whether the comparisons of the file held; else the run ends with 1. */
  readonly isConsistent: boolean
  readonly interrupt: AbortSignal
}

async function runToEnd(embedded: Embedded, { sweep, prepared, asJson, isConsistent, interrupt }: RunParts): Promise<void> {
  const { service } = embedded
  const startedAt = performance.now()
  service.submit({
    sweep: sweep.id,
    name: sweep.spec.sweep,
    spec: sweep.text,
    plan: sweep.plan,
    prepared,
    weight: sweep.spec.weight ?? 1,
    keep: sweep.spec.keep ?? 'all',
  })
  if (asJson)
    printEvent({
      event: 'submitted',
      sweep: sweep.id,
      name: sweep.spec.sweep,
      cells: sweep.plan.groups.reduce((n, g) => n + g.configs.length, 0),
    })
  const printer = new ProgressPrinter()
  const view = await followSweep(
    async () => {
      failUnservable(embedded)
      return service.sweepView(sweep.id)
    },
    (now) => (asJson ? undefined : printer.show(toProgress(now))),
    interrupt,
  )
  printer.finish()
  if (interrupt.aborted) return
  const cells = service.cells(sweep.id)
  const failed = cells.filter((cell) => cell.state === 'failed')
  const gates = service.gateOutcomes(sweep.id)
  const seconds = (performance.now() - startedAt) / 1000
  process.exitCode = !isConsistent || failed.length > 0 || gates.some((gate) => !gate.holds) || view.state !== 'done' ? 1 : 0
  if (asJson) {
    for (const cell of cells) {
      const { model, revision, variant, task, subset, split, config, state, mainScore, metrics, counts, failure } = cell
      printEvent({
        event: 'cell',
        model,
        revision,
        variant,
        task,
        subset,
        split,
        config,
        state,
        main_score: mainScore,
        metrics,
        data: counts,
        failure,
      })
    }
    for (const gate of gates) printEvent({ event: 'gate', holds: gate.holds, message: gate.message })
    const { state, cells: counts } = view
    const stopped = isStoppedByBudget(view)
    const exit = process.exitCode
    printEvent({ event: 'done', sweep: sweep.id, state, stopped_by_budget: stopped, cells: counts, seconds, exit })
    return
  }
  printResult(showBoard(service.leaderboard({ tasks: [], sweep: sweep.id, published: true })))
  for (const line of describeCells(failed)) printNote(line)
  for (const gate of gates) printResult(`gate ${gate.holds ? 'holds' : 'DOES NOT HOLD'}: ${gate.message}`)
  printResult(
    `${view.cells.scored} of ${view.cells.total} cells scored in ${formatSeconds(seconds)}${failed.length ? `, ${failed.length} failed` : ''}.`,
  )
  if (view.state !== 'done') printNote(`${view.name} is ${stateWords(view)}`)
}
