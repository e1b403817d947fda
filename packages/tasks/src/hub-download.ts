import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { SweepError } from '@sweepboard/contracts'
import { withFileLock } from './file-lock.ts'
import { untilStalled } from './hub-body.ts'
import { CachedRepo } from './hub-cache.ts'
import { hubGet, networkReason } from './hub-request.ts'
import { type HubSettings, STALL_MS } from './hub-settings.ts'
import { type HubFile, type HubTree, notCached } from './hub-tree.ts'

/** Downloads that bring nothing new, one after the other, before it is given up. */
const FRUITLESS = 5

/**
 * The path of a file of a repository, downloaded first where the cache does not have it. A download that broke off goes on
 * where it ended (`Range`), in this call or a later one; what arrives is checked by size and hash before it counts.
 * @throws SweepError `SB-TASK-013` to `SB-TASK-015` as `hubGet`; as `notCached` where only the cache is read; `SB-ART-004` when the disk is full
 */
export async function hubFile(settings: HubSettings, tree: HubTree, file: HubFile): Promise<string> {
  const { repo, commit } = tree
  const cached = new CachedRepo(settings.cacheDir, repo)
  const found = cached.find(commit, file.path)
  if (found !== null) return found
  const { blob } = file
  if (blob === null || settings.offline) throw notCached(settings, tree, file.path)
  const path = cached.blobPath(blob.etag)
  await mkdir(dirname(path), { recursive: true })
  await withFileLock(`${path}.sweepboard-lock`, async () => {
    if ((await sizeOf(path)) !== blob.size) await download({ settings, repo, commit, file: file.path, blob, path })
  })
  return cached.link(commit, file.path, blob.etag)
}

interface Download {
  readonly settings: HubSettings
  readonly repo: string
  readonly commit: string
  readonly file: string
  readonly blob: NonNullable<HubFile['blob']>
  readonly path: string
}

async function download(job: Download): Promise<void> {
  const { settings, repo, commit, file, blob, path } = job
  const partial = `${path}.incomplete`
  const url = `${settings.endpoint}/datasets/${repo}/resolve/${commit}/${file.split('/').map(encodeURIComponent).join('/')}`
  const subject = { repo, revision: commit, what: `file ${file}` }
  await (await open(partial, 'a')).close()
  let reason = ''
  for (let fruitless = 0; fruitless < FRUITLESS; ) {
    const had = (await sizeOf(partial)) ?? 0
    if (had === blob.size && (await hashOf(partial, blob)) === blob.etag) return rename(partial, path)
    if (had >= blob.size) {
      await unlink(partial).catch(() => undefined)
      if (had > 0) reason = 'what arrived has another size or hash'
    }
    const from = had >= blob.size ? 0 : had
    const headers = { 'accept-encoding': 'identity', ...(from > 0 ? { range: `bytes=${from}-` } : {}) }
    const response = await hubGet(url, settings, subject, headers)
    const stallMs = settings.stallMs ?? STALL_MS
    reason = (await append(response, partial, { from, size: blob.size, stallMs })) ?? reason
    if (((await sizeOf(partial)) ?? 0) > had) continue
    fruitless += 1
    await wait((settings.retryMs ?? 500) * fruitless)
  }
  throw new SweepError('SB-TASK-013', { repo, what: `file ${file}`, message: reason || 'it stays incomplete' })
}

/** Writes a body behind what is there, or anew when the range was not honoured; answers why it broke off, if it did. */
async function append(
  response: Response,
  partial: string,
  { from, size, stallMs }: { from: number; size: number; stallMs: number },
): Promise<string | null> {
  if (response.status === 416) {
    await response.body?.cancel()
    await unlink(partial).catch(() => undefined)
    return 'the range was refused'
  }
  const isRest = response.status === 206
  const handle = await open(partial, isRest ? 'a' : 'w')
  let written = isRest ? from : 0
  try {
    for await (const block of untilStalled(response, stallMs)) {
      written += block.length
      if (written > size) return 'more came than the file has'
      await handle.write(block)
    }
    await handle.sync()
    return written < size ? 'the body ended early' : null
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new SweepError('SB-ART-004', { folder: dirname(partial) }, { cause: thrown })
    return networkReason(thrown)
  } finally {
    await handle.close()
  }
}

async function hashOf(file: string, { size, isLarge }: Download['blob']): Promise<string> {
  const hash = isLarge ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`)
  for await (const block of createReadStream(file)) hash.update(block as Buffer)
  return hash.digest('hex')
}

const sizeOf = (file: string): Promise<number | null> =>
  stat(file).then(
    ({ size }) => size,
    () => null,
  )
