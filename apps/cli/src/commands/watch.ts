import type { Command } from 'commander'
import { showBoard } from '../board-table.ts'
import type { CommonOptions } from '../context.ts'
import { describeCells } from '../failures.ts'
import { printEvent, printNote, printResult } from '../output.ts'
import { ProgressPrinter } from '../progress.ts'
import { reconnecting } from '../reconnect.ts'
import { onInterrupt } from '../signals.ts'
import { findSweep, openSource } from '../source.ts'
import { isStoppedByBudget, stateWords } from '../state-words.ts'
import { lanesThere, UnservableTeller } from '../unservable.ts'
import { followSweep, toProgress } from '../wait.ts'

export function add(program: Command): void {
  program
    .command('watch')
    .argument('[sweep]', 'id or name; the newest without it')
    .description('Follow a sweep to its end: progress, rate, ETA, then its board. Ctrl-C stops watching, not the sweep.')
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'watch at this service instead of in a data folder')
    .option('--token-file <file>', 'file with the token (or SWEEPBOARD_TOKEN)')
    .option('--json', 'NDJSON events, the last one {"event":"done",...}')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard watch\n  sweepboard watch --to http://service:4400\n  sweepboard watch my-sweep --to http://service:4400 --json',
    )
    .action(watch)
}

async function watch(name: string | undefined, options: CommonOptions): Promise<void> {
  const source = openSource(options)
  const { id } = await findSweep(source, name)
  const interrupt = new AbortController()
  onInterrupt(() => interrupt.abort())
  const printer = new ProgressPrinter()
  const patiently = <T>(ask: () => Promise<T>) =>
    reconnecting(ask, { signal: interrupt.signal, tell: (note) => printNote(`note: ${note}`) })
  let shown = ''
  const teller = new UnservableTeller({
    read: () => lanesThere(options),
    sweep: id,
    tell: (line) => {
      printer.finish()
      printNote(`note: ${line}`)
    },
  })
  const view = await followSweep(
    async () => {
      const now = await patiently(() => source.sweep(id))
      if (now.state === 'running') await teller.look()
      return now
    },
    (now) => {
      if (!options.json) return printer.show(toProgress(now))
      const key = JSON.stringify([now.state, now.cells, now.chunks])
      if (key !== shown)
        printEvent({
          event: 'progress',
          sweep: id,
          state: now.state,
          cells: now.cells,
          chunks: now.chunks,
          tokens_per_second: now.tokensPerSecond,
          eta_seconds: now.etaSeconds,
        })
      shown = key
    },
    interrupt.signal,
    () => source.isServed(),
  )
    .catch((thrown) => {
      // Asked to stop while the service was away.
      if (interrupt.signal.aborted) return null
      throw thrown
    })
    .finally(() => printer.finish())
  if (view === null || interrupt.signal.aborted) {
    process.exitCode = 130
    return
  }
  process.exitCode = view.cells.failed > 0 || view.state !== 'done' ? 1 : 0
  const { state, cells } = view
  const stoppedByBudget = isStoppedByBudget(view)
  if (options.json)
    return printEvent({ event: 'done', sweep: id, state, stopped_by_budget: stoppedByBudget, cells, exit: process.exitCode })
  printResult(showBoard(await patiently(() => source.leaderboard({ tasks: [], sweep: id, published: true }))))
  for (const line of describeCells((await patiently(() => source.cells(id))).filter((cell) => cell.state === 'failed')))
    printNote(line)
  printResult(
    `${view.name} is ${stateWords(view)}: ${view.cells.scored} of ${view.cells.total} cells scored${view.cells.failed ? `, ${view.cells.failed} failed` : ''}.`,
  )
}
