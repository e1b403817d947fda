import { ERRORS, type ErrorCode, type ErrorEntry, EXIT_CODE, SweepError } from '@sweepboard/contracts'
import { closest } from '@sweepboard/tasks'
import type { Command } from 'commander'
import { printJson, printResult } from '../output.ts'

export function add(program: Command): void {
  program
    .command('explain')
    .argument('[code]', 'an error code; all of them without it')
    .description('What an error code means and what to do.')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExamples:\n  sweepboard explain SB-TASK-006\n  sweepboard explain --json')
    .action((code: string | undefined, options: { json?: boolean }) => {
      const wanted = code?.toUpperCase()
      if (wanted !== undefined && !(wanted in ERRORS))
        throw new SweepError('SB-CORE-005', { code, suggestion: closest(wanted, Object.keys(ERRORS)) ?? undefined })
      const codes = (wanted === undefined ? Object.keys(ERRORS) : [wanted]) as ErrorCode[]
      const rows = codes.map((name) => {
        const entry: ErrorEntry = ERRORS[name]
        const shown = new Proxy({}, { get: (_, key) => `<${String(key)}>` })
        return { code: name, kind: entry.kind, exit: EXIT_CODE[entry.kind], says: entry.says(shown), fix: entry.fix }
      })
      if (options.json) printJson(wanted === undefined ? rows : rows[0])
      else
        printResult(
          rows.map((row) => `${row.code}  (${row.kind}, exit ${row.exit})\n  ${row.says}\n  What to do: ${row.fix}`).join('\n'),
        )
    })
}
