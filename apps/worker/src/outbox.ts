import { mkdir, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Commit, Digest } from '@sweepboard/contracts'
import { removeFile, writeDurably } from './durable-file.ts'
import { artifactsOf, chunkOf, leaseOf, type OutboxContent, type OutboxEntry, vectorBytesOf } from './outbox-entry.ts'

const NAME = /^(\d{12})-(commit|end)-j[0-9a-f]{20}\.json$/

/**
 * What the service has not acknowledged yet, one file per entry. An entry is on disk when `add` resolves and leaves on
 * acknowledgement, or aside into `dropped/`. No expiry by time.
 */
export class Outbox {
  readonly #folder: string
  readonly #entries = new Map<number, OutboxEntry>()
  /** Artifacts of entries, and of entries being written, with how many need them. */
  readonly #needed = new Map<Digest, number>()
  /** The newest commit of each chunk. */
  readonly #commits = new Map<string, Commit>()
  #next = 1
  #vectorBytes = 0
  #listener: () => void = () => undefined

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Reads what an earlier run left. A file that is not an entry (cut by a full disk) is put aside, never guessed at. */
  static async open(folder: string): Promise<Outbox> {
    const outbox = new Outbox(folder)
    await mkdir(join(folder, 'dropped'), { recursive: true })
    for (const name of (await readdir(folder)).sort()) {
      const [, digits] = NAME.exec(name) ?? []
      if (digits === undefined) {
        if (name.endsWith('.tmp')) await removeFile(join(folder, name))
        continue
      }
      const content: OutboxContent = JSON.parse(await readFile(join(folder, name), 'utf8'))
      outbox.#remember({ seq: Number(digits), content })
    }
    outbox.#next = Math.max(0, ...outbox.#entries.keys()) + 1
    return outbox
  }

  /** Called after each entry that was added. */
  onAdded(listener: () => void): void {
    this.#listener = listener
  }

  async add(content: OutboxContent): Promise<void> {
    const entry: OutboxEntry = { seq: this.#next, content }
    this.#next += 1
    await writeDurably(this.#path(entry), JSON.stringify(content))
    this.#remember(entry)
    this.#listener()
  }

  /** In order of writing; entries of one lease always are, because a run waits for each. */
  entries(): OutboxEntry[] {
    return [...this.#entries.values()]
  }

  get size(): number {
    return this.#entries.size
  }

  /** Bytes of vectors that wait for the service. */
  get vectorBytes(): number {
    return this.#vectorBytes
  }

  leases(): Set<string> {
    return new Set([...this.#entries.values()].map(leaseOf))
  }

  /** What an earlier lease has made of a chunk, while the service has not acknowledged it. */
  commitOf(chunk: { readonly ledger: string; readonly encoding: number; readonly n: number }): Commit | undefined {
    return this.#commits.get(chunkOf(chunk))
  }

  /** Whether an entry still needs the worker's copy of an artifact. */
  needs(digest: Digest): boolean {
    return this.#needed.has(digest)
  }

  async remove(entry: OutboxEntry): Promise<void> {
    await removeFile(this.#path(entry))
    this.#forget(entry)
  }

  /** Keeps a refused entry for inspection, out of the way. */
  async drop(entry: OutboxEntry): Promise<void> {
    const path = this.#path(entry)
    await rename(path, join(this.#folder, 'dropped', path.slice(this.#folder.length + 1)))
    this.#forget(entry)
  }

  #path(entry: OutboxEntry): string {
    return join(this.#folder, `${String(entry.seq).padStart(12, '0')}-${entry.content.kind}-${leaseOf(entry)}.json`)
  }

  #remember(entry: OutboxEntry): void {
    this.#entries.set(entry.seq, entry)
    const { content } = entry
    if (content.kind === 'commit') this.#commits.set(chunkOf({ ...content.commit, ledger: content.ledger }), content.commit)
    this.#vectorBytes += vectorBytesOf(entry)
    for (const digest of artifactsOf(entry)) this.#needed.set(digest, (this.#needed.get(digest) ?? 0) + 1)
  }

  #forget(entry: OutboxEntry): void {
    if (!this.#entries.delete(entry.seq)) return
    const { content } = entry
    if (content.kind === 'commit') {
      const chunk = chunkOf({ ...content.commit, ledger: content.ledger })
      if (this.#commits.get(chunk) === content.commit) this.#commits.delete(chunk)
    }
    this.#vectorBytes -= vectorBytesOf(entry)
    for (const digest of artifactsOf(entry)) {
      const left = (this.#needed.get(digest) ?? 1) - 1
      if (left === 0) this.#needed.delete(digest)
      else this.#needed.set(digest, left)
    }
  }
}
