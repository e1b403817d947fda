import { stat, statfs, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { FolderStore, StreamStore } from '@sweepboard/artifacts'
import { type ArtifactStore, type Digest, SweepError } from '@sweepboard/contracts'
import { Backoff, pause } from './backoff.ts'
import { isDiskFull } from './durable-file.ts'

/** Without a limit of the user's, the cache may hold this share of what is free on its disk, its own files counted as free, … */
const DISK_SHARE = 0.25
/** … and no more than that. */
const MOST_BYTES = 100 * 2 ** 30
/** Age at which a file that was never finished counts as left behind by a killed child. */
const LEFTOVER_MS = 3_600_000
/** A file that came so lately may be of a child, and about to enter the outbox. */
const YOUNG_MS = 60_000
/** How often the time of the last use is written down. */
const TOUCH_MS = 60_000
/** Files looked at with one `stat` after the other, many at once. */
const AT_ONCE = 64

export interface CacheParts {
  /** The worker's own store, in whose folder the children read and write, too. */
  readonly own: FolderStore
  /** The service's store. */
  readonly remote: ArtifactStore | StreamStore
  /** Whether the outbox still needs a copy. */
  readonly needed: (digest: Digest) => boolean
  /** Default: a quarter of what is free on the disk, at most 100 GiB. */
  readonly limitBytes?: number | undefined
}

interface File {
  readonly digest: Digest
  readonly bytes: number
  readonly usedAt: number
}

/**
 * The worker's own artifacts: what its children wrote, until the service has acknowledged it, and copies of what they read. Beyond the
 * limit the least recently used go. What a lease in this process reads, what the outbox needs and what a child has just written stays,
 * so the limit may be exceeded by what is at work.
 */
export class ArtifactCache {
  readonly #parts: CacheParts
  readonly #pins = new Map<Digest, number>()
  /** Files that the service has, too. */
  readonly #copies = new Set<Digest>()
  /** When each file was first seen here, by a clock that does not jump; before all time, if before this process. */
  readonly #firstSeen = new Map<Digest, number>()
  readonly #touchedAt = new Map<Digest, number>()
  #limit: number | null
  /** Bytes held, as of the last look and what came since. */
  #bytes = 0
  #trimming: Promise<void> | null = null

  constructor(parts: CacheParts) {
    this.#parts = parts
    this.#limit = parts.limitBytes ?? null
    for (const digest of parts.own.list()) this.#firstSeen.set(digest, Number.NEGATIVE_INFINITY)
  }

  /**
   * Makes sure that a copy is here; waits as long as the service is away. Throws `SB-ART-001` or `SB-ART-002` when the
   * service lacks it or gave damaged bytes twice, `SB-ART-004` or `-006` when the own disk is full or read-only, and the signal's reason when aborted.
   */
  async fetch(digest: Digest, signal: AbortSignal): Promise<void> {
    if (await this.#parts.own.has(digest)) return await this.#touch(digest)
    const backoff = new Backoff(250, 15_000)
    for (let damaged = 0; ; ) {
      signal.throwIfAborted()
      const got: unknown = await this.#download(digest, signal).catch((error: unknown) => error)
      if (typeof got === 'number') {
        this.#copies.add(digest)
        return await this.#grow(got)
      }
      const code = got instanceof SweepError ? got.code : null
      if (code === 'SB-ART-002') damaged += 1
      if (code === 'SB-ART-001' || isDiskFull(got) || damaged >= 2) throw got
      await pause(backoff.next(), signal)
    }
  }

  /** Writes a copy piece by piece and answers its bytes. */
  async #download(digest: Digest, signal: AbortSignal): Promise<number> {
    const { own, remote } = this.#parts
    if (!('stream' in remote)) return own.write([await remote.get(digest)], { digest })
    return own.write(abortable(remote.stream(digest), signal), { digest })
  }

  /** The bytes of the worker's own copy; null when there is none, or a damaged one. */
  async own(digest: Digest): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#parts.own.get(digest).catch((error: unknown) => {
      if (error instanceof SweepError && (error.code === 'SB-ART-001' || error.code === 'SB-ART-002')) return null
      throw error
    })
  }

  /** The service has these, which a child of this worker wrote: they are copies now, and count as such. */
  delivered(digests: readonly Digest[]): void {
    for (const digest of digests) {
      this.#copies.add(digest)
      this.#bytes += this.#parts.own.sizeSync(digest) ?? 0
    }
    // A look that fails is taken again after the next delivery.
    this.#grow(0).catch(() => undefined)
  }

  /** Keeps these artifacts, here or to come, until the returned function is called. */
  pin(digests: readonly Digest[]): () => void {
    for (const digest of digests) this.#pins.set(digest, (this.#pins.get(digest) ?? 0) + 1)
    return () => {
      for (const digest of digests) {
        const left = (this.#pins.get(digest) ?? 1) - 1
        if (left === 0) this.#pins.delete(digest)
        else this.#pins.set(digest, left)
      }
    }
  }

  /** Throws copies away, because they turned out damaged. */
  discard(digests: readonly Digest[]): void {
    for (const digest of digests) this.#remove(digest)
  }

  /**
   * Removes the least recently used copies that nobody needs until the rest is within `limitBytes`, and what killed writers left
   * behind. With 0, on a full disk, every copy goes that can be fetched again.
   */
  async trim(limitBytes?: number): Promise<void> {
    while (this.#trimming !== null) await this.#trimming
    this.#trimming = this.#trim(limitBytes).finally(() => {
      this.#trimming = null
    })
    await this.#trimming
  }

  async #trim(limitBytes?: number): Promise<void> {
    const { own } = this.#parts
    own.removeLeftovers(LEFTOVER_MS)
    const files = await this.#files()
    this.#bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    const limit = limitBytes ?? (await this.#limitOr(this.#bytes))
    for (const file of files.sort((a, b) => a.usedAt - b.usedAt)) {
      if (this.#bytes <= limit) return
      if (!this.#mayGo(file.digest)) continue
      this.#remove(file.digest)
      this.#bytes -= file.bytes
    }
  }

  #mayGo(digest: Digest): boolean {
    if (this.#pins.has(digest) || this.#parts.needed(digest)) return false
    const now = performance.now()
    const since = this.#firstSeen.get(digest) ?? now
    this.#firstSeen.set(digest, since)
    return this.#copies.has(digest) || now - since >= YOUNG_MS
  }

  #remove(digest: Digest): void {
    this.#parts.own.remove(digest)
    this.#copies.delete(digest)
    this.#touchedAt.delete(digest)
    this.#firstSeen.delete(digest)
  }

  /** Looks around only once what came in has filled the limit. */
  async #grow(bytes: number): Promise<void> {
    this.#bytes += bytes
    if (this.#limit !== null && this.#bytes > this.#limit && this.#trimming === null) await this.trim()
  }

  async #limitOr(held: number): Promise<number> {
    if (this.#limit !== null) return this.#limit
    const disk = await statfs(this.#parts.own.folder).catch(() => null)
    this.#limit = disk === null ? MOST_BYTES : Math.min(MOST_BYTES, DISK_SHARE * (disk.bavail * disk.bsize + held))
    return this.#limit
  }

  /** Writes down that a copy was used, in its file's time: a later start knows it, too. */
  async #touch(digest: Digest): Promise<void> {
    this.#copies.add(digest)
    const now = Date.now()
    if (now - (this.#touchedAt.get(digest) ?? Number.NEGATIVE_INFINITY) < TOUCH_MS) return
    this.#touchedAt.set(digest, now)
    await utimes(this.#pathOf(digest), now / 1000, now / 1000).catch(() => undefined)
  }

  async #files(): Promise<File[]> {
    const digests = [...this.#parts.own.list()]
    const files: File[] = []
    for (let at = 0; at < digests.length; at += AT_ONCE) {
      const slice = digests.slice(at, at + AT_ONCE)
      const infos = await Promise.all(slice.map((digest) => stat(this.#pathOf(digest)).catch(() => null)))
      infos.forEach((info, i) => {
        if (info !== null) files.push({ digest: slice[i] as Digest, bytes: info.size, usedAt: info.mtimeMs })
      })
    }
    return files
  }

  #pathOf(digest: Digest): string {
    return join(this.#parts.own.folder, digest.slice(0, 2), digest)
  }
}

async function* abortable(pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    signal.throwIfAborted()
    yield piece
  }
}
