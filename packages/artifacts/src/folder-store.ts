import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type ArtifactStore, type Digest, isDigest, SweepError, sha256 } from '@sweepboard/contracts'
import { ASIDE, digestOfFile, type Expected, readPieces, writeWhole } from './whole-file.ts'

/** A store that gives big artifacts in pieces. */
export interface StreamStore extends ArtifactStore {
  /** The bytes in pieces, unchecked: who writes them down compares the digest. Throws `SB-ART-001` where there are none. */
  stream(digest: Digest): AsyncIterable<Uint8Array>
}

export interface CheckedFile {
  readonly bytes: number
  /** Bytes `[start, end)` in pieces. */
  read(start?: number, end?: number): AsyncIterable<Uint8Array>
}

/** The store in a folder, with what the service needs of it inside its own transactions. */
export interface FolderStore extends StreamStore {
  readonly folder: string
  /**
   * Stores what a source yields, piece by piece, if it has this digest; replaces what is there. Answers its bytes. Errors, after which
   * nothing of it is left: `SB-ART-002` to `SB-ART-006`.
   */
  write(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, expected: Expected): Promise<number>
  /**
   * A stored file whose bytes have their digest. Throws `SB-ART-001` absent, `SB-ART-002` damaged. A file is hashed again only once it changed.
   */
  openChecked(digest: Digest): Promise<CheckedFile>
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

/** Files remembered as good by their size and time. */
const CHECKED_FILES = 10_000

/**
 * Artifacts in `<folder>/<first two hex digits>/<digest>`, a layout that several processes may read and write at once.
 * A file appears whole or not at all: written aside, flushed, renamed. Nothing is created before the first `put`.
 * Errors: `SB-ART-001` absent, `SB-ART-002` damaged, `SB-ART-004` disk full, `SB-ART-006` not writable. What is no digest never becomes a path.
 */
export function openFolderStore(folder: string): FolderStore {
  const pathOf = (digest: Digest): string => {
    if (!isDigest(digest)) throw new SweepError('SB-ART-001', { digest: digest.slice(0, 80) })
    return join(folder, digest.slice(0, 2), digest)
  }
  const existing = (digest: Digest) => isDigest(digest) && existsSync(pathOf(digest))
  const remove = (digest: Digest) => rmSync(pathOf(digest), { force: true })
  const checked = new Map<Digest, string>()
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
      if (!(await holds(pathOf(digest), digest))) await writeWhole(pathOf(digest), [bytes], { digest })
      return digest
    },
    write: (source, expected) => writeWhole(pathOf(expected.digest), source, expected),
    stream: (digest) => streamFile(pathOf(digest), digest),
    openChecked: (digest) => openChecked(pathOf(digest), digest, checked),
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

async function* streamFile(path: string, digest: Digest): AsyncGenerator<Uint8Array> {
  try {
    yield* readPieces(path)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? new SweepError('SB-ART-001', { digest }, { cause: error }) : error
  }
}

/** `checked`: what the files found good looked like then. */
async function openChecked(path: string, digest: Digest, checked: Map<Digest, string>): Promise<CheckedFile> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new SweepError('SB-ART-001', { digest }, { cause: error }) : error
  })
  const look = `${info.ino} ${info.size} ${info.mtimeMs} ${info.ctimeMs}`
  if (checked.get(digest) !== look) {
    const found = await digestOfFile(path)
    if (found !== digest) throw new SweepError('SB-ART-002', { digest, found })
    const [oldest] = checked.keys()
    if (checked.size >= CHECKED_FILES && oldest !== undefined) checked.delete(oldest)
    checked.set(digest, look)
  }
  return { bytes: info.size, read: (start = 0, end = info.size) => readPieces(path, start, end) }
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
