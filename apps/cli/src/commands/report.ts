import { extname } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import { buildReport, reportHtml, reportMarkdown } from '@sweepboard/results'
import type { Command } from 'commander'
import type { CommonOptions } from '../context.ts'
import { printJson, printNote, printResult } from '../output.ts'
import { artifactOrNull, findSweep, openSource } from '../source.ts'
import { writeWhole } from '../write-file.ts'

interface ReportOptions extends CommonOptions {
  readonly output?: string
  readonly baseline?: string
}

const WRITERS = { '.md': reportMarkdown, '.markdown': reportMarkdown, '.html': reportHtml, '.htm': reportHtml } as const

export function add(program: Command): void {
  program
    .command('report')
    .argument('[sweep]', 'id or name of the sweep; the newest without it')
    .description(
      'One file of a sweep: metrics at each cut-off, differences to a baseline with intervals, resources, size against score, findings.',
    )
    .option('-o, --output <file>', 'file.md (Markdown) or file.html (one file that asks nothing of the network)')
    .option('--baseline <name>', 'system the differences are to, or part of its name; the first of the plan without it')
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'ask this service instead of a data folder')
    .option('--token-file <file>', 'file with the token (or SWEEPBOARD_TOKEN)')
    .option('--json', 'the report as one JSON document, beside the file where one is named')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard report first-sweep -o report.html\n  sweepboard report -o report.md --baseline bge-m3\n  sweepboard report first-sweep --json --to http://gpu-box:4400',
    )
    .action(report)
}

async function report(name: string | undefined, options: ReportOptions): Promise<void> {
  const { output } = options
  const write = output === undefined ? reportMarkdown : WRITERS[extname(output).toLowerCase() as keyof typeof WRITERS]
  if (write === undefined)
    throw new SweepError('SB-SPEC-004', { path: '--output', message: `${output} must end in .md or .html` })
  const source = openSource(options)
  try {
    const status = await findSweep(source, name)
    const cells = await source.cells(status.id)
    const { baseline } = options
    const found = await buildReport({ status, cells, artifact: (digest) => artifactOrNull(source, digest), baseline })
    if (baseline !== undefined && found.baseline === null && found.systems.length > 1)
      throw new SweepError('SB-SPEC-004', {
        path: '--baseline',
        message: `no system of this sweep is called ${baseline}; there are ${found.systems.map((system) => system.name).join(', ')}`,
      })
    if (output !== undefined) writeWhole(output, write(found))
    if (options.json) printJson(found)
    else if (output === undefined) printResult(write(found))
    else printNote(`${output}: ${found.systems.length} systems, ${found.entries.length} task entries`)
  } finally {
    source.close()
  }
}
