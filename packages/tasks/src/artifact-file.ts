import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Digest, SweepError, sha256 } from '@sweepboard/contracts'

/**
 * Writes bytes to `<folder>/<first 2 hex>/<digest>` and answers the digest. The path holds the whole file or nothing after
 * a crash at any instant: written beside its place, flushed, renamed, and the folder flushed. A file of that digest and
 * size already there is kept.
 * @throws SweepError `SB-ART-004` when the disk is full
 */
export async function writeArtifact(folder: string, bytes: Uint8Array): Promise<Digest> {
  const digest = sha256(bytes)
  const path = join(folder, digest.slice(0, 2), digest)
  const known = await stat(path).catch(() => null)
  if (known?.size === bytes.length) return digest
  await mkdir(dirname(path), { recursive: true })
  const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    const file = await open(aside, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(aside, path)
  } catch (cause) {
    await unlink(aside).catch(() => undefined)
    throw asDiskFull(cause, folder)
  }
  const parent = await open(dirname(path), 'r')
  await parent.sync().finally(() => parent.close())
  return digest
}

function asDiskFull(thrown: unknown, folder: string): unknown {
  const { code } = thrown as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT' ? new SweepError('SB-ART-004', { folder }, { cause: thrown }) : thrown
}
