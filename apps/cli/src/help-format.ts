import type { HelpConfiguration } from 'commander'

/** Columns of the terminal; of a pipe what COLUMNS says, else 80. */
export function helpWidth(): number {
  return process.stdout.columns ?? (Number(process.env.COLUMNS) || 80)
}

/**
 * How every `--help` is laid out. Commander wraps descriptions only where 40 columns are left for them; beside the longest option of
 * `serve` there are 36 on a terminal of 80, and all of its lines ran on.
 */
export const HELP: HelpConfiguration = { sortSubcommands: false, minWidthToWrap: 24 }
