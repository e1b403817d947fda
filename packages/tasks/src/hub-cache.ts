import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, rename, symlink, unlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

export const COMMIT = /^[0-9a-f]{40}$/
/** Names of blobs: git's ids and SHA-256. They become parts of paths. */
const BLOB = /^([0-9a-f]{40}|[0-9a-f]{64})$/

/** One file in a commit's list, by the names huggingface_hub gives them. */
export interface TreeFile {
  readonly size: number
  readonly blob_id: string
  readonly lfs_sha256?: string
  readonly lfs_size?: number
}

/**
 * One dataset repository in the hub's cache: `datasets--<org>--<name>/` with `blobs/<etag>`, `snapshots/<commit>/<path>`
 * (links into blobs) and `refs/<revision>` (a commit). Written so that other tools reuse it, and read as they write it.
 */
export class CachedRepo {
  readonly folder: string

  constructor(cacheDir: string, repo: string) {
    this.folder = join(cacheDir, `datasets--${repo.replaceAll('/', '--')}`)
  }

  /** The commit of a revision as far as the cache knows it. */
  commitOf(revision: string): string | null {
    if (COMMIT.test(revision)) return revision
    const file = join(this.folder, 'refs', revision)
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : null
  }

  async keepRef(revision: string, commit: string): Promise<void> {
    const file = join(this.folder, 'refs', revision)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, commit)
  }

  snapshotPath(commit: string, path: string): string {
    return join(this.folder, 'snapshots', commit, path)
  }

  /** Where a file of a commit lies, null when the cache does not have it (or only a link to a blob that is gone). */
  find(commit: string, path: string): string | null {
    const file = this.snapshotPath(commit, path)
    return existsSync(file) ? file : null
  }

  /** Paths of the files the cache has of a commit, sorted. */
  list(commit: string): string[] {
    const root = join(this.folder, 'snapshots', commit)
    if (!existsSync(root)) return []
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .filter((path) => this.find(commit, path) !== null)
      .sort()
  }

  /** All files of a commit by path, where the cache has their list (`trees/<commit>.json`, as huggingface_hub writes it); else null. */
  treeOf(commit: string): Readonly<Record<string, TreeFile>> | null {
    const file = this.treePath(commit)
    if (!existsSync(file)) return null
    try {
      const tree = JSON.parse(readFileSync(file, 'utf8')) as { format_version?: number; files?: Record<string, TreeFile> }
      return tree.format_version === 1 && tree.files && Object.values(tree.files).every(isTreeFile) ? tree.files : null
    } catch {
      return null // cut short, or of a form to come: as good as none
    }
  }

  /** Keeps the list of a commit's files. A cache that cannot be written to is used without. */
  async keepTree(commit: string, files: Readonly<Record<string, TreeFile>>): Promise<void> {
    const file = this.treePath(commit)
    if (existsSync(file)) return
    try {
      await mkdir(dirname(file), { recursive: true })
      const aside = `${file}.${process.pid}.tmp`
      await writeFile(aside, JSON.stringify({ format_version: 1, files }, null, 1))
      await rename(aside, file)
    } catch {
      // Offline, what is missing is then told by the names of parts alone.
    }
  }

  treePath(commit: string): string {
    return join(this.folder, 'trees', `${commit}.json`)
  }

  blobPath(etag: string): string {
    return join(this.folder, 'blobs', etag)
  }

  /** Links a file of a commit to its blob, in one step; a link already there is replaced. */
  async link(commit: string, path: string, etag: string): Promise<string> {
    const file = this.snapshotPath(commit, path)
    await mkdir(dirname(file), { recursive: true })
    const aside = `${file}.${process.pid}.link`
    await unlink(aside).catch(() => undefined)
    await symlink(relative(dirname(file), this.blobPath(etag)), aside)
    await rename(aside, file)
    return file
  }
}

const isTreeFile = ({ size, blob_id, lfs_sha256, lfs_size }: TreeFile) =>
  Number.isInteger(lfs_size ?? size) && BLOB.test(lfs_sha256 ?? blob_id)
