import { setTimeout as delay } from 'node:timers/promises'
import { SweepError } from '@sweepboard/contracts'
import { resourceRows } from '@sweepboard/results'
import type { Command } from 'commander'
import { type CommonOptions, dataFolder } from '../context.ts'
import { describeCells } from '../failures.ts'
import { type FleetSnapshot, readFleet } from '../fleet-snapshot.ts'
import { fleetTable } from '../fleet-table.ts'
import { showLive } from '../live-status.ts'
import { printEvent, printJson, printNote, printResult, toFailure } from '../output.ts'
import { queueWords } from '../queue-words.ts'
import { resourceTable } from '../resource-table.ts'
import { findService } from '../service-address.ts'
import { onInterrupt } from '../signals.ts'
import { findSweep, openClient, openSource, type Source } from '../source.ts'
import { isStoppedByBudget, stateWords } from '../state-words.ts'
import { renderTable, terminalWidth } from '../table.ts'
import { healthThere, lanesThere, sayUnservable } from '../unservable.ts'

export function add(program: Command): void {
  program
    .command('status')
    .argument('[sweep]', 'id or name of one sweep; all of them without it')
    .description('Sweeps and what became of their cells; where a service runs also its lanes, hosts and slots.')
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'ask this service instead of a data folder')
    .option('--token-file <file>', 'file with the token (or SWEEPBOARD_TOKEN)')
    .option('--resources', 'what each recipe of the sweep took: weights, memory, seconds, rates, latency of one query, energy')
    .option('--fleet', 'with --json: sweeps, lanes and hosts of the service as one document, not the sweeps alone')
    .option('--watch', 'show the fleet and refresh it until Ctrl-C; with --json one snapshot a line')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard status\n  sweepboard status first-sweep --json\n  sweepboard status --watch --to http://gpu-box:4400 --token-file read.token',
    )
    .action(status)
}

interface StatusOptions extends CommonOptions {
  readonly resources?: boolean
  readonly fleet?: boolean
  readonly watch?: boolean
}

async function status(name: string | undefined, options: StatusOptions): Promise<void> {
  if (name === undefined && !options.resources && (await showFleet(options))) return
  const source = openSource(options)
  try {
    if (options.resources) return await showResources(source, name, options)
    if (name === undefined) {
      const sweeps = await source.sweeps()
      if (options.json) return printJson(sweeps.map((one) => ({ ...one, stoppedByBudget: isStoppedByBudget(one) })))
      const rows = sweeps.map((s) => [
        s.name,
        s.id,
        isStoppedByBudget(s) ? 'over budget' : s.state,
        `${s.cells.scored}/${s.cells.total}`,
        String(s.cells.failed),
        s.createdAt.slice(0, 19).replace('T', ' '),
      ])
      return printResult(
        renderTable(
          [
            { title: 'sweep', min: 8 },
            { title: 'id', min: 17 },
            { title: 'state', min: 9 },
            { title: 'cells', align: 'right' },
            { title: 'failed', align: 'right' },
            { title: 'created', min: 19, isOptional: true },
          ],
          rows,
          terminalWidth(),
        ),
      )
    }
    const sweep = await findSweep(source, name)
    const cells = await source.cells(sweep.id)
    const lanes = sweep.state === 'running' ? await lanesThere(options) : []
    if (options.json) {
      const unservable = lanes.filter((lane) => lane.unservable?.sweeps.includes(sweep.id))
      return printJson({ ...sweep, stoppedByBudget: isStoppedByBudget(sweep), unservableLanes: unservable, cellRows: cells })
    }
    printResult(
      `${sweep.name} (${sweep.id}) is ${stateWords(sweep)}: ${sweep.cells.scored} of ${sweep.cells.total} cells scored, ${sweep.cells.failed} failed, ${sweep.chunks.done} of ${sweep.chunks.total} chunks encoded`,
    )
    const away = sweep.state === 'running' ? queueWords(await healthThere(options)) : null
    if (away !== null) printNote(away)
    for (const line of sayUnservable(lanes, sweep.id)) printNote(line)
    for (const line of describeCells(cells.filter((cell) => cell.state === 'failed'))) printNote(line)
  } finally {
    source.close()
  }
}

/** False where there is no service to ask, or only the sweeps are wanted. Throws `SB-SERVE-004` where `--watch` or `--fleet` needs one. */
async function showFleet(options: StatusOptions): Promise<boolean> {
  const isWanted = options.watch === true || options.fleet === true
  const url = options.to ?? findService(dataFolder(options))
  if (url === null && isWanted) throw new SweepError('SB-SERVE-004', { url: dataFolder(options), message: 'no service holds it' })
  if (url === null || (options.json && !isWanted)) return false
  const client = openClient(options, url)
  const read = () => readFleet(client)
  if (options.watch) {
    await watchFleet(read, url, options)
    return true
  }
  let fleet: FleetSnapshot
  try {
    fleet = await read()
  } catch (thrown) {
    // A data folder can be read without its service and the token of that.
    if (options.to !== undefined || isWanted) throw thrown
    printNote(`Lanes and hosts are not shown: ${toFailure(thrown).message}`)
    return false
  }
  if (options.json) printJson(fleet)
  else printResult(fleetTable(fleet, terminalWidth()))
  return true
}

async function watchFleet(read: () => Promise<FleetSnapshot>, url: string, options: StatusOptions): Promise<void> {
  const ending = new AbortController()
  onInterrupt(() => ending.abort())
  const { signal } = ending
  if (!options.json && process.stdout.isTTY)
    return showLive({ read, title: `${url}   Ctrl-C ends`, terminal: process.stdout, signal })
  while (!signal.aborted) {
    const fleet = await read()
    if (options.json) printEvent({ event: 'fleet', ...fleet })
    else printResult(`${fleetTable(fleet, terminalWidth())}\n`)
    await delay(options.json ? 1000 : 5000, undefined, { signal }).catch(() => undefined)
  }
}

/** Of the sweep named, else of the newest. */
async function showResources(source: Source, name: string | undefined, options: StatusOptions): Promise<void> {
  const rows = resourceRows(await source.cells((await findSweep(source, name)).id))
  if (options.json) printJson(rows)
  else printResult(resourceTable(rows))
}
