import { existsSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { openFolderStore } from '@sweepboard/artifacts'
import { SweepError } from '@sweepboard/contracts'
import { Ledger } from '@sweepboard/ledger'
import { parseByteSize, parseDuration } from '@sweepboard/planner'
import { Garbage, type GarbageRun, ServiceClient, type VectorOrder } from '@sweepboard/results'
import type { Command } from 'commander'
import { type CommonOptions, dataFolder, readToken } from '../context.ts'
import { sayForgotten, sayUnreferenced } from '../gc-words.ts'
import { printJson, printResult } from '../output.ts'

/** A big store is looked through file by file; after five minutes fetch itself gives up, while the service goes on. */
const SERVICE_MS = 300_000

interface GcOptions extends CommonOptions {
  readonly olderThan?: string
  readonly sweep?: readonly string[]
  readonly untilUnder?: string
  readonly unreferencedFor: string
  readonly dryRun?: boolean
}

interface Order {
  readonly olderThanMs: number
  readonly isDry: boolean
  readonly vectors?: VectorOrder
}

export function add(program: Command): void {
  program
    .command('gc')
    .description(
      'Free disk space. Alone it deletes files that no sweep refers to, which a service does by itself each hour. With --older-than, ' +
        '--sweep or --until-under it forgets vectors too: each option narrows what goes. Scores, ranked lists and evidence always stay, ' +
        'nothing that a running or paused sweep needs goes, and what a later sweep needs is encoded again.',
    )
    .option('--older-than <duration>', 'vectors that nothing was committed to or scored from for so long, e.g. 30d')
    .option('--sweep <names...>', 'vectors of these sweeps (names or ids), but for those that another sweep keeps')
    .option('--until-under <size>', 'least recently used vectors first, until the store is no bigger, e.g. 200GB')
    .option(
      '--unreferenced-for <duration>',
      'age at which a file nothing refers to goes: in a data folder since it was written, in a service since it first saw that',
      '24h',
    )
    .option('--dry-run', 'say what would go and how much it is, delete nothing')
    .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'ask this service instead of a data folder: needed where one holds the folder')
    .option('--token-file <file>', 'file with the write token (or SWEEPBOARD_TOKEN)')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard gc --dry-run\n  sweepboard gc --older-than 30d --dry-run\n  sweepboard gc --sweep last-week\n' +
        '  sweepboard gc --until-under 200GB --to http://gpu-box:4400 --json',
    )
    .action(gc)
}

async function gc(options: GcOptions): Promise<void> {
  const order = readOrder(options)
  const { olderThanMs, isDry, vectors } = order
  const run = options.to
    ? ((await new ServiceClient({ url: options.to, token: readToken(options), timeoutMs: SERVICE_MS }).post('/gc', {
        olderThanMs,
        dryRun: isDry,
        ...(vectors && { vectors }),
      })) as GarbageRun)
    : await collectHere(dataFolder(options), order)
  if (options.json) return printJson({ ...run, dryRun: isDry })
  printResult(sayUnreferenced(run, isDry))
  if (run.vectors) printResult(sayForgotten(run.vectors, isDry))
}

/** Throws `SB-SPEC-004` naming the option that cannot be read. */
function readOrder(options: GcOptions): Order {
  const read = <T>(path: string, text: string, parse: (text: string) => T | null, example: string): T => {
    const value = parse(text)
    if (value === null) throw new SweepError('SB-SPEC-004', { path, message: `not ${example}` })
    return value
  }
  const { olderThan, sweep, untilUnder, unreferencedFor } = options
  const vectors = {
    ...(olderThan && { unusedForMs: read('--older-than', olderThan, parseDuration, 'a duration such as 30d or 12h') }),
    ...(sweep && { sweeps: sweep }),
    ...(untilUnder && { untilUnderBytes: read('--until-under', untilUnder, parseByteSize, 'a size such as 200GB or 1.5TiB') }),
  }
  return {
    olderThanMs: read('--unreferenced-for', unreferencedFor, parseDuration, 'a duration such as 24h or 30m'),
    isDry: options.dryRun === true,
    ...(Object.keys(vectors).length > 0 && { vectors }),
  }
}

/** Throws `SB-LEDGER-001` where a service or a run holds the folder: ask it with `--to`. */
async function collectHere(folder: string, { vectors, ...how }: Order): Promise<GarbageRun> {
  const file = join(folder, 'ledger.db')
  if (!existsSync(file)) throw new SweepError('SB-FILE-001', { file, message: 'no sweep was run with this data folder' })
  const ledger = Ledger.open({ folder, holder: `sweepboard gc, process ${process.pid} on ${hostname()}` })
  const store = openFolderStore(join(folder, 'artifacts'))
  const writtenAt = (digest: string) =>
    statSync(join(store.folder, digest.slice(0, 2), digest), { throwIfNoEntry: false })?.mtimeMs ?? 0
  try {
    const sweeps = vectors?.sweeps && ledger.sweepIds(vectors.sweeps)
    const garbage = new Garbage({ ledger, store, now: () => performance.now(), age: (digest) => Date.now() - writtenAt(digest) })
    if (!how.isDry) await garbage.retire()
    return await garbage.collect({ ...how, ...(vectors && { vectors: { ...vectors, ...(sweeps && { sweeps }) } }) })
  } finally {
    ledger.close()
  }
}
