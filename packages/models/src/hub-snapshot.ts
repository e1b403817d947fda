import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Folder of a model repository in the hub's cache (`models--<org>--<name>/snapshots/<commit>`) at a commit, tag or branch as far as the
 * cache knows it. Of `main`, which one may have fetched by its commit alone, also the only snapshot there is. Null where there is none.
 */
export async function hubSnapshot(cache: string, repo: string, revision: string): Promise<string | null> {
  const root = join(cache, `models--${repo.replaceAll('/', '--')}`)
  const all: string[] = await readdir(join(root, 'snapshots')).catch(() => [])
  const named = all.includes(revision) ? revision : await readFile(join(root, 'refs', revision), 'utf8').catch(() => null)
  const commit = all.find((one) => one === named?.trim()) ?? (revision === 'main' && all.length === 1 ? all[0] : undefined)
  return commit === undefined ? null : join(root, 'snapshots', commit)
}
