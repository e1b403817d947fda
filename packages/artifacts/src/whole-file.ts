import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { type Digest, SweepError } from '@sweepboard/contracts'

/** Ending of a file that is being written, or whose writer was killed. */
export const ASIDE = '.tmp'
/** Bytes read at once: hashing them takes a fraction of a millisecond, and in between other work goes on. */
const READ_BYTES = 1 << 18

export interface Expected {
  readonly digest: Digest
  /** Most bytes accepted. */
  readonly limitBytes?: number
  /** Bytes announced; null where nobody said. */
  readonly announcedBytes?: number | null
}

/**
 * Writes what a source yields, piece by piece, to a file that appears whole and right or not at all: written aside and hashed on the way,
 * flushed, renamed over what was there. Several writers, on several hosts, may write the same file at once. Answers its bytes.
 * Errors, after which nothing is left: `SB-ART-002` another digest, `SB-ART-003` above the limit, `SB-ART-004` disk full, `SB-ART-005` the
 * source broke off or was not as long as announced, `SB-ART-006` the folder cannot be written.
 */
export async function writeWhole(path: string, source: Source, expected: Expected): Promise<number> {
  const { digest, limitBytes = Number.POSITIVE_INFINITY, announcedBytes = null } = expected
  if (announcedBytes !== null && announcedBytes > limitBytes)
    throw new SweepError('SB-ART-003', { sizeBytes: announcedBytes, limitBytes })
  const folder = dirname(path)
  // Random, because processes of two hosts may have one number.
  const aside = `${path}.${randomBytes(8).toString('hex')}${ASIDE}`
  try {
    await makeFolder(folder)
    const file = await open(aside, 'wx')
    let bytes = 0
    const hash = createHash('sha256')
    try {
      for await (const part of unbroken(source, digest, () => bytes)) {
        bytes += part.byteLength
        if (bytes > limitBytes) throw new SweepError('SB-ART-003', { sizeBytes: 'more', limitBytes })
        hash.update(part)
        for (let at = 0; at < part.byteLength; ) at += (await file.write(part, at)).bytesWritten
      }
      if (announcedBytes !== null && bytes !== announcedBytes)
        throw new SweepError('SB-ART-005', { digest, bytes, announced: announcedBytes })
      const found = hash.digest('hex')
      if (found !== digest) throw new SweepError('SB-ART-002', { digest, found })
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(aside, path)
    // The name must survive a power cut as well as the bytes: an outbox entry will rely on it.
    const parent = await open(folder, 'r')
    await parent.sync().finally(() => parent.close())
    return bytes
  } catch (error) {
    await unlink(aside).catch(() => undefined)
    throw toWriteError(error, folder)
  }
}

/** Node's recursive mkdir says ENOENT of a read-only file system; a plain one says what is the matter. */
async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return
    if (error.code !== 'ENOENT') throw error
    await mkdir(folder, { recursive: true })
  })
}

type Source = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** The source, its own failures told apart from those of the disk. */
async function* unbroken(source: Source, digest: Digest, bytes: () => number): AsyncGenerator<Uint8Array> {
  try {
    yield* source
  } catch (cause) {
    if (cause instanceof SweepError) throw cause
    throw new SweepError('SB-ART-005', { digest, bytes: bytes(), announced: 'more' }, { cause })
  }
}

function toWriteError(error: unknown, folder: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') return new SweepError('SB-ART-004', { folder }, { cause: error })
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM')
    return new SweepError('SB-ART-006', { folder, message: code }, { cause: error })
  return error
}

/** Bytes `[start, end)` of a file in pieces; ends with the file where `end` is left out. */
export function readPieces(path: string, start = 0, end?: number): AsyncIterable<Uint8Array> {
  if (end !== undefined && end <= start) return Readable.from([])
  return createReadStream(path, { start, highWaterMark: READ_BYTES, ...(end === undefined ? {} : { end: end - 1 }) })
}

/** SHA-256 of a file, read in pieces, so that other work goes on meanwhile. */
export async function digestOfFile(path: string): Promise<Digest> {
  const hash = createHash('sha256')
  for await (const part of readPieces(path)) hash.update(part)
  return hash.digest('hex')
}
