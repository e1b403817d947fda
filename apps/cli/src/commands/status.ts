import { resourceRows } from '@sweepboard/results'
import type { Command } from 'commander'
import type { CommonOptions } from '../context.ts'
import { describeCells } from '../failures.ts'
import { printJson, printNote, printResult } from '../output.ts'
import { resourceTable } from '../resource-table.ts'
import { findSweep, openSource, type Source } from '../source.ts'
import { isStoppedByBudget, stateWords } from '../state-words.ts'
import { renderTable, terminalWidth } from '../table.ts'

export function add(program: Command): void {
  program
    .command('status')
    .argument('[sweep]', 'id or name of one sweep; all of them without it')
    .description('Sweeps and what became of their cells.')
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'ask this service instead of a data folder')
    .option('--token-file <file>', 'file with the token (or SWEEPBOARD_TOKEN)')
    .option('--resources', 'what each recipe of the sweep took: weights, memory, seconds, rates, latency of one query, energy')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard status\n  sweepboard status first-sweep --json\n  sweepboard status --to http://gpu-box:4400',
    )
    .action(status)
}

interface StatusOptions extends CommonOptions {
  readonly resources?: boolean
}

async function status(name: string | undefined, options: StatusOptions): Promise<void> {
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
    if (options.json) return printJson({ ...sweep, stoppedByBudget: isStoppedByBudget(sweep), cellRows: cells })
    printResult(
      `${sweep.name} (${sweep.id}) is ${stateWords(sweep)}: ${sweep.cells.scored} of ${sweep.cells.total} cells scored, ${sweep.cells.failed} failed, ${sweep.chunks.done} of ${sweep.chunks.total} chunks encoded`,
    )
    for (const line of describeCells(cells.filter((cell) => cell.state === 'failed'))) printNote(line)
  } finally {
    source.close()
  }
}

/** Of the sweep named, else of the newest. */
async function showResources(source: Source, name: string | undefined, options: StatusOptions): Promise<void> {
  const rows = resourceRows(await source.cells((await findSweep(source, name)).id))
  if (options.json) printJson(rows)
  else printResult(resourceTable(rows))
}
