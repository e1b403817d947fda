import type { Command } from 'commander'
import { share } from './number-option.ts'

/** Options of commands that fit something on one part of the queries and judge it on the other. */
export function addFitOptions(command: Command, queries: 'queries' | 'judged queries'): Command {
  return command
    .option('--fit-share <x>', `share of the ${queries} to fit on`, share, 0.5)
    .option('--seed <text>', 'draws the queries to fit on', '42')
}

/** Options of commands that read runs: of files, of a data folder, or of a service. */
export function addRunOptions(command: Command): Command {
  return command
    .option('--subset <name>', 'subset of a stored run')
    .option('--split <name>', 'split of a stored run')
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'ask this service instead of a data folder')
    .option('--token-file <file>', 'file with the token (or SWEEPBOARD_TOKEN)')
    .option('--json', 'one JSON document')
}
