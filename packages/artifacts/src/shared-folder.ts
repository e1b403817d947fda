import { randomBytes } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SweepError } from '@sweepboard/contracts'

/** What a service writes into its artifact folder, so that a worker can tell whether it has the same folder before it. */
export interface FolderMark {
  readonly ledger: string
  /** New with every start of the service: a copy of the folder goes stale. */
  readonly mark: string
}

const FILE = 'sweepboard-store.json'
/** A network file system may show an old file for so long. */
const CACHED_MS = 10_000
const LOOK_MS = 500

/**
 * Makes `link` (the `artifacts` of a data folder) stand for a folder elsewhere, for good: later starts find it there.
 * Throws `SB-ART-007` where the data folder has artifacts of its own already, or stands for another folder.
 */
export function linkFolder(link: string, folder: string): void {
  mkdirSync(folder, { recursive: true })
  const known = lstatSync(link, { throwIfNoEntry: false })
  if (known?.isSymbolicLink() && existsSync(link) && realpathSync(link) === realpathSync(folder)) return
  if (known?.isSymbolicLink()) throw new SweepError('SB-ART-007', { folder, message: `${link} points elsewhere` })
  if (known !== undefined) {
    const names = readdirSync(link).filter((name) => name !== FILE)
    if (names.length > 0)
      throw new SweepError('SB-ART-007', { folder, message: `${link} holds artifacts already; move them there first` })
    if (existsSync(join(link, FILE))) renameSync(join(link, FILE), join(folder, FILE))
    rmdirSync(link)
  }
  mkdirSync(dirname(link), { recursive: true })
  symlinkSync(realpathSync(folder), link)
}

/**
 * Marks a folder as that of this ledger; answers the mark to tell workers. `isUsed`: the ledger refers to artifacts already. Throws `SB-ART-007` where another ledger's service
 * has it, or where a folder elsewhere has lost its mark (as an empty mount point has none).
 */
export function markFolder(folder: string, ledger: string, isUsed = false): FolderMark & { readonly isLink: boolean } {
  const isLink = lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink() === true
  if (isLink && !existsSync(folder)) throw new SweepError('SB-ART-007', { folder, message: 'it is not there: is it mounted?' })
  const known = readMark(folder)
  if (isLink && isUsed && known === null)
    throw new SweepError('SB-ART-007', { folder, message: 'its mark is gone: is it mounted?' })
  if (known !== null && known.ledger !== ledger)
    throw new SweepError('SB-ART-007', { folder, message: `it belongs to the ledger ${known.ledger}` })
  const mark = { ledger, mark: randomBytes(8).toString('hex') }
  mkdirSync(folder, { recursive: true })
  const aside = join(folder, `${FILE}.${mark.mark}`)
  writeFileSync(aside, `${JSON.stringify(mark)}\n`)
  renameSync(aside, join(folder, FILE))
  return { ...mark, isLink }
}

/** Whether the folder before this process is the very one a service marked; waits a little for a network file system. */
export async function assertSameFolder(folder: string, wanted: FolderMark, cachedMs = CACHED_MS): Promise<void> {
  for (let waited = 0; ; waited += LOOK_MS) {
    const found = readMark(folder)
    if (found?.ledger === wanted.ledger && found.mark === wanted.mark) return
    if (waited >= cachedMs) {
      const message =
        found === null
          ? 'no service has marked it'
          : found.ledger === wanted.ledger
            ? 'it is a copy'
            : `it belongs to the ledger ${found.ledger}`
      throw new SweepError('SB-ART-007', { folder, message })
    }
    await sleep(LOOK_MS)
  }
}

function readMark(folder: string): FolderMark | null {
  try {
    const { ledger, mark } = JSON.parse(readFileSync(join(folder, FILE), 'utf8')) as Record<string, unknown>
    return { ledger: String(ledger), mark: String(mark) }
  } catch {
    return null
  }
}
