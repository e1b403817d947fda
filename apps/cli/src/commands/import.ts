import type { SweepError } from '@sweepboard/contracts'
import { listResultFiles, type PublishedRow, readResultFile } from '@sweepboard/results'
import type { Command } from 'commander'
import type { CommonOptions } from '../context.ts'
import { printJson, printNote, printResult, visible } from '../output.ts'
import { CountPrinter } from '../progress.ts'
import { openWriter, type Writer } from '../writer.ts'

/** Rows sent at once, one transaction each: a few ms of the one who writes. */
const BATCH = 500
const SHOWN = 20

export function add(program: Command): void {
  program
    .command('import')
    .argument('<path>', 'MTEB result file, or a folder of them')
    .description(
      'Read published MTEB result files of any era, so that they stand beside our own scores. Importing again replaces; Ctrl-C keeps what was read.',
    )
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'send them to this service instead of a data folder')
    .option('--token-file <file>', 'file with the write token (or SWEEPBOARD_TOKEN)')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard import results/BAAI__bge-m3\n  sweepboard import ../mteb-results --to http://gpu-box:4400',
    )
    .action(importFiles)
}

async function importFiles(path: string, options: CommonOptions): Promise<void> {
  const files = listResultFiles(path)
  const skipped: { file: string; error: SweepError }[] = []
  const printer = new CountPrinter('files', files.length)
  const writer = openWriter(options, { mayCreate: true })
  let [rowCount, ownCount] = [0, 0]
  let waiting: PublishedRow[] = []
  try {
    for (const file of files) {
      const read = readResultFile(file, path)
      if ('error' in read) skipped.push(read)
      else {
        waiting.push(...read.rows)
        rowCount += read.rows.length
        if (read.isOurs) ownCount += 1
      }
      if (waiting.length >= BATCH) waiting = await send(writer, waiting)
      printer.step()
    }
    await send(writer, waiting)
  } finally {
    printer.finish()
    writer.close()
  }
  const fileCount = files.length - skipped.length
  if (fileCount === 0) process.exitCode = 1
  if (options.json) {
    const reasons = skipped.map(({ file, error }) => ({ file, code: error.code, reason: error.message }))
    return printJson({ files: fileCount, rows: rowCount, ours: ownCount, skipped: reasons })
  }
  for (const note of importNotes(skipped, ownCount)) printNote(note)
  printResult(`${rowCount} scores from ${fileCount} files, ${skipped.length} files left out`)
}

/** What is to be said of an import: each file that could not be read; experiments, of which an own export has many, in one line. */
export function importNotes(skipped: readonly { readonly error: SweepError }[], ownCount: number): string[] {
  const others = skipped.filter(({ error }) => error.code !== 'SB-FILE-003')
  const experiments = skipped.length - others.length
  const files = (count: number, is: string, are: string) => `${count} ${count === 1 ? `file ${is}` : `files ${are}`}`
  return [
    ...others.slice(0, SHOWN).map(({ error }) => visible(`left out: ${error.message}`)),
    ...(others.length > SHOWN ? [`... and ${others.length - SHOWN} more: --json names them all`] : []),
    ...(experiments > 0
      ? [
          `left out: ${files(experiments, 'is an experiment', 'are experiments')} (other dimensions, precision, instruction or stages): a published row is a model as it comes`,
        ]
      : []),
    ...(ownCount > 0
      ? [
          `${files(ownCount, 'was', 'were')} written by \`sweepboard export\`: published rows from now on, beside the scores that this board has computed`,
        ]
      : []),
  ]
}

/** Writes rows, a big file's in several parts; answers what is left to write: nothing. */
async function send(writer: Writer, rows: readonly PublishedRow[]): Promise<PublishedRow[]> {
  for (let at = 0; at < rows.length; at += BATCH) await writer.importPublished(rows.slice(at, at + BATCH))
  return []
}
