import { readPublished } from '@sweepboard/results'
import type { Command } from 'commander'
import type { CommonOptions } from '../context.ts'
import { printJson, printNote, printResult } from '../output.ts'
import { openWriter } from '../writer.ts'

export function add(program: Command): void {
  program
    .command('import')
    .argument('<path>', 'MTEB result file, or a folder of them')
    .description('Read published MTEB result files, so that they stand beside our own scores.')
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'ask this service instead of a data folder')
    .option('--token-file <file>', 'file with the token (or SWEEPBOARD_TOKEN)')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard import results/BAAI__bge-m3\n  sweepboard import ../mteb-results --to http://gpu-box:4400',
    )
    .action(async (path: string, options: CommonOptions) => {
      const read = readPublished(path)
      const writer = openWriter(options, { mayCreate: true })
      try {
        for (let at = 0; at < read.rows.length; at += 1000) await writer.importPublished(read.rows.slice(at, at + 1000))
      } finally {
        writer.close()
      }
      if (options.json) return printJson({ files: read.fileCount, rows: read.rows.length, skipped: read.skipped })
      for (const { file, reason } of read.skipped.slice(0, 20)) printNote(`left out ${file}: ${reason}`)
      if (read.skipped.length > 20) printNote(`... and ${read.skipped.length - 20} more`)
      printResult(`${read.rows.length} scores from ${read.fileCount} files, ${read.skipped.length} files left out`)
      if (read.fileCount === 0) process.exitCode = 1
    })
}
