import { SweepError } from '@sweepboard/contracts'
import { CachedRepo, COMMIT, type TreeFile } from './hub-cache.ts'
import { HubUnreached, hubJson } from './hub-request.ts'
import type { HubSettings } from './hub-settings.ts'

/** A file of a repository; `etag` names its blob: SHA-256 of a large file, else git's own id. */
export interface HubFile {
  readonly path: string
  /** Null when the cache alone speaks: size and id are then not known. */
  readonly blob: { readonly size: number; readonly etag: string; readonly isLarge: boolean } | null
}

/** A repository at a commit, with its files sorted by path. */
export interface HubTree {
  readonly repo: string
  readonly commit: string
  readonly files: readonly HubFile[]
  /** Why the hub was not reached, where the cache alone speaks for it; null offline and where the list is whole. */
  readonly unreached: HubUnreached | null
}

const REPO = /^(?!\.)[\w.-]+\/(?!\.)[\w.-]+$/

/**
 * Lists the files of a dataset repository. Of a commit whose list the cache has, nothing is asked; where the hub cannot be reached, as
 * offline, the cache says what there is.
 * @throws SweepError `SB-TASK-013` to `SB-TASK-015` as `hubGet`; `SB-TASK-016` offline without a snapshot
 */
export async function listTree(settings: HubSettings, repo: string, revision: string): Promise<HubTree> {
  // Both become parts of paths and addresses.
  if (!REPO.test(repo) || !isInside(revision)) throw new SweepError('SB-TASK-015', { repo, revision, what: 'such data set' })
  const cached = new CachedRepo(settings.cacheDir, repo)
  if (settings.offline) return cachedTree({ settings, cached, repo }, revision, null)
  let commit = COMMIT.test(revision) ? revision : null
  try {
    commit ??= await askCommit(settings, repo, revision)
    const kept = cached.treeOf(commit) ?? (await fetchTree(settings, cached, { repo, commit }))
    // Not before: a name stays at the commit the cache can be read at.
    if (commit !== revision) await cached.keepRef(revision, commit)
    return { repo, commit, files: filesOf(kept), unreached: null }
  } catch (thrown) {
    if (!(thrown instanceof HubUnreached)) throw thrown
    return cachedTree({ settings, cached, repo }, commit ?? revision, thrown)
  }
}

/** Why something only the cache could give is refused: `SB-TASK-016` offline, else the hub's own refusal with that as its cause. */
export function notCached(
  { cacheDir }: HubSettings,
  { repo, commit, unreached }: Pick<HubTree, 'repo' | 'commit' | 'unreached'>,
  what: string,
): SweepError {
  const lack = new SweepError('SB-TASK-016', { repo, revision: commit, what, cache: cacheDir })
  return unreached === null ? lack : unreached.withCause(lack)
}

interface CachePlace {
  readonly settings: HubSettings
  readonly cached: CachedRepo
  readonly repo: string
}

function cachedTree({ settings, cached, repo }: CachePlace, revision: string, unreached: HubUnreached | null): HubTree {
  const commit = cached.commitOf(revision)
  const paths = commit === null ? [] : cached.list(commit)
  if (commit === null || paths.length === 0) throw notCached(settings, { repo, commit: revision, unreached }, 'data')
  // With the list of the commit, a file that is needed and not there is refused by name, instead of never being missed.
  const listed = Object.keys(cached.treeOf(commit) ?? {}).filter(isInside)
  const all = [...new Set([...listed, ...paths])].sort()
  return { repo, commit, files: all.map((path) => ({ path, blob: null })), unreached }
}

async function askCommit(settings: HubSettings, repo: string, revision: string): Promise<string> {
  const url = `${settings.endpoint}/api/datasets/${repo}/revision/${encodeURIComponent(revision)}`
  const { json } = await hubJson(url, settings, { repo, revision, what: 'such revision' })
  const sha = (json as { sha?: unknown } | null)?.sha
  if (typeof sha === 'string' && COMMIT.test(sha)) return sha
  throw new SweepError('SB-TASK-013', { repo, what: `commit of ${revision}`, message: 'the answer names none' })
}

interface TreeEntry {
  readonly type: string
  readonly path: string
  readonly oid: string
  readonly size: number
  readonly lfs?: { readonly oid: string; readonly size: number }
}

async function fetchTree(
  settings: HubSettings,
  cached: CachedRepo,
  { repo, commit }: { repo: string; commit: string },
): Promise<Record<string, TreeFile>> {
  const files: Record<string, TreeFile> = {}
  let isWhole = true
  const subject = { repo, revision: commit, what: 'list of files' }
  let url: string | null = `${settings.endpoint}/api/datasets/${repo}/tree/${commit}?recursive=true`
  while (url !== null) {
    const page: { json: unknown; next: string | null } = await hubJson(url, settings, subject)
    if (!Array.isArray(page.json))
      throw new SweepError('SB-TASK-013', { repo, what: subject.what, message: 'the answer is no list' })
    for (const { type, path, oid, size, lfs } of page.json as TreeEntry[]) {
      if (type !== 'file' || !isInside(path)) continue
      files[path] = { size, blob_id: oid, ...(lfs && { lfs_sha256: lfs.oid, lfs_size: lfs.size }) }
    }
    const { next } = page
    const { origin } = new URL(settings.endpoint)
    // A page elsewhere would be asked without the token and could list anything.
    const isHere: boolean = next !== null && new URL(next, url).origin === origin
    if (next !== null && !isHere) isWhole = false
    url = isHere ? new URL(next as string, url).href : null
  }
  if (isWhole) await cached.keepTree(commit, files)
  return files
}

function filesOf(tree: Readonly<Record<string, TreeFile>>): HubFile[] {
  return Object.entries(tree)
    .filter(([path]) => isInside(path))
    .map(([path, { size, blob_id, lfs_sha256, lfs_size }]) => {
      const blob = { size: lfs_size ?? size, etag: lfs_sha256 ?? blob_id, isLarge: typeof lfs_sha256 === 'string' }
      return { path, blob }
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Paths come from outside: none may leave its snapshot. */
const isInside = (path: string) => !path.startsWith('/') && !path.includes('\\') && !path.split('/').some((part) => part === '..')
