import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { FolderStore } from '@sweepboard/artifacts'
import { type ArtifactStore, type Digest, SweepError } from '@sweepboard/contracts'
import { Backoff, pause } from './backoff.ts'

/** Bytes the worker's own store may hold beside what the outbox and running leases need. */
const LIMIT_BYTES = 8 * 2 ** 30
/** Age at which a file that was never finished counts as left behind by a killed child. */
const LEFTOVER_MS = 3_600_000

export interface CacheParts {
  /** The worker's own store, in whose folder the children read and write, too. */
  readonly own: FolderStore
  /** The service's store. */
  readonly remote: ArtifactStore
  /** Whether the outbox still needs a copy. */
  readonly needed: (digest: Digest) => boolean
  readonly limitBytes?: number
}

/**
 * The worker's own artifacts: what its children wrote, until the service has acknowledged it, and copies of what they
 * read. Beyond the limit the oldest go that nobody needs.
 */
export class ArtifactCache {
  readonly #parts: CacheParts
  readonly #limit: number
  readonly #pins = new Map<Digest, number>()
  #grown = 0

  constructor(parts: CacheParts) {
    this.#parts = parts
    this.#limit = parts.limitBytes ?? LIMIT_BYTES
  }

  /**
   * Makes sure that a copy is here; waits as long as the service is away. Throws `SB-ART-001` or `SB-ART-002` when the
   * service lacks it or gave damaged bytes twice, and the signal's reason when aborted.
   */
  async fetch(digest: Digest, signal: AbortSignal): Promise<void> {
    if (await this.#parts.own.has(digest)) return
    const backoff = new Backoff(250, 15_000)
    for (let damaged = 0; ; ) {
      signal.throwIfAborted()
      const got: unknown = await this.#parts.remote.get(digest).catch((error: unknown) => error)
      if (got instanceof Uint8Array) {
        await this.#parts.own.put(got)
        this.#grown += got.byteLength
        if (this.#grown > this.#limit / 8) await this.trim()
        return
      }
      const code = got instanceof SweepError ? got.code : null
      if (code === 'SB-ART-002') damaged += 1
      if (code === 'SB-ART-001' || damaged >= 2) throw got
      await pause(backoff.next(), signal)
    }
  }

  /** The bytes of the worker's own copy; null when there is none, or a damaged one. */
  async own(digest: Digest): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#parts.own.get(digest).catch((error: unknown) => {
      if (error instanceof SweepError && (error.code === 'SB-ART-001' || error.code === 'SB-ART-002')) return null
      throw error
    })
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
    for (const digest of digests) this.#parts.own.remove(digest)
  }

  /**
   * Removes the oldest copies that nobody needs until the rest is within `limitBytes`, and what killed writers left behind.
   * With 0, on a full disk, every copy goes that can be fetched again.
   */
  async trim(limitBytes = this.#limit): Promise<void> {
    const { own, needed } = this.#parts
    this.#grown = 0
    own.removeLeftovers(LEFTOVER_MS)
    const files = (await Promise.all([...own.list()].map((digest) => this.#look(digest)))).flat()
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    for (const file of files.sort((a, b) => a.writtenAt - b.writtenAt)) {
      if (bytes <= limitBytes) return
      if (this.#pins.has(file.digest) || needed(file.digest)) continue
      own.remove(file.digest)
      bytes -= file.bytes
    }
  }

  async #look(digest: Digest): Promise<{ digest: Digest; bytes: number; writtenAt: number }[]> {
    const info = await stat(join(this.#parts.own.folder, digest.slice(0, 2), digest)).catch(() => null)
    return info === null ? [] : [{ digest, bytes: info.size, writtenAt: info.mtimeMs }]
  }
}
