import { existsSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { openFolderStore } from '@sweepboard/artifacts'
import { SweepError } from '@sweepboard/contracts'
import { Ledger } from '@sweepboard/ledger'
import { parseDuration } from '@sweepboard/planner'
import { Garbage, type GarbageRun } from '@sweepboard/results'
import type { Command } from 'commander'
import { type CommonOptions, dataFolder } from '../context.ts'
import { printJson, printResult } from '../output.ts'
import { openClient } from '../source.ts'

interface GcOptions extends CommonOptions {
  readonly olderThan: string
  readonly dryRun?: boolean
}

export function add(program: Command): void {
  program
    .command('gc')
    .description(
      'Delete artifacts (vectors, texts, runs) that no sweep refers to. A service does it by itself each hour; a file counted ' +
        'too early is only uploaded again.',
    )
    .option(
      '--older-than <duration>',
      'age of what may go: in a data folder since it was written, in a service since it first saw that nothing refers to it',
      '24h',
    )
    .option('--dry-run', 'count, delete nothing')
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'ask this service instead of a data folder')
    .option('--token-file <file>', 'file with the write token (or SWEEPBOARD_TOKEN)')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard gc --dry-run\n  sweepboard gc --older-than 1h\n  sweepboard gc --to http://gpu-box:4400 --json',
    )
    .action(gc)
}

async function gc(options: GcOptions): Promise<void> {
  const olderThanMs = parseDuration(options.olderThan)
  if (olderThanMs === null)
    throw new SweepError('SB-SPEC-004', { path: '--older-than', message: 'not a duration such as 24h or 30m' })
  const how = { olderThanMs, isDry: options.dryRun === true }
  const run = options.to
    ? ((await openClient(options, options.to).post('/gc', { olderThanMs, dryRun: how.isDry })) as GarbageRun)
    : await collectHere(dataFolder(options), how)
  if (options.json) return printJson({ ...run, dryRun: how.isDry })
  const word = how.isDry ? `${run.old} would go` : `${run.deleted} deleted`
  printResult(
    `${run.unreferenced} artifacts nothing refers to: ${word}${run.leftovers ? `, ${run.leftovers} broken writes removed` : ''}`,
  )
}

/** Throws `SB-LEDGER-001` where a service or a run holds the folder: ask it with `--to`. */
async function collectHere(folder: string, how: { olderThanMs: number; isDry: boolean }): Promise<GarbageRun> {
  const file = join(folder, 'ledger.db')
  if (!existsSync(file)) throw new SweepError('SB-FILE-001', { file, message: 'no sweep was run with this data folder' })
  const ledger = Ledger.open({ folder, holder: `sweepboard gc, process ${process.pid} on ${hostname()}` })
  const store = openFolderStore(join(folder, 'artifacts'))
  const writtenAt = (digest: string) =>
    statSync(join(store.folder, digest.slice(0, 2), digest), { throwIfNoEntry: false })?.mtimeMs ?? 0
  try {
    const garbage = new Garbage({ ledger, store, now: () => performance.now(), age: (digest) => Date.now() - writtenAt(digest) })
    return await garbage.collect(how)
  } finally {
    ledger.close()
  }
}
