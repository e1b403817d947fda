import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type ArtifactStore, type Digest, isDigest, SweepError, sha256 } from '@sweepboard/contracts'

/** The store in a folder, with what the service needs of it inside its own transactions. */
export interface FolderStore extends ArtifactStore {
  readonly folder: string
  /** Whether a file of that digest is there; says nothing about its bytes. */
  existsSync(digest: Digest): boolean
  /**
   * Whether the bytes are there and have their digest. Damaged bytes are removed, because as long as they lie there they
   * would be taken for stored.
   */
  verifySync(digest: Digest): boolean
  /** Size of the stored file in bytes; null where there is none. */
  sizeSync(digest: Digest): number | null
  /** The bytes, unchecked; null where there is no such file. For a reader that validates what it reads. */
  readSync(digest: Digest): Uint8Array | null
  /** Digests of all stored files, in no order. */
  list(): Iterable<Digest>
  /** Removes an artifact; an absent one is no error. */
  remove(digest: Digest): void
  /** Removes what writers killed in the middle of a write left behind at least `olderThanMs` ago; returns how many files. */
  removeLeftovers(olderThanMs: number): number
}

const ASIDE = '.tmp'
let asides = 0

/**
 * Artifacts in `<folder>/<first two hex digits>/<digest>`, a layout that several processes may read and write at once.
 * A file appears whole or not at all: written aside, flushed, renamed. Nothing is created before the first `put`.
 * Errors: `SB-ART-001` absent, `SB-ART-002` damaged, `SB-ART-004` disk full. What is no digest never becomes a path.
 */
export function openFolderStore(folder: string): FolderStore {
  const pathOf = (digest: Digest): string => {
    if (!isDigest(digest)) throw new SweepError('SB-ART-001', { digest: digest.slice(0, 80) })
    return join(folder, digest.slice(0, 2), digest)
  }
  const existing = (digest: Digest) => isDigest(digest) && existsSync(pathOf(digest))
  const remove = (digest: Digest) => rmSync(pathOf(digest), { force: true })
  const verifySync = (digest: Digest): boolean => {
    if (!existing(digest)) return false
    const good = sha256(readFileSync(pathOf(digest))) === digest
    if (!good) remove(digest)
    return good
  }
  return {
    folder,
    existsSync: existing,
    verifySync,
    sizeSync: (digest) => (isDigest(digest) ? (statSync(pathOf(digest), { throwIfNoEntry: false })?.size ?? null) : null),
    readSync: (digest) => (existing(digest) ? readFileSync(pathOf(digest)) : null),
    remove,
    has: async (digest) => existing(digest),
    get: async (digest) => readChecked(pathOf(digest), digest),
    put: async (bytes) => {
      const digest = sha256(bytes)
      // Compared, not only looked for: putting an artifact again is how a damaged one is repaired.
      if (!(await holds(pathOf(digest), digest))) await writeWhole(folder, pathOf(digest), bytes)
      return digest
    },
    list: () => filesOf(folder).filter(isDigest),
    removeLeftovers: (olderThanMs) => removeLeftovers(folder, olderThanMs),
  }
}

async function readChecked(path: string, digest: Digest): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new SweepError('SB-ART-001', { digest }, { cause: error })
    throw error
  })
  const found = sha256(bytes)
  if (found !== digest) throw new SweepError('SB-ART-002', { digest, found })
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

async function holds(path: string, digest: Digest): Promise<boolean> {
  if (!existsSync(path)) return false
  return readChecked(path, digest).then(
    () => true,
    () => false,
  )
}

async function writeWhole(folder: string, path: string, bytes: Uint8Array): Promise<void> {
  asides += 1
  const aside = `${path}.${process.pid}.${asides}${ASIDE}`
  try {
    await mkdir(dirname(path), { recursive: true })
    const file = await open(aside, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(aside, path)
  } catch (error) {
    await unlink(aside).catch(() => {})
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new SweepError('SB-ART-004', { folder }, { cause: error })
    throw error
  }
  // The name must survive a power cut as well as the bytes: an outbox entry will rely on it.
  const parent = await open(dirname(path), 'r')
  await parent.sync().finally(() => parent.close())
}

/** File names one level down; a folder that is not there (yet) holds none. */
function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return []
  const prefixes = readdirSync(folder).filter((name) => /^[0-9a-f]{2}$/.test(name))
  return prefixes.flatMap((prefix) => readdirSync(join(folder, prefix)))
}

function removeLeftovers(folder: string, olderThanMs: number): number {
  const asideFiles = filesOf(folder).filter((name) => name.endsWith(ASIDE))
  const old = asideFiles
    .map((name) => join(folder, name.slice(0, 2), name))
    .filter((path) => {
      const writtenAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs
      return writtenAt !== undefined && Date.now() - writtenAt >= olderThanMs
    })
  for (const path of old) rmSync(path, { force: true })
  return old.length
}
