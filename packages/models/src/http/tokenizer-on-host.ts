import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Load, SweepError } from '@sweepboard/contracts'
import type { TextTokenizer } from '../text-tokenizer.ts'

/** SHA-256 of a folder's tokenizer.json; null when it has none. */
export async function tokenizerDigest(folder: string): Promise<string | null> {
  return readFile(join(folder, 'tokenizer.json')).then(
    (bytes) => createHash('sha256').update(bytes).digest('hex'),
    () => null,
  )
}

/**
 * The tokenizer a remote load was planned with: where the plan saw it, or in any folder below `modelsRoot` whose
 * tokenizer.json has the planned digest. null when the load was planned without one: the
 * tokenizer's code is then not even loaded.
 * @throws SweepError `SB-MODEL-001` when no such file is on this host
 */
export async function openTokenizerOf(load: Load, modelsRoot: string | undefined): Promise<TextTokenizer | null> {
  const wanted = load.identity.options.tokenizer
  if (typeof wanted !== 'string') return null
  const planned = load.open.tokenizer ?? load.open.folder
  for (const folder of [...(planned === null ? [] : [planned]), ...(await foldersBelow(modelsRoot))])
    if ((await tokenizerDigest(folder)) === wanted)
      return (await import('../text-tokenizer.ts')).openTextTokenizer(folder, load.model)
  throw new SweepError('SB-MODEL-001', { path: `${planned ?? modelsRoot ?? load.model}/tokenizer.json (${wanted.slice(0, 12)})` })
}

/** Folders one and two levels below a root: `name` and `org/name`. */
async function foldersBelow(root: string | undefined): Promise<string[]> {
  if (root === undefined) return []
  const first = await subfolders(root)
  const second = await Promise.all(first.map(subfolders))
  return [...first, ...second.flat()]
}

async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name))
}
