import { exportPublished, exportResults } from '@sweepboard/results'
import type { Command } from 'commander'
import { type CommonOptions, VERSION } from '../context.ts'
import { printJson, printResult } from '../output.ts'
import { findSweep, openSource } from '../source.ts'
import { addHardNegatives } from './export-hard-negatives.ts'

export function add(program: Command): void {
  const command = program
    .command('export')
    .argument('<dir>', 'folder to write to')
    .description(
      'Write scored cells as MTEB v2 result files: DIR/<org>__<model>/<revision>/<Task>.json, other configs, and further recipes of one model and revision, below experiments/.',
    )
    .option('--sweep <name>', 'only the cells of this sweep')
    .option('--published', 'the imported files again, instead of our own scores')
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'ask this service instead of a data folder')
    .option('--token-file <file>', 'file with the token (or SWEEPBOARD_TOKEN)')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard export results/\n  sweepboard export results/ --sweep first-sweep\n  sweepboard export published/ --published',
    )
    .action(async (folder: string, options: CommonOptions & { sweep?: string; published?: boolean }) => {
      const source = openSource(options)
      try {
        if (options.published) {
          const { fileCount, hiddenCount } = await exportPublished(source.publishedFiles(), folder)
          if (options.json) return printJson({ fileCount, hiddenCount })
          const hidden = hiddenCount ? `; ${hiddenCount} of another dataset revision and the same name left out` : ''
          return printResult(`${fileCount} imported files below ${folder}${hidden}`)
        }
        const cells = options.sweep ? await source.cells((await findSweep(source, options.sweep)).id) : await source.scoredCells()
        const summary = exportResults(cells, folder, VERSION)
        if (options.json) printJson(summary)
        else
          printResult(
            `${summary.cellCount} cells in ${summary.fileCount} files below ${folder}${summary.limitedCount ? `; ${summary.limitedCount} cells of limited data left out` : ''}`,
          )
      } finally {
        source.close()
      }
    })
  addHardNegatives(command)
}
