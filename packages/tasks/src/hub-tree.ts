import { SweepError } from '@sweepboard/contracts'
import { CachedRepo, type TreeFile } from './hub-cache.ts'
import { hubGet } from './hub-request.ts'
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
}

const REPO = /^(?!\.)[\w.-]+\/(?!\.)[\w.-]+$/

/**
 * Lists the files of a dataset repository; offline, those the cache has.
 * @throws SweepError `SB-TASK-013` to `SB-TASK-015` as `hubGet`; `SB-TASK-016` offline without a snapshot
 */
export async function listTree(settings: HubSettings, repo: string, revision: string): Promise<HubTree> {
  // Both become parts of paths and addresses.
  if (!REPO.test(repo) || !isInside(revision)) throw new SweepError('SB-TASK-015', { repo, revision, what: 'such data set' })
  const cached = new CachedRepo(settings.cacheDir, repo)
  if (settings.offline) {
    const commit = cached.commitOf(revision)
    const paths = commit === null ? [] : cached.list(commit)
    if (commit === null || paths.length === 0)
      throw new SweepError('SB-TASK-016', { repo, revision, what: 'data', cache: settings.cacheDir })
    // With the list of the commit, a file that is needed and not there is refused by name, instead of never being missed.
    const all = [...new Set([...(cached.treeOf(commit) ?? []).filter(isInside), ...paths])].sort()
    return { repo, commit, files: all.map((path) => ({ path, blob: null })) }
  }
  const known = /^[0-9a-f]{40}$/.test(revision) ? revision : null
  const commit = known ?? (await askCommit(settings, repo, revision))
  if (known === null) await cached.keepRef(revision, commit)
  return { repo, commit, files: await fetchTree(settings, cached, { repo, commit }) }
}

async function askCommit(settings: HubSettings, repo: string, revision: string): Promise<string> {
  const url = `${settings.endpoint}/api/datasets/${repo}/revision/${encodeURIComponent(revision)}`
  const subject = { repo, revision, what: 'such revision' }
  const { sha } = (await (await hubGet(url, settings, subject)).json()) as { sha: string }
  return sha
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
): Promise<HubFile[]> {
  const files: HubFile[] = []
  const kept: Record<string, TreeFile> = {}
  let isWhole = true
  const subject = { repo, revision: commit, what: 'list of files' }
  let url: string | null = `${settings.endpoint}/api/datasets/${repo}/tree/${commit}?recursive=true`
  while (url !== null) {
    const response = await hubGet(url, settings, subject)
    for (const { type, path, oid, size, lfs } of await readPage(response, repo)) {
      if (type !== 'file' || !isInside(path)) continue
      files.push({ path, blob: { size: lfs?.size ?? size, etag: lfs?.oid ?? oid, isLarge: lfs !== undefined } })
      kept[path] = { size, blob_id: oid, ...(lfs && { lfs_sha256: lfs.oid, lfs_size: lfs.size }) }
    }
    const next: string | undefined = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
    const { origin } = new URL(settings.endpoint)
    // A page elsewhere would be asked without the token and could list anything.
    const isHere: boolean = next !== undefined && new URL(next, url).origin === origin
    if (next !== undefined && !isHere) isWhole = false
    url = isHere ? new URL(next as string, url).href : null
  }
  if (isWhole) await cached.keepTree(commit, kept)
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function readPage(response: Response, repo: string): Promise<readonly TreeEntry[]> {
  const page: unknown = await response.json().catch(() => null)
  if (Array.isArray(page)) return page as TreeEntry[]
  throw new SweepError('SB-TASK-013', { repo, what: 'list of files', message: 'the answer is no list' })
}

/** Paths come from outside: none may leave its snapshot. */
const isInside = (path: string) => !path.startsWith('/') && !path.includes('\\') && !path.split('/').some((part) => part === '..')
